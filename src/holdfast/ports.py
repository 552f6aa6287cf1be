"""The whole outside world, on one page."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from holdfast.model.entries import Checkpoint, Draft, Entry, PublicKey
from holdfast.model.keys import Kept, Purpose
from holdfast.model.last_scan import LastScan
from holdfast.model.letters import Beat, Letter
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


class Clock(Protocol):
    """What time it is. A simulated cluster freezes it; a live one asks the API server."""

    def now(self) -> datetime:
        """The time, in UTC."""
        ...


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


class Dice(Protocol):
    """Randomness that nobody can guess."""

    def roll(self, count: int) -> bytes:
        """So many random bytes."""
        ...


class Signer(Protocol):
    """A private key that is somewhere: in memory, behind a command, in a device."""

    @property
    def public(self) -> PublicKey:
        """The key's public half."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature over a message. Raises `CannotSign`, and then nothing was signed."""
        ...


class Keyring(Protocol):
    """The private keys that we may use for one purpose."""

    def signer(self, id: str = "") -> Signer:  # noqa: A002 - the word of the record
        """The key of that id; the only one, if none is named. Raises `CannotSign` without it."""
        ...


class KeyCabinet(Protocol):
    """Where our keys are kept, private and public halves apart."""

    def make(self, purpose: Purpose, lock: bytes | None) -> PublicKey:
        """A new key, locked with that passphrase. Raises `CannotSign` where none can be made."""
        ...

    def adopt(self, purpose: Purpose, key: PublicKey) -> None:
        """Keep the public half of a key that somebody else holds."""
        ...

    def complete(self, purpose: Purpose) -> None:
        """Write public halves that are missing."""
        ...

    def forget(self, purpose: Purpose, id_: str) -> None:
        """Remove the private half of a key whose turn is over."""
        ...

    def all(self, purpose: Purpose) -> Sequence[Kept]:
        """What is here."""
        ...


class Records(Protocol):
    """The audit record: what waits to be sealed, and the chain."""

    def submit(self, draft: Draft) -> None:
        """Have something sealed. It is in the chain once `entry` finds it, and not before."""
        ...

    def waiting(self, limit: int) -> Sequence[Draft]:
        """The oldest of what waits, in the order in which it was submitted."""
        ...

    def sole_sealer(self) -> bool:
        """Whether nobody else seals until this transaction ends; asks, and does not wait."""
        ...

    def tip(self) -> Checkpoint | None:
        """The chain's state now; None before it was begun."""
        ...

    def seal(self, entries: Sequence[Entry], tip: Checkpoint) -> None:
        """Append entries, move the tip there, and take what they seal from what waits."""
        ...

    def entry(self, id: str) -> Entry | None:  # noqa: A002 - the word of the record
        """The sealed entry of that id."""
        ...

    def at(self, seq: int) -> Entry | None:
        """The sealed entry at that place."""
        ...

    def of_kind(self, kind: str) -> Sequence[Entry]:
        """All sealed entries of that kind, in their order."""
        ...

    def lines(self, first: int = 1) -> Iterator[bytes]:
        """The chain's lines from that place on, as they were sealed."""
        ...


class Letters(Protocol):
    """The keeper's inbox."""

    def put(self, letter: Letter) -> None:
        """Hand something over."""
        ...

    def waiting(self, limit: int) -> Sequence[Letter]:
        """The oldest that nobody has answered."""
        ...

    def answer(self, id: str, outcome: str) -> bool:  # noqa: A002 - the word of the record
        """Say what became of a letter; False if somebody has said it before."""
        ...


class Beats(Protocol):
    """Who is alive."""

    def beat(self, beat: Beat) -> None:
        """Say that a process lives."""
        ...

    def all(self) -> Sequence[Beat]:
        """The last word of each process, by executor."""
        ...

    def forget(self, executor: str) -> None:
        """A process ended in order."""
        ...


class Sink(Protocol):
    """A copy of the record, somewhere else. It may be slow or dead, and holds up nobody."""

    @property
    def name(self) -> str:
        """What people know it by."""
        ...

    @property
    def whole(self) -> bool:
        """Whether it wants the whole record, or only what comes."""
        ...

    def last(self) -> Entry | None:
        """The last entry that it has. Raises `SinkFailed` for what is not ours to write on."""
        ...

    def offer(self, lines: Sequence[bytes]) -> bool:
        """Take all of these lines, or none because there is no room; never waits."""
        ...

    def trouble(self) -> str:
        """Why it does not get on; empty while it does."""
        ...

    def close(self, within: float) -> None:
        """Write what was taken, as far as that can be done in so many seconds."""
        ...


class Tx(Protocol):
    """One transaction. What it did is there for everybody when it ends well, and else never was."""

    @property
    def records(self) -> Records:
        """The audit record."""
        ...

    @property
    def letters(self) -> Letters:
        """The inbox."""
        ...

    @property
    def beats(self) -> Beats:
        """Who is alive."""
        ...

    @property
    def native(self) -> object:
        """The connection itself, for an engine that enqueues into the same transaction."""
        ...


class Store(Protocol):
    """Where everything is kept that must not be lost. One cluster for each store."""

    @property
    def cluster(self) -> str:
        """The uid of that cluster."""
        ...

    def transaction(self) -> AbstractContextManager[Tx]:
        """All of it, or nothing; an error inside undoes it and goes on its way."""
        ...

    def reading(self) -> AbstractContextManager[Tx]:
        """One consistent sight; nothing can be written in it."""
        ...


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
