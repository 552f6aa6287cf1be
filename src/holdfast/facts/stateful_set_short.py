"""A StatefulSet with a member that is missing or not ready."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from holdfast.model.kinds import Pod, StatefulSet
from holdfast.model.names import few
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-060",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # members start one after the other, and slowly
    reads=(StatefulSet, Pod),
    next_step="See why that member is missing or not ready: kubectl describe statefulset {name} "
    "-n {namespace}; kubectl get pods -n {namespace}",
    explains=("HF-DLV-002",),
    follows=(Relation.OWNS,),
)
def stateful_set_short(cluster: Snapshot) -> Iterator[Found]:
    """A member of a StatefulSet, by its ordinal from `ordinals.start` on, has no pod or one that is
    not ready or has been deleted and does not go. Members that only wait for one before them (as
    ordered sets do) are named beside the one that holds them up. Critical when none is ready.
    """
    for wanting in cluster.all(StatefulSet):
        if wanting.spec.replicas == 0 or wanting.metadata.deletion_timestamp is not None:
            continue  # healthy: scaled away
        if not cluster.sees(Pod) or not cluster.capture(Pod).covers(wanting.metadata.namespace):
            continue  # who is missing cannot be told
        lacking, ready = _lacking(cluster, wanting)
        if not lacking:
            continue  # healthy: everybody is here
        holding, waiting = _holding(wanting, lacking)
        first = min(holding, key=lambda member: member.since)
        says = f"{ready} of {wanting.spec.replicas} members ready: {first.name} {first.how}"
        if waiting:
            says += f", and holds up {_few(waiting)}"
        yield Found(
            about=wanting.ref,
            since=first.since,
            says=says,
            seen={
                "spec.replicas": str(wanting.spec.replicas),
                "spec.ordinals.start": str(wanting.spec.ordinals.start),
                "not ready": _few([m for m in lacking if m.there]) or "none",
                "missing": _few([m for m in lacking if not m.there]) or "none",
                "holds up the rest": first.name if waiting else "nobody",
            },
            severity=Severity.CRITICAL if ready == 0 else None,
        )


class _Member(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    since: datetime
    how: str
    there: bool


def _lacking(cluster: Snapshot, wanting: StatefulSet) -> tuple[Sequence[_Member], int]:
    """Members that lack something, lowest ordinal first, and how many lack nothing."""
    pods = {pod.metadata.name: pod for pod in cluster.owned_by(Pod, wanting)}
    start, replicas = wanting.spec.ordinals.start, wanting.spec.replicas
    missing_since = _noticed(wanting, list(pods.values()))
    lacking: list[_Member] = []
    ready = 0
    # A set of a million replicas is a mistake, and no reason to count to a million.
    for ordinal in range(start, start + min(replicas, len(pods) + 10)):
        name = f"{wanting.metadata.name}-{ordinal}"
        pod = pods.get(name)
        if pod is None:
            lacking.append(_Member(name=name, since=missing_since, how="is missing", there=False))
        elif pod.metadata.deletion_timestamp is not None:
            since = pod.metadata.deletion_timestamp
            lacking.append(_Member(name=name, since=since, how="does not go away", there=True))
        elif pod.unready_since is not None:
            since = pod.unready_since
            lacking.append(_Member(name=name, since=since, how="is not ready", there=True))
        else:
            ready += 1
    return lacking, ready


def _noticed(wanting: StatefulSet, pods: Sequence[Pod]) -> datetime:
    """Since when a member without a pod has been missing, at the latest.

    Nothing on the set says so; but its status changed when the member went or was asked for.
    """
    said = [wanting.metadata.status_written, wanting.metadata.spec_written]
    if not any(said):
        said = [c.last_transition_time for pod in pods for c in pod.status.conditions]
    return max((time for time in said if time is not None), default=wanting.born)


def _holding(
    wanting: StatefulSet, lacking: Sequence[_Member]
) -> tuple[Sequence[_Member], Sequence[_Member]]:
    """Members with a trouble of their own, and those that only wait for their turn."""
    if wanting.spec.pod_management_policy == "Parallel":
        return lacking, ()
    waiting = [member for member in lacking[1:] if not member.there]
    return [member for member in lacking if member not in waiting], waiting


def _few(members: Sequence[_Member]) -> str:
    return few((member.name for member in members), 3)
