"""What a suite needs of a cluster that one may break: plain requests, and leases to misuse."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType
from typing import Protocol

import msgspec

from holdfast.model.documents import Document
from holdfast.model.leases import Left, Loan
from holdfast.model.leash import Leash
from holdfast.model.people import People
from holdfast.ports.leases import NotLent
from holdfast.ports.store import Store


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """One request, as anybody could send it."""

    method: str
    path: str
    body: object = None
    content: str = "application/json"
    query: Mapping[str, str] = MappingProxyType({})


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What the API server answered."""

    code: int
    message: str  # whole, where it is a refusal
    value: dict[str, object]  # empty where it was no object

    @property
    def ok(self) -> bool:
        """Whether it was done, or would have been."""
        return self.code in (200, 201, 202, 204)


class Door(Protocol):
    """One identity's way to the API server."""

    async def ask(self, what: Try) -> Said:
        """Send it once. Raises `CouldNotLook` when no answer came."""
        ...


class Installation(Protocol):
    """A record, a leash and a keeper of a suite's own."""

    @property
    def store(self) -> Store:
        """Where its inbox is, and what it keeps."""
        ...

    def ruled_by(self, leash: Leash, people: People) -> None:
        """From now on by these; its operator's policy permits everything."""
        ...


class Bench(Protocol):
    """An administrator, the keeper, and whoever holds a lease."""

    admin: Door
    keeper: Door

    async def lend(self, loan: Loan, fresh: Document | None) -> Door | NotLent:
        """A lease as the keeper makes it, in the hands of somebody who means ill."""
        ...

    async def take_back(self, left: Left) -> str:
        """As the keeper does it; why it could not, empty if it could."""
        ...

    def installed(self, leash: Leash, people: People) -> AbstractAsyncContextManager[Installation]:
        """With a keeper of its own at work, by the installed one's account and nothing else."""
        ...
