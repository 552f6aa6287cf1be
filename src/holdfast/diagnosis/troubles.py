"""Fold findings into troubles along the topology.

- A finding is a symptom of the nearest finding beneath it: of a fact that explains it on the
  same object, else of what its object needs to do well.
- Some relations alone prove nothing: a pod may crash on a cordoned node, in a namespace whose
  quota is used up, with a stale ConfigMap. Along those, a finding counts as a cause only for the
  codes that its rule says it explains.
- What is found alike on siblings of one workload, or on its autoscalers, is one trouble.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from holdfast.model.objects import Ref
from holdfast.model.rules import Channel, Finding
from holdfast.model.troubles import Link, Trouble, trouble_id
from holdfast.topology.graph import Place, Relation, Topology, place

PROVES = frozenset({Relation.OWNS, Relation.SELECTS, Relation.ROUTES})
"""Relations along which the target's failure is the source's: a Deployment is its pods."""

SAME_OBJECT = "same object"


class _Parent(msgspec.Struct, frozen=True, kw_only=True):
    finding: Finding
    relation: str
    distance: int


def fold(
    findings: Iterable[Finding],
    topology: Topology,
    explains: Mapping[str, Sequence[str]],
    refs: Mapping[Place, Ref],
) -> tuple[Trouble, ...]:
    """Troubles, worst first. `explains` is what each rule says it explains, by code; `refs`
    names the objects that were seen, so that a workload can lend a trouble its identity.
    """
    shown = [f for f in findings if f.channel is Channel.INCIDENT]
    there: dict[Place, list[Finding]] = {}
    for finding in shown:
        there.setdefault(place(finding.about), []).append(finding)
    parents = _without_circles(
        {f.id: p for f in shown if (p := _parent(f, there, topology, explains)) is not None}
    )
    roots = [f for f in shown if f.id not in parents]
    groups: dict[tuple[str, Place], list[Finding]] = {}
    for root in roots:
        groups.setdefault((root.code, _workload(place(root.about), topology)), []).append(root)
    children = _children(shown, parents)
    troubles = [
        _trouble(sorted(alike, key=_oldest), refs.get(where), children)
        for (_, where), alike in groups.items()
    ]
    return tuple(sorted(troubles, key=lambda t: (-t.severity, t.since, t.id)))


def told_as(finding: Finding, topology: Topology, refs: Mapping[Place, Ref]) -> str:
    """The id of the trouble that a finding would be the cause of."""
    return trouble_id(_subject(finding.about, topology, refs), finding.code)


def _subject(about: Ref, topology: Topology, refs: Mapping[Place, Ref]) -> Ref:
    return refs.get(_workload(place(about), topology)) or about


def _parent(
    finding: Finding,
    there: Mapping[Place, Sequence[Finding]],
    topology: Topology,
    explains: Mapping[str, Sequence[str]],
) -> _Parent | None:
    here = place(finding.about)
    same = [
        other
        for other in there[here]
        if other.id != finding.id
        and finding.code in explains.get(other.code, ())
        and _concern_each_other(other.part, finding.part)
    ]
    if same:
        return _Parent(finding=min(same, key=_oldest), relation=SAME_OBJECT, distance=0)
    return _beneath(finding, here, there, topology, explains)


def _concern_each_other(one: str, other: str) -> bool:
    """Whether parts of one object are the same: a container, and a probe of it, are."""
    return not one or not other or f"{one}/".startswith(f"{other}/") or other.startswith(f"{one}/")


def _beneath(
    finding: Finding,
    here: Place,
    there: Mapping[Place, Sequence[Finding]],
    topology: Topology,
    explains: Mapping[str, Sequence[str]],
) -> _Parent | None:
    """The nearest finding that its object's needs lead to; of several, the worst and oldest."""
    seen = {here}
    front: list[tuple[Place, str, bool]] = [(here, "", True)]
    distance = 0
    while front:
        distance += 1
        following: list[tuple[Place, str, bool]] = []
        causes: list[tuple[Finding, str]] = []
        for where, first, proven in front:
            for edge in topology.needs(where):
                if edge.target in seen:
                    continue
                seen.add(edge.target)
                proves = proven and edge.relation in PROVES
                relation = first or edge.relation.value
                following.append((edge.target, relation, proves))
                causes += [
                    (other, relation)
                    for other in there.get(edge.target, ())
                    if proves or finding.code in explains.get(other.code, ())
                ]
        if causes:
            cause, relation = min(causes, key=lambda each: _worst(each[0]))
            return _Parent(finding=cause, relation=relation, distance=distance)
        front = following
    return None


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
    workload: Ref | None,
    children: Mapping[str, Sequence[tuple[Finding, _Parent]]],
) -> Trouble:
    cause = alike[0]
    links: list[Link] = []
    queue = deque((finding, 0) for finding in alike)
    reached: list[tuple[int, Link]] = []
    while queue:
        here, depth = queue.popleft()
        for finding, parent in children.get(here.id, ()):
            link = Link(finding=finding, because=here.id, relation=parent.relation)
            reached.append((depth + parent.distance, link))
            queue.append((finding, depth + parent.distance))
    links = [link for _, link in sorted(reached, key=lambda r: (r[0], *_worst(r[1].finding)))]
    return Trouble(
        id=trouble_id(workload or cause.about, cause.code),
        cause=cause,
        alike=tuple(alike[1:]),
        symptoms=tuple(links),
    )


def _oldest(finding: Finding) -> tuple[float, str]:
    return (finding.since.timestamp(), finding.id)


def _worst(finding: Finding) -> tuple[float, float, str]:
    return (-finding.severity, finding.since.timestamp(), finding.id)
