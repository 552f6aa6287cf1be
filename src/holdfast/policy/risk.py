"""How much is at stake: computed from what was seen, never from what anybody says of it.

It begins with what can go wrong by the kind of action at its best, and only ever rises from there.
"""

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from holdfast.model.asks import PRODUCTION, READ_ONLY
from holdfast.model.repairs import Kind, Risk
from holdfast.topology.blast import Blast

MANY = 5  # who need it: more than one team, as a rule
STALE = timedelta(minutes=5)  # a sight that is older shows another cluster


class Stakes(msgspec.Struct, frozen=True, kw_only=True):
    """All that risk is computed from."""

    kind: Kind
    tiers: frozenset[str]
    namespaced: bool
    blast: Blast
    age: timedelta  # of the sight that it was judged on
    certain: bool  # what it answers is found on the target, or on what the target made
    undone: bool  # there is a way back, for this very proposal
    requests: int  # more than one can end half done
    worse: tuple[str, ...] = ()  # what the action itself says is made worse by it


def risk_of(stakes: Stakes) -> tuple[Risk, tuple[str, ...]]:
    """The risk, and why it is as high as it is."""
    highest, steps = tuple(_highest(stakes)), tuple(_rises(stakes))
    base = f"{stakes.kind.name} is of {stakes.kind.risk.name.lower()} risk at its best"
    risk = Risk.HIGH if highest else Risk(min(stakes.kind.risk + len(steps), Risk.HIGH))
    return risk, (base, *highest, *steps)


def _highest(stakes: Stakes) -> Iterator[str]:
    if not stakes.namespaced:
        yield "it concerns the whole cluster"
    if READ_ONLY in stakes.tiers:
        yield f"its namespace is of the tier {READ_ONLY}"
    yield from stakes.worse


def _rises(stakes: Stakes) -> Iterator[str]:
    if PRODUCTION in stakes.tiers:
        yield f"its namespace is of the tier {PRODUCTION}"
    if stakes.blast.doors and not stakes.undone:
        yield "people outside reach it, and there is no way back"
    if stakes.blast.dependents >= MANY:
        yield f"{stakes.blast.dependents} others are seen to need it"
    if stakes.blast.unseen:
        yield "who needs it could not be seen whole"
    if stakes.age > STALE:
        yield "what it was judged on is not fresh"
    if not stakes.certain:
        yield "what it answers is found elsewhere, and laid to this by the graph"
    if stakes.requests > 1:
        yield f"it takes {stakes.requests} requests, and may end between them"
