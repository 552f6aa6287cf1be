"""The cluster, as whoever may only read it sees it."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from holdfast.model.objects import Api, Object
from holdfast.model.snapshot import Capture, Identity, State


class Unseen(msgspec.Struct, frozen=True, kw_only=True):
    """One object that cannot be shown: it does not exist, or we may not look."""

    state: State  # ABSENT or FORBIDDEN
    why: str


class Relisted[K: Object](msgspec.Struct, frozen=True, kw_only=True):
    """Everything, as it is now: the first word, and again whenever the thread was lost."""

    capture: Capture[K]


class Put[K: Object](msgspec.Struct, frozen=True, kw_only=True):
    """An object was added or changed."""

    object: K


class Removed[K: Object](msgspec.Struct, frozen=True, kw_only=True):
    """An object is gone."""

    object: K


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody answers: the last good state stands, and is asked after again."""

    why: str
    silent: timedelta  # how long nothing had been heard when this was noticed


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """The thread that was lost is taken up where it was; nothing was missed."""


type News[K: Object] = Relisted[K] | Put[K] | Removed[K] | Lost | Resumed


type Arrived = Callable[[int], None]
"""Hears how many objects have come with a page."""


def nobody_waits(_: int) -> None:
    """Nobody is told how far it is."""


class Cluster(Protocol):
    """A cluster as a reader sees it. Nothing behind this port can change anything.

    Unreachable, unauthorised and broken answers raise `CouldNotLook`; what the role forbids and
    what is not served are states of the answer.
    """

    async def identity(self) -> Identity:
        """Which cluster this is; proves that it can be reached at all."""
        ...

    async def now(self) -> datetime:
        """The cluster's own time: ages are judged by the clock that wrote the timestamps."""
        ...

    async def list[K: Object](
        self, kind: type[K], namespace: str | None = None, arrived: Arrived = nobody_waits
    ) -> Capture[K]:
        """All objects of a kind, cluster-wide or in one namespace; `arrived` hears of each page."""
        ...

    async def get[K: Object](self, kind: type[K], namespace: str, name: str) -> K | Unseen:
        """One object, read fresh."""
        ...

    def follow[K: Object](
        self, kind: type[K], namespace: str | None = None
    ) -> AsyncIterator[News[K]]:
        """The kind's state now, then every change, for ever.

        Cut connections, expired versions, throttling and server errors are survived inside; in
        between, the last good state stands, and `Lost` says once that it may be old, until
        `Resumed` or `Relisted` says that it is not. A kind that can no longer be read (forbidden,
        not served) is relisted as such, and asked for again in a while.
        """
        ...

    async def named(self, resource: str) -> Api | Unseen:
        """Where a kind is served that somebody names as `widgets.example.io`."""
        ...

    async def may(self, verb: str, kind: type[Object], namespace: str | None = None) -> bool:
        """Whether our own credential may do that (SelfSubjectAccessReview)."""
        ...
