"""What changed before it hurt: told by the objects themselves, so it works on a cold start.

Read are revisions (a ReplicaSet or ControllerRevision is born when a template changes), the
managers of fields and their times, and births. What controllers write by themselves is no change.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from holdfast.model.changes import Change
from holdfast.model.kinds import ConfigMap, Deployment, ReplicaSet, Secret
from holdfast.model.objects import KeptMetadata, ManagedFields, Object
from holdfast.model.relations import Relation
from holdfast.model.rules import Finding
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import moved
from holdfast.model.troubles import Trouble
from holdfast.topology.graph import Edge, Place, Topology, place
from holdfast.topology.revisions import difference

LONG_BEFORE = timedelta(hours=24)  # what is older than a day is seldom why it hurts now
SLACK = timedelta(seconds=5)  # times have a resolution of a second, and a cause may be told late
FAR = 3  # steps in the topology
MOST = 3  # changes that are shown

CONTROLLERS = frozenset(
    {"kube-controller-manager", "kube-scheduler", "kubelet", "kube-apiserver", "kwok"}
)


def before(
    trouble: Trouble,
    snapshot: Snapshot,
    topology: Topology,
    seen: Callable[[Place], Object | None],
) -> tuple[Change, ...]:
    """The changes before its onset that are nearest in time, and in the topology."""
    onset = trouble.since
    found: list[Change] = []
    for where, distance in _near(trouble.cause, topology):
        each = seen(where)
        if each is None:
            continue
        found += [
            change
            for change in _changes(each, snapshot, distance)
            if moved(onset, -LONG_BEFORE) <= change.when <= moved(onset, SLACK)
        ]
    nearest = sorted(_once(found), key=lambda c: (onset - c.when, c.distance, str(c.about)))
    return tuple(nearest[:MOST])


def _near(cause: Finding, topology: Topology) -> Iterator[tuple[Place, int]]:
    """The cause itself, what it needs, and its owners; not everything that shares a node."""
    start = place(cause.about)
    seen = {start: 0}
    front = [start]
    for distance in range(1, FAR + 1):
        following = [
            *(e.target for where in front for e in topology.needs(where) if _concerns(e, cause)),
            *(owner for where in front for owner in topology.owners(where)),
        ]
        front = []
        for where in following:
            if where not in seen:
                seen[where] = distance
                front.append(where)
    yield from seen.items()


def _concerns(edge: Edge, cause: Finding) -> bool:
    """Whether what an edge leads to may have to do with the cause.

    A container crashes on any node and under any quota. A node that does badly is a cause itself,
    and a quota or webhook matters to whom it refuses pods.
    """
    match edge.relation:
        case Relation.RUNS_ON | Relation.ADMITTED_BY:
            return False
        case Relation.HELD_BY:
            return cause.unmade > 0 and edge.source == place(cause.about)
        case _:
            return True


def _once(changes: Iterable[Change]) -> list[Change]:
    """One change is told once: the revision says more than the write that made it."""
    told: dict[tuple[str, datetime], Change] = {}
    for change in sorted(changes, key=lambda c: (-len(c.what), c.distance)):
        told.setdefault((change.who, change.when.replace(microsecond=0)), change)
    return list(told.values())


def _changes(each: Object, snapshot: Snapshot, distance: int) -> Iterator[Change]:
    if isinstance(each, Deployment):
        yield from _revisions(each, snapshot, distance)
    metadata = each.metadata
    if not isinstance(metadata, KeptMetadata):
        return
    for fields in metadata.managed_fields:
        what = _written(each, fields)
        if what and fields.time is not None:
            yield Change(
                about=each.ref, what=what, who=fields.manager, when=fields.time, distance=distance
            )


def _written(each: Object, fields: ManagedFields) -> str:
    """What a manager's entry says was written; empty for what is no change of people's."""
    if fields.subresource or fields.manager in CONTROLLERS or fields.time is None:
        return ""
    born = fields.time - each.born <= timedelta(seconds=1)
    verb = "created" if born else "changed"
    if isinstance(each, ConfigMap | Secret):
        return f"{verb}, {len(fields.fields_v1.data)} keys" if fields.fields_v1.data else ""
    return verb if fields.fields_v1.spec or born else ""


def _revisions(deployment: Deployment, snapshot: Snapshot, distance: int) -> Iterator[Change]:
    """Each ReplicaSet beside the one before it."""
    sets = sorted(snapshot.owned_by(ReplicaSet, deployment), key=lambda r: r.born)
    for older, newer in pairwise(sets):
        differs = difference(older.spec.template, newer.spec.template)
        yield Change(
            about=deployment.ref,
            what=f"new revision {newer.metadata.name}: {differs}",
            who=_author(deployment, newer.born),
            when=newer.born,
            distance=distance,
        )


def _author(deployment: Deployment, at: datetime) -> str:
    """The manager that wrote the spec last before that revision appeared."""
    wrote = [
        (fields.time, fields.manager)
        for fields in deployment.metadata.managed_fields
        if fields.time is not None
        and fields.time <= moved(at, SLACK)
        and not fields.subresource
        and fields.manager not in CONTROLLERS
        and fields.fields_v1.spec
    ]
    return max(wrote, default=(at, ""))[1]
