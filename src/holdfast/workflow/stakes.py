"""How much is at stake, weighed by the keeper on a look of its own, and again before anything is
done for a word.

- What stands in a proposal was perhaps never weighed: whoever can write the whole database can have
  one sealed that nobody judged. So the greater of what it says and what is weighed now counts.
- What it answers is looked for again. Where that is not found any more, as after an earlier step of
  a plan, it counts as found where the proposal says that it was, if that is still there.
- What is of the highest risk is not weighed again: nothing is greater.
"""

from dataclasses import dataclass
from datetime import timedelta

from holdfast.diagnosis.repairs import directly, named
from holdfast.model.asks import Refusal
from holdfast.model.plans import Plan
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Risk, Sight
from holdfast.model.snapshot import Snapshot
from holdfast.policy.risk import Stakes, risk_of
from holdfast.topology import blast as blasts
from holdfast.topology.blast import Blast
from holdfast.topology.edges import topology
from holdfast.topology.graph import place
from holdfast.workflow.evidence import Evidence, evidence, looked_for, noticing
from holdfast.workflow.journal import sighted
from holdfast.workflow.leash import Leash
from holdfast.workflow.planning import of_step
from holdfast.workflow.sighting import surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A risk, and why it is as high as it is."""

    risk: Risk
    reasons: tuple[str, ...] = ()

    def more_than(self, risk: Risk) -> str:
        """Why it is more than that; empty if it is not."""
        return "; ".join(self.reasons) if self.risk > risk else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What is there now, and the risk by that."""

    seen: Sight
    weighed: Weighed


def weighed(leash: Leash, about: Proposal, seen: Sight, blast: Blast, *, certain: bool) -> Weighed:
    """The risk of that, by what was seen for it."""
    age = leash.clock.now() - seen.around.now
    risk, reasons = risk_of(
        Stakes(
            kind=type(about.action).kind,
            tiers=leash.rules().tiers_of(about.target.namespace),
            namespaced=bool(about.target.namespace),
            blast=blast,
            age=max(age, timedelta()),
            certain=certain,
            undone=bool(about.undo),
            requests=len(about.steps),
            worse=tuple(about.action.worsens(seen)),
        )
    )
    return Weighed(risk=risk, reasons=reasons)


async def seen_again(leash: Leash, about: Proposal) -> Again | Refusal:
    """A fresh sight, and the risk by it: each kind is listed once. Raises `CouldNotLook` where
    nobody answers.
    """
    action, target, kind = about.action, about.target, type(about.action).kind
    if about.risk is Risk.HIGH:
        seen = await sighted(leash, action, target)
        highest = Weighed(risk=about.risk)
        return seen if isinstance(seen, Refusal) else Again(seen=seen, weighed=highest)
    kinds = looked_for(about.code, action, target)
    sees = noticing(kind) if isinstance(kinds, Refusal) else kinds
    around = await surroundings(leash.cluster, sees, target.namespace, kind.everywhere)
    seen = await sighted(leash, action, target, around)
    if isinstance(seen, Refusal):
        return seen
    found = kinds if isinstance(kinds, Refusal) else evidence(around, about.code, action, target)
    if isinstance(found, Evidence):
        blast, certain = found.blast, found.certain
    else:
        blast, certain = _where_it_was(around, about)
    return Again(seen=seen, weighed=weighed(leash, about, seen, blast, certain=certain))


def _where_it_was(around: Snapshot, about: Proposal) -> tuple[Blast, bool]:
    """Who may notice, and whether what is not found any more was found on the target, or on what
    the target made.
    """
    graph = topology(around)
    on = next((each for each in named(around).values() if each.uid == about.found_on), None)
    certain = on is not None and directly(on, about.target, graph)
    return blasts.blast(around, graph, place(about.target)), certain


async def all_seen_again(leash: Leash, plan: Plan, step: int) -> Again | Refusal:
    """The same of one step, at the risk of the riskiest of its plan."""
    this = await seen_again(leash, plan.at(step))
    if isinstance(this, Refusal):
        return this
    hardest = this.weighed
    for each in plan.steps:
        if each.step == step or hardest.risk is Risk.HIGH:
            continue
        other = await seen_again(leash, each)
        if isinstance(other, Refusal):
            return of_step(other, each.step)
        if other.weighed.risk > hardest.risk:
            why = tuple(f"step {each.step}: {reason}" for reason in other.weighed.reasons)
            hardest = Weighed(risk=other.weighed.risk, reasons=why)
    return Again(seen=this.seen, weighed=hardest)
