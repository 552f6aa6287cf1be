"""A proposal as it is kept: its content, where it is in its life, and what execution remembers.

What is kept here is opaque to whoever keeps it. The content is the canonical text that people
approve; a case is read back by who judges it, and its digest computed again.
"""

from datetime import datetime

import msgspec

from holdfast.errors import StoreRefused
from holdfast.model.asks import Needs, Refusal


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One proposal and its course. Only the keeper writes any of it."""

    id: str
    state: str  # of `execution.states`
    digest: str
    namespace: str  # of the target; empty for what belongs to none
    target: str  # its uid
    of_class: str
    content: str  # canonical JSON of what is approved
    card: str  # JSON of a `Card`: shown beside it, and never judged by
    course: str  # JSON of what execution must know when another process goes on; the keeper's alone
    proposed: datetime
    changed: datetime
    open_until: datetime
    progress: str = ""  # JSON of what people may be shown of the course

    @property
    def damaged(self) -> bool:
        """Whether its row holds what no row of ours does: it is told without its content then."""
        return not self.content


_LASTING = ("id", "digest", "namespace", "target", "of_class", "content", "proposed")


def require_same_proposal(was: Case, case: Case) -> None:
    """Raise `StoreRefused` if what people are asked about would be another thing than before."""
    for name in _LASTING:
        if getattr(was, name) != getattr(case, name):
            raise StoreRefused(
                f"The {name} of the proposal {was.id} would change, and it never does.",
                remedy="Make another proposal; this is a fault of ours: please report it.",
            )


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """A person's verified yes to one step, with what an auditor verifies it by again."""

    proposal: str
    step: int
    person: str
    statement: str  # as it was signed
    signature: str
    assent: str  # JSON of the `Assent` that it was taken for
    at: datetime


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a budget, in thousandths, as of a moment."""

    thousandths: int
    at: datetime


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What people are shown of a proposal beside what they approve."""

    summary: str  # one sentence, in on-call words
    risk: tuple[str, ...]  # why it is as high as it is
    blast: tuple[str, ...]  # what else may notice, and what of that is unknown
    unchanged: tuple[str, ...]  # what it leaves alone
    checks: str  # how it will be seen to have helped
    undo: str  # how it is taken back, or that it cannot be
    approvers: str  # who may approve, and how
    refusals: tuple[Refusal, ...] = ()
    needs: tuple[Needs, ...] = ()
