"""The hands: the only side of the world that anything is changed through."""

from enum import StrEnum
from typing import Protocol

import msgspec

from holdfast.model.documents import Document
from holdfast.model.objects import Ref
from holdfast.model.steps import Step
from holdfast.ports.cluster import Unseen


class How(StrEnum):
    """Whether it is meant. There is no default: whoever asks for a change says which."""

    REHEARSE = "rehearse"  # a dry run: the server computes what would come of it
    SHOW = "show"  # the same by a preview: also what others add on its way, which fences refuse
    ACT = "act"


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The server has done it, or has computed what it would do."""

    after: Document | None  # None: the answer holds no object, as of an eviction


class Denied(msgspec.Struct, frozen=True, kw_only=True):
    """The server says no, and did nothing."""

    code: int
    reason: str
    says: str

    @property
    def conflict(self) -> bool:
        """What was read is not what is there any more: read again, and judge again."""
        return self.reason == "Conflict"


class Unclear(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody can tell whether it was done: it is looked for in the cluster, never sent again."""

    why: str


type Outcome = Done | Denied | Unclear


class Hands(Protocol):
    """One identity's hands, on one cluster."""

    async def read(self, ref: Ref) -> Document | Unseen:
        """One object whole, as it is now. Secrets are never read this way."""
        ...

    async def send(self, step: Step, fresh: Document | None, how: How) -> Outcome:
        """One request, sent once, with the uid and the version of the fresh read as preconditions.

        A creation has no fresh read. Raises `BadInput` for a step that does not fit what was read.
        """
        ...
