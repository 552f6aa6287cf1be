"""What one scan could see and judge, and what it could not: blind is never healthy."""

import msgspec

from holdfast.model.snapshot import Blind, State


class KindRead(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of which something was seen."""

    resource: str
    count: int
    state: State


class UnreadObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object that could not be understood, and so was not judged."""

    kind: str
    namespace: str
    name: str
    why: str


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """A kind that a rule reads and that was not seen whole."""

    resource: str
    state: State


class Unjudged(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that could not judge everything, and for want of what."""

    code: str
    name: str
    wants: tuple[Want, ...]
    saw_nothing: bool  # of all that it reads; else it judged what it saw

    @property
    def served(self) -> bool:
        """Whether it wants more than what this API server does not have at all."""
        return any(want.state is not State.ABSENT for want in self.wants)


class Off(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that people have switched off: it looks for nothing, and asks for nothing."""

    code: str
    name: str
    reason: str


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How far a scan could see."""

    read: tuple[KindRead, ...] = ()
    blind: tuple[Blind, ...] = ()
    unreadable: tuple[UnreadObject, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()
    off: tuple[Off, ...] = ()
    not_asked: tuple[str, ...] = ()  # custom kinds that are there, unknown, and that nobody named
    misnamed: tuple[str, ...] = ()  # what objects' own annotations would ignore, and is no rule
