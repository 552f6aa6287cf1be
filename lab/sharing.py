"""For tests: what a group of them shares ends after the last of the group, not with the session.

A lab that nobody asks for any more goes on watching, and takes a twentieth of a processor from the
tests that still run. A fixture of the session opens what it makes through `share`; the tests that
ask for it are in one group (the marker `xdist_group`), and so in one worker.
"""

from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Protocol

import pytest


class Share(Protocol):
    """Opens something, and sees to its end."""

    def __call__[T](self, made: AbstractContextManager[T]) -> T: ...


class Groups:
    """How many tests of each group are left, and what is open until there are none."""

    def __init__(self, items: Sequence[pytest.Item]) -> None:
        self._left = Counter(map(group_of, items))
        self._open: defaultdict[str, ExitStack] = defaultdict(ExitStack)
        self._now = ""

    def begin(self, item: pytest.Item) -> None:
        """A test of its group begins."""
        self._now = group_of(item)

    def open[T](self, made: AbstractContextManager[T]) -> T:
        """Until the group of the test that runs now has ended."""
        return self._open[self._now].enter_context(made)

    def end(self, item: pytest.Item) -> None:
        """A test of its group has ended, with all that was made for it alone."""
        group = group_of(item)
        self._left[group] -= 1
        if not self._left[group]:
            self._open.pop(group, ExitStack()).close()

    def end_all(self) -> None:
        """Nobody will ask any more."""
        while self._open:
            self._open.popitem()[1].close()


_GROUPS = pytest.StashKey[Groups]()


def group_of(item: pytest.Item) -> str:
    """The name of its group; none has the empty name."""
    marker = item.get_closest_marker("xdist_group")
    return "" if marker is None else str(marker.args[0])


def pytest_collection_finish(session: pytest.Session) -> None:
    session.config.stash[_GROUPS] = Groups(session.items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[_GROUPS].begin(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    try:
        return (yield)
    finally:
        item.config.stash[_GROUPS].end(item)


@pytest.fixture(scope="session")
def share(request: pytest.FixtureRequest) -> Iterator[Share]:
    """Open something that ends with the group of the test that asks for it first."""
    groups = request.config.stash[_GROUPS]
    yield groups.open
    groups.end_all()
