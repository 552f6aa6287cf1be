"""Fold findings into troubles along the topology.

- A finding is a cause until its rule or another's says otherwise: two that have nothing to do with
  each other stay two troubles, however near they are, so that accepting one hides nothing else.
- Some facts only sum up what lies beneath them: a Deployment is short because of its pods, an
  ingress unanswered because of its service. Such a fact follows from the nearest finding along the
  relations that its rule names, if that is one that spreads. Pods that were never made are nearer
  than those that are there and not ready, and explain less where they are fewer.
- All else is a symptom only of a fact whose rule says that it explains it, on the same object or on
  what its object needs; where something is missing, on whoever was to make that very thing.
- What is still within its grace is no trouble, but the cause of one: where nothing that is past its
  grace explains a finding, what is young may, if it began with it. Then it stands on top, so that
  nobody is told of eighteen services first and of their node a minute later.
- What is found alike on siblings of one workload, or on its autoscalers, is one trouble.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import timedelta

import msgspec

from holdfast.model.objects import Object, Ref
from holdfast.model.relations import Relation
from holdfast.model.rules import Bearing, Channel, Finding
from holdfast.model.troubles import Link, Trouble, trouble_id
from holdfast.topology.graph import Edge, Place, Topology, place

PROVES = frozenset({Relation.OWNS, Relation.SELECTS, Relation.ROUTES})
"""Relations along which the target's failure is the source's: a Deployment is its pods."""

SAME_OBJECT = "same object"

LATE = timedelta(minutes=5)
"""By how much a cause may count from later than what follows from it: a probe is due only when its
delay has passed. No grace is longer without a reason of its own.
"""

type Seen = Callable[[Place], Object | None]
"""The object of a place, if it was seen."""

CAUSE = Bearing()  # of a code whose rule nobody knows here


class _Parent(msgspec.Struct, frozen=True, kw_only=True):
    finding: Finding
    relation: str
    distance: int


def fold(
    findings: Iterable[Finding],
    topology: Topology,
    bearings: Mapping[str, Bearing],
    seen: Seen,
    unready: Set[Place] = frozenset(),
    young: Iterable[Finding] = (),
) -> tuple[Trouble, ...]:
    """Troubles, worst first. `bearings` is how the facts of each code stand to others; `seen`
    knows the objects that were seen, so that a workload can lend a trouble its identity; `unready`
    are the pods that are there and not ready; `young` is what is still within its grace.
    """
    shown = [f for f in findings if f.channel is Channel.INCIDENT]
    soon = [f for f in young if f.channel is Channel.INCIDENT]
    sight = _Sight(there=_by_place(shown), topology=topology, bearings=bearings, unready=unready)
    further = msgspec.structs.replace(
        sight, there=_by_place((*shown, *soon)), young=frozenset(f.id for f in soon)
    )
    parents = _parents(shown, sight, further)
    reached = {p.finding.id for p in parents.values()}
    shown += [f for f in soon if f.id in reached]
    parents = _without_circles(parents)
    roots = [f for f in shown if f.id not in parents]
    groups: dict[tuple[str, Place, Place | None], list[Finding]] = {}
    for root in roots:
        through = place(root.through) if root.through is not None else None
        alike = (root.code, _workload(place(root.about), topology), through)
        groups.setdefault(alike, []).append(root)
    children = _children(shown, parents)
    troubles = [
        _trouble(sorted(alike, key=_oldest), seen(where), children)
        for (_, where, _), alike in groups.items()
    ]
    return tuple(sorted(troubles, key=lambda t: (-t.severity, t.since, *_named(t.cause), t.id)))


def told_as(finding: Finding, topology: Topology, seen: Seen) -> str:
    """The id of the trouble that a finding would be the cause of."""
    return trouble_id(_subject(finding.about, topology, seen), finding.code, finding.through)


def _subject(about: Ref, topology: Topology, seen: Seen) -> Ref:
    workload = seen(_workload(place(about), topology))
    return about if workload is None else workload.ref


class _Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What is found where, what needs what, and how facts stand to each other."""

    there: Mapping[Place, Sequence[Finding]]
    topology: Topology
    bearings: Mapping[str, Bearing]
    unready: Set[Place]
    young: Set[str] = frozenset()

    def may_cause(self, cause: Finding, symptom: Finding) -> bool:
        """Whether it has proven itself, or has at least begun with what would follow from it."""
        return cause.id not in self.young or cause.since <= symptom.since + LATE

    def needs(self, where: Place) -> Iterator[Edge]:
        """What may be why it does badly: not a webhook that has refused it no pod."""
        for edge in self.topology.needs(where):
            if edge.relation is not Relation.ADMITTED_BY:
                yield edge

    def explains(self, cause: Finding, symptom: Finding) -> bool:
        """Whether the rule of the one says that the other follows from it."""
        return symptom.code in self.bearings.get(cause.code, CAUSE).explains

    def sums_up(self, finding: Finding) -> tuple[Relation, ...]:
        """Along what a finding says only what is told better beneath."""
        return self.bearings.get(finding.code, CAUSE).follows

    def spreads(self, cause: Finding) -> bool:
        """Whether what is made of its object suffers by it."""
        return self.bearings.get(cause.code, CAUSE).spreads


