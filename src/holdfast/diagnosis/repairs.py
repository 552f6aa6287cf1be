"""What the closed set could do about a trouble: which action answers which of its facts, and where.

- Only what an action declares that it answers is looked for; the cause comes before its symptoms.
- Where what is found is not what the action is done to (a pod's image, its Deployment's template),
  the graph is walked: up to the owners, to what holds it, or down to what it made.
- That an action is listed says that it could help, and not that it may be done.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from holdfast.actions import CLOSED_SET
from holdfast.model.kinds import KINDS
from holdfast.model.objects import Ref
from holdfast.model.relations import Relation
from holdfast.model.repairs import Action, Kind
from holdfast.model.rules import Finding
from holdfast.model.snapshot import Snapshot
from holdfast.model.troubles import Trouble
from holdfast.topology.graph import Place, Topology, place

MOST = 12  # candidates of one trouble: a hundred pods of one workload need no hundred proposals
_DOWN = frozenset({Relation.OWNS, Relation.PROTECTS})


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One action that could be done about a trouble."""

    action: Action
    target: Ref
    answers: Finding  # the fact that must be absent afterwards
    of_cause: bool  # it goes at the cause, and not at what follows from it


class Repairs(msgspec.Struct, frozen=True, kw_only=True):
    """What could be done. Without candidates: a person has to see to it, and why."""

    candidates: tuple[Candidate, ...]
    escalate: str = ""


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked at, and when."""

    snapshot: Snapshot
    topology: Topology
    now: datetime


def repairs(
    trouble: Trouble,
    snapshot: Snapshot,
    topology: Topology,
    now: datetime,
    kinds: Iterable[type[Action]] = CLOSED_SET,
) -> Repairs:
    """What the closed set could do about that trouble, as far as the snapshot shows."""
    kinds = tuple(kinds)
    around = Around(snapshot=snapshot, topology=topology, now=now)
    found: dict[tuple[Ref, bytes], Candidate] = {}
    for finding in trouble.findings:
        for kind in kinds:
            if len(found) >= MOST:
                continue
            for each in _answering(trouble, finding, kind, around):
                name = kind.kind.name.encode()
                found.setdefault((each.target, name + msgspec.json.encode(each.action)), each)
    if found:
        return Repairs(candidates=tuple(found.values()))
    return Repairs(candidates=(), escalate=_why_none(trouble, kinds))


def answers_there(
    target: Ref, troubles: Iterable[Trouble], around: Around, kinds: Iterable[type[Action]]
) -> Iterator[tuple[Trouble, Candidate]]:
    """What actions of those kinds on that object would answer, however much else there is: of each
    trouble and kind the first, so that the cause comes before what follows from it.
    """
    kinds = tuple(kinds)
    for trouble in troubles:
        for kind in kinds:
            could = (
                each
                for finding in trouble.findings
                for each in _answering(trouble, finding, kind, around)
                if each.target == target
            )
            first = next(could, None)
            if first is not None:
                yield trouble, first


def _answering(
    trouble: Trouble, finding: Finding, kind: type[Action], around: Around
) -> Iterator[Candidate]:
    """What an action of that kind could be done to about one fact."""
    if finding.code not in kind.kind.answers:
        return
    causes = {trouble.cause.id, *(each.id for each in trouble.alike)}
    of_cause, refs = finding.id in causes, named(around.snapshot)
    for target in targets(finding.about, finding.through, kind.kind, around.topology, refs):
        for action in kind.suggested(around.snapshot, target, finding.code, around.now):
            yield Candidate(action=action, target=target, answers=finding, of_cause=of_cause)


def targets(
    about: Ref,
    through: Ref | None,
    kind: Kind,
    topology: Topology,
    refs: Mapping[Place, Ref],
) -> Sequence[Ref]:
    """On which objects an action of that kind would go at what was found there.

    The nearest: the object itself or its nearest owner that fits; else what holds it; else what it
    made, or what owns that.
    """
    up = [*_upwards([place(about)], topology)]
    for places in (up, [*_held(up, through, topology)], [*_down(up[0], topology)]):
        fitting = [refs[where] for where in places if where in refs and kind.fits(refs[where])]
        if fitting:
            return fitting[:1] if places is up else list(dict.fromkeys(fitting))
    return ()


def directly(about: Ref, target: Ref, topology: Topology) -> bool:
    """Whether what is found there is found on the target, or on what the target made."""
    return place(target) in {*_upwards([place(about)], topology)}


def named(snapshot: Snapshot) -> Mapping[Place, Ref]:
    """Every object that was seen, by its place."""
    return snapshot.once(_named)


def _named(snapshot: Snapshot) -> Mapping[Place, Ref]:
    return {place(each): each.ref for kind in KINDS for each in snapshot.all(kind)}


def _upwards(start: Sequence[Place], topology: Topology) -> Iterator[Place]:
    """These and their owners, the nearest first."""
    seen, front = set[Place](), list(start)
    while front:
        yield from (here for here in dict.fromkeys(front) if here not in seen)
        seen |= {*front}
        front = [o for here in front for o in topology.owners(here) if o not in seen]


def _held(up: Iterable[Place], through: Ref | None, topology: Topology) -> Iterator[Place]:
    """What was named as the reason, or else what decides whether it gets pods."""
    if through is not None:
        yield place(through)
        return
    for here in up:
        yield from (e.target for e in topology.needs(here) if e.relation is Relation.HELD_BY)


def _down(start: Place, topology: Topology) -> Iterator[Place]:
    """What it made or protects, and what owns that."""
    below = [edge.target for edge in topology.needs(start) if edge.relation in _DOWN]
    yield from _upwards(below, topology)


def _why_none(trouble: Trouble, kinds: Sequence[type[Action]]) -> str:
    answering = sorted(
        {
            kind.kind.name
            for kind in kinds
            for finding in trouble.findings
            if finding.code in kind.kind.answers
        }
    )
    if not answering:
        return f"none: escalate. No action that we have answers {trouble.code}."
    return (
        f"none: escalate. {', '.join(answering)} would answer it, but nothing is seen on which it "
        "could be done, or to which it could go back."
    )
