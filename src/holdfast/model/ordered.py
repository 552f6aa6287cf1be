"""What the phases of the leash are ordered for. Ids and claims: whoever runs one looks everything
else up again.
"""

import msgspec

from holdfast.model.handed import Propose

PREVIEW, ACT, LOOK, UNDO, SWEEP = "preview", "act", "look", "undo", "sweep"
REVOKE, JOURNAL = "revoke", "journal"
"""The names of the phases."""

EXECUTE, VERIFY = "execute", "verify"
"""The names of their queues: one at a time in each namespace, and short looks."""


def partition_of(namespace: str) -> str:
    """The part of the queue `execute` in which what concerns that namespace waits its turn."""
    return namespace or "(cluster)"


class PreviewOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """See what would come of it, and have it judged for the first time."""

    proposal: str  # the id that it will have
    letter: str  # which asked for it
    asked: Propose
    further: tuple[Propose, ...] = ()  # of a plan, what is to be done after that

    @property
    def steps(self) -> tuple[Propose, ...]:
        """All of it, in its order."""
        return (self.asked, *self.further)


class CaseOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Go on with one step of a proposal that is kept."""

    proposal: str
    step: int
    generation: int  # of the lease: no two attempts of a person's will share a name

    @property
    def key(self) -> str:
        """This step of this proposal, this time: what is claimed once."""
        return f"{self.proposal}/{self.step}/{self.generation}"

    def run(self, phase: str, count: int = 0) -> str:
        """The id of the run of that phase for it; looks, and what is ordered again, are counted."""
        return f"{phase}/{self.key}/{count}" if count else f"{phase}/{self.key}"


class RevokeOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """See a lease to its end."""

    account: str
    namespaces: tuple[str, ...]  # where it is bound; an empty one: nowhere that anybody knows of
    proposal: str = ""  # what it was lent for; empty where it was found on the cluster
    step: int = 0
    number: int = 1  # how often it was ordered

    @property
    def run(self) -> str:
        """The id of the run."""
        return f"{REVOKE}/{self.account}/{self.number}"


class ExpireOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """End what was not decided, or not begun, in its time."""


class SweepOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Have ended what is left of leases, and take up what nobody works at any more."""


class JournalOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Look which revisions do well, and keep what was seen."""
