"""Leases: identities that are made for one act, and taken back after it; and what fences them."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from holdfast.model.access import Process
from holdfast.model.documents import Document
from holdfast.model.leases import Left, Loan
from holdfast.ports.hands import Hands


class Lent(msgspec.Struct, frozen=True, kw_only=True):
    """It can act, and the fence around it was seen to hold."""

    hands: AbstractAsyncContextManager[Hands]


class NotLent(msgspec.Struct, frozen=True, kw_only=True):
    """It cannot; whatever was made of it may be there still, and is to be taken back."""

    why: str
    alarm: bool = False  # the fence did not hold: that is no mishap
    refused: bool = False  # the cluster does not let it do what it is for: no mishap either
    taken: bool = False  # somebody has made an account of that name: it is none of ours


class Leases(Protocol):
    """Whoever makes leases. It writes nothing else on the cluster."""

    async def lend(self, loan: Loan, fresh: Document | None) -> Lent | NotLent:
        """Make account, binding, token and value, and wait until the server heeds them.

        Our policies must be seen to refuse, as dry runs, the step before its value is there and a
        forbidden turn of it. An account that is there already is no lease.
        """
        ...

    async def cut_off(self, left: Left) -> str:
        """Take binding, value and account away, in that order: nothing begins by it any more.

        Why it could not; empty when nothing of it stands, also if nothing ever did.
        """
        ...

    async def over(self, account: str) -> str:
        """Come back when no token is taken any more of what was cut off, which takes some ten
        seconds: whoever holds its token sees it refused; where nobody here does, the time is waited
        out for which a server remembers one.

        Why nobody can tell; empty when it is over.
        """
        ...

    async def left(self) -> Sequence[Left]:
        """Everything of leases that stands on the cluster. Raises `CouldNotLook`."""
        ...


async def taken_back(leases: Leases, left: Left) -> str:
    """Cut off, and over: why it is not, or nothing."""
    return await leases.cut_off(left) or await leases.over(left.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one of our processes shows to the cluster, for a time."""

    process: Process
    kubeconfig: bytes = field(repr=False)
    until: str  # as the API server says it, which may be sooner than was asked


class Fences(Protocol):
    """What was installed on the cluster, as it stands there now."""

    async def amiss(self) -> Sequence[str]:
        """What is missing or altered, each in a sentence; nothing if all is as it was made.

        Raises `CouldNotLook` where nobody can tell: then nothing is done.
        """
        ...


class Installer(Fences, Protocol):
    """Whoever puts the fences up, as an administrator, and takes them down again."""

    async def apply(self) -> Sequence[str]:
        """Make what is missing and put right what was altered, in place; each in a sentence.

        Returns when the policies are in force. Raises `NotReady` for a cluster that is too old.
        """
        ...

    async def remove(self) -> Sequence[str]:
        """Take all of it away, with every lease; each in a sentence. Returns when it is gone."""
        ...

    async def passes(self) -> Sequence[Pass]:
        """What the two processes show; one that was made before stays good for its time."""
        ...
