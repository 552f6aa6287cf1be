"""What the layers say of a candidate as far as it can be told from here: the keeper judges again.

Left out is what takes the target whole: whether the action fits it as it stands, and what the API
server would make of it. What speaks against it here speaks against it there as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from holdfast.diagnosis.repairs import Candidate
from holdfast.model.asks import Around, Ask, Managed, Refusal, Rules, Station
from holdfast.model.delivered import kept_by
from holdfast.model.documents import Document
from holdfast.model.kinds import KINDS
from holdfast.model.objects import Object, Ref
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Action, Sight
from holdfast.model.snapshot import Snapshot
from holdfast.policy import decide
from holdfast.ports import Standing, Tx
from holdfast.topology.graph import Place, Topology, place, place_of
from holdfast.workflow.asking import Kept, allowed_by, judges_of, kept
from holdfast.workflow.trying import TRIED


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate, and who refuses it."""

    candidate: Candidate
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """What it is judged with."""

    snapshot: Snapshot
    topology: Topology
    standing: Standing | None  # None: this machine has no policy folder
    cluster: str
    requester: str
    now: datetime

    def weighed(self, tx: Tx, candidate: Candidate) -> Weighed:
        """What speaks against it."""
        about = self.about(candidate.action, candidate.target, candidate.answers.code)
        held = kept(tx, about, self._rules, (), now=self.now)
        return Weighed(candidate=candidate, refusals=self.refusals(about, held))

    def refusals(self, about: Proposal, held: Kept) -> tuple[Refusal, ...]:
        """Who refuses that, with what the store holds."""
        operator = self._operator(about, self._rules)
        ask = Ask(
            station=Station.PROPOSAL,
            now=self.now,
            action=about.action,
            target=about.target,
            seen=Sight(document=Document(value={}), around=self.snapshot),
            effect=None,
            risk=about.risk,
            digest=about.digest,
            proposed=about.proposed,
            requester=about.requester,
            managed=tuple(self._managed(about.target)),
            chain=held.chain,
            rules=self._rules,
            around=Around(
                frozen=held.frozen,
                cooling_until=held.cooling_until,
                broken=held.broken,
                operator=operator,
                operator_allows=not operator,
            ),
        )
        return decide(ask, TRIED).refusals

    @property
    def _rules(self) -> Rules:
        return self.standing.rules if self.standing is not None else Rules()

    def _operator(self, about: Proposal, rules: Rules) -> str:
        """Why the operator's policy denies it; empty if it does not, or is not here."""
        if self.standing is None:
            return ""
        judges = judges_of(Station.PROPOSAL, self.standing.people, about, (), rules, self.now)
        said = allowed_by(self.standing.operator, judges, about, Station.PROPOSAL, rules, self.now)
        return "" if said.allows else said.because or "the operator's policy denies it"

    def _managed(self, target: Ref) -> Sequence[Managed]:
        """Who keeps it as it is, by its own marks and by those of what owns it."""
        found: list[Managed] = []
        places, seen = [place(target)], set()
        while places:
            here = places.pop(0)
            seen.add(here)
            each = self._object(here)
            if each is not None and (by := kept_by(each)):
                found.append(Managed(by=by, told_by=each.ref))
            places += [owner for owner in self.topology.owners(here) if owner not in seen]
        return found

    def _object(self, here: Place) -> Object | None:
        _, namespace, name = here
        kind = next((kind for kind in KINDS if place_of(kind, namespace, name) == here), None)
        return None if kind is None else self.snapshot.find(kind, namespace, name)

    def about(self, action: Action, target: Ref, code: str) -> Proposal:
        """The proposal that it would be, before anybody has looked at its target."""
        return Proposal(
            id="",
            cluster=self.cluster,
            trouble="",
            code=code,
            action=action,
            target=target,
            read_hash="",
            steps=(),
            undo=(),
            effect=(),
            risk=action.kind.risk,
            policy=self.standing.version if self.standing is not None else "",
            requester=self.requester,
            proposed=self.now,
            open_until=self.now,
        )
