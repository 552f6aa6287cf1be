"""What one scan leaves to the next."""

from typing import Protocol

import msgspec

from holdfast.model.last_scan import LastScan


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """The last scan is there and cannot be read."""

    why: str


class Memory(Protocol):
    """What one scan of a cluster and a scope leaves to the next. It fails no scan."""

    def recall(self) -> LastScan | Forgotten | None:
        """The last scan; None when there was none."""
        ...

    def keep(self, scan: LastScan) -> str:
        """Keep that scan for the next one; returns why it could not be kept, or nothing."""
        ...