def _by_place(findings: Iterable[Finding]) -> dict[Place, list[Finding]]:
    there: dict[Place, list[Finding]] = {}
    for finding in findings:
        there.setdefault(place(finding.about), []).append(finding)
    return there


def _parents(shown: Iterable[Finding], sight: _Sight, further: _Sight) -> dict[str, _Parent]:
    """What each follows from: what is past its grace, else what is young, and so on up."""
    parents: dict[str, _Parent] = {}
    queue = deque(shown)
    asked = {finding.id for finding in queue}
    while queue:
        finding = queue.popleft()
        parent = _parent(finding, sight)
        if parent is None and further.young:
            parent = _parent(finding, further)
        if parent is None:
            continue
        parents[finding.id] = parent
        if parent.finding.id not in asked:
            asked.add(parent.finding.id)
            queue.append(parent.finding)
    return parents


def _parent(finding: Finding, sight: _Sight) -> _Parent | None:
    same = [
        other
        for other in sight.there.get(place(finding.about), ())
        if other.id != finding.id
        and sight.may_cause(other, finding)
        and sight.explains(other, finding)
        and _concern_each_other(other.part, finding.part)
    ]
    if same:
        here = _Parent(finding=min(same, key=_oldest), relation=SAME_OBJECT, distance=0)
        return _weightier(finding, here, sight)
    nearest = next(_beneath(finding, sight), None)
    return nearest and _weightier(finding, nearest, sight)


def _weightier(finding: Finding, nearest: _Parent, sight: _Sight) -> _Parent:
    """What is wrong with pods that are not ready, if these are more than those never made."""
    if not nearest.finding.unmade or not sight.sums_up(finding):
        return nearest
    beneath = list(_beneath(finding, sight))
    pods = [each for each in beneath if place(each.finding.about) in sight.unready]
    never = {each.finding.id: each.finding.unmade for each in (nearest, *beneath)}
    if len({place(each.finding.about) for each in pods}) > sum(never.values()):
        return pods[0]
    return nearest


def _concern_each_other(one: str, other: str) -> bool:
    """Whether parts of one object are the same: a container, and a probe of it, are."""
    return not one or not other or f"{one}/".startswith(f"{other}/") or other.startswith(f"{one}/")


