"""What our keys are for: a key of one purpose is worth nothing for another."""

from enum import StrEnum

import msgspec


class Purpose(StrEnum):
    """What a key signs."""

    AUDIT = "audit"
    TICKETS = "tickets"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A key of ours, and which halves of it are here."""

    purpose: Purpose
    id: str
    public: bool
    private: bool
