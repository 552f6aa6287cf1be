"""Checkpoints of the record that are kept on the cluster: away from the machine as well."""

from collections.abc import Callable, Mapping
from typing import Protocol


class Shelf(Protocol):
    """Where they stand, by name. Whoever reads one believes its signature, and not the place."""

    @property
    def place(self) -> str:
        """What people find it by."""
        ...

    def notes(self) -> Mapping[str, bytes]:
        """Those that are there. Raises `HoldfastError` where nobody can tell."""
        ...

    def keep(self, note: bytes, name: str, judge: Callable[[Mapping[str, bytes]], bool]) -> None:
        """Put one there in place of one of that name, if `judge` says so of those that are there at
        that moment. Raises what `judge` raises, and `SinkFailed` where it could not be kept.
        """
        ...