class _Step(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A place that a walk has come to, by what relation it set out, and whether it is proven."""

    where: Place
    relation: str
    proves: bool  # all that it came along makes the target's failure the source's


def _beneath(finding: Finding, sight: _Sight) -> Iterator[_Parent]:
    """The findings that its object's needs lead to and that it may follow from: the nearest first,
    and of several the worst and oldest.
    """
    seen = {place(finding.about)}
    front = _once(_first_steps(finding, sight), seen)
    distance = 0
    while front:
        distance += 1
        seen |= {step.where for step in front}
        causes = [
            (other, step.relation)
            for step in front
            for other in sight.there.get(step.where, ())
            if ((step.proves and sight.spreads(other)) or sight.explains(other, finding))
            and sight.may_cause(other, finding)
        ]
        for cause, relation in sorted(causes, key=lambda each: _worst(each[0])):
            yield _Parent(finding=cause, relation=relation, distance=distance)
        front = _once((further for step in front for further in _further(step, sight)), seen)


def _first_steps(finding: Finding, sight: _Sight) -> Iterator[_Step]:
    follows = sight.sums_up(finding)
    for edge in sight.needs(place(finding.about)):
        if finding.through is None or edge.target == place(finding.through):
            proves = edge.relation in follows
            yield _Step(where=edge.target, relation=edge.relation.value, proves=proves)


def _further(step: _Step, sight: _Sight) -> Iterator[_Step]:
    for edge in sight.needs(step.where):
        proves = step.proves and edge.relation in PROVES
        yield _Step(where=edge.target, relation=step.relation, proves=proves)


def _once(steps: Iterable[_Step], seen: Set[Place]) -> Sequence[_Step]:
    """Each place that is new once; along what proves, if several ways lead there."""
    new: dict[Place, _Step] = {}
    for step in steps:
        known = new.get(step.where)
        if step.where not in seen and (known is None or (step.proves and not known.proves)):
            new[step.where] = step
    return list(new.values())


def _without_circles(parents: dict[str, _Parent]) -> dict[str, _Parent]:
    """Two findings that explain each other: the older one stands for itself."""
    kept = dict(parents)
    for start in parents:
        trail: list[str] = []
        here: str | None = start
        while here is not None and here in kept and here not in trail:
            trail.append(here)
            here = kept[here].finding.id
        if here is not None and here in trail:
            circle = trail[trail.index(here) :]
            eldest = min((kept[each].finding for each in circle), key=_oldest)
            del kept[eldest.id]
    return kept


def _workload(where: Place, topology: Topology) -> Place:
    """The highest owner of a place; of an autoscaler, that of what it scales."""
    scaled = (e.target for e in topology.needs(where) if e.relation is Relation.SCALES)
    where = next(scaled, where)
    seen = {where}
    while True:
        above = next((owner for owner in topology.owners(where) if owner not in seen), None)
        if above is None or above[0] == "Node":
            return where
        seen.add(above)
        where = above


def _children(
    shown: Iterable[Finding], parents: Mapping[str, _Parent]
) -> dict[str, list[tuple[Finding, _Parent]]]:
    children: dict[str, list[tuple[Finding, _Parent]]] = {}
    for finding in shown:
        parent = parents.get(finding.id)
        if parent is not None:
            children.setdefault(parent.finding.id, []).append((finding, parent))
    return children


def _trouble(
    alike: Sequence[Finding],
    workload: Object | None,
    children: Mapping[str, Sequence[tuple[Finding, _Parent]]],
) -> Trouble:
    cause = alike[0]
    queue = deque((finding, (0, 0)) for finding in alike)
    reached: list[tuple[tuple[int, int], Link]] = []
    while queue:
        here, (depth, links) = queue.popleft()
        for finding, parent in children.get(here.id, ()):
            link = Link(finding=finding, because=here.id, relation=parent.relation)
            further = (depth + parent.distance, links + 1)  # on one object, a link is no distance
            reached.append((further, link))
            queue.append((finding, further))
    reached.sort(key=lambda each: (each[0], _worst(each[1].finding)))
    return Trouble(
        id=trouble_id(cause.about if workload is None else workload.ref, cause.code, cause.through),
        cause=cause,
        alike=tuple(alike[1:]),
        symptoms=tuple(link for _, link in reached),
    )


def _oldest(finding: Finding) -> tuple[float, str]:
    return (finding.since.timestamp(), finding.id)


def _worst(finding: Finding) -> tuple[float, float, str, str, str]:
    return (-finding.severity, finding.since.timestamp(), *_named(finding), finding.id)


def _named(finding: Finding) -> tuple[str, str]:
    """What orders equals for people, who look for names."""
    return (finding.about.namespace, finding.about.name)
