"""Numbers that are had one after the other, some of them thousands: which is the first free one."""

from bisect import bisect_left
from collections.abc import Callable


def first_free(free: Callable[[int], bool], since: int = 1) -> int:
    """The first from there on that nobody had; it asks for few of them, however many were had."""
    beyond = 1
    while not free(since + beyond - 1):
        beyond *= 2
    return since + bisect_left(range(beyond), x=True, lo=beyond // 2, key=lambda n: free(since + n))
