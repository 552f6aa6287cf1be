"""A Deployment with fewer replicas available than were asked for."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from holdfast.model.kinds import Deployment, Event, Pod, ReplicaSet
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.loops import loops

_RESUME = "Let it make its pods: kubectl rollout resume deployment {name} -n {namespace}"


@fact(
    code="HF-WRK-010",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # pods that start slowly take two minutes, and come in waves
    reads=(Deployment, ReplicaSet, Pod, Event),  # events for when a loop began
    next_step="See which pods are missing and why: "
    "kubectl describe deployment {name} -n {namespace}",
    explains=("HF-DLV-002",),
    follows=(Relation.OWNS,),
)
def deployment_short(cluster: Snapshot) -> Iterator[Found]:
    """Fewer replicas are available than wanted, counted from the pod that has been missing
    longest, so that a rollout that moves is left alone. A pod that keeps ending, and is held back
    for longer than it runs, is missing from when that began, also in the moments in which it runs.
    Critical when nothing is available at all. Pods that are ready, and only have to stay so for
    its minReadySeconds before they count as available, are not missing. One whose rollouts are
    paused is found only when nothing is available: somebody holds it on purpose while some of its
    replicas work, but nobody means to have none.
    """
    ends = {loop.pod.metadata.uid: loop.since for loop in loops(cluster) if loop.mostly_down}
    for deployment in cluster.all(Deployment):
        pods = _pods(cluster, deployment)
        wanted, available = deployment.spec.replicas, _available(deployment, pods, ends)
        if available >= wanted:
            continue  # healthy: enough, or scaled away
        settling = _settling(cluster, deployment, pods, ends)
        if available + settling >= wanted:
            continue  # healthy: the rest answers as well, and only has to do so for long enough
        if deployment.spec.paused and not _down(deployment):
            continue  # healthy: somebody holds it on purpose, and something works
        if deployment.metadata.deletion_timestamp is not None:
            continue  # healthy: its pods go with it
        since = _short_since(deployment, pods, ends)
        if since is None:
            continue
        yield Found(
            about=deployment.ref,
            since=since,
            says=f"{available} of {wanted} replicas available"
            + ("; its rollouts are paused" if deployment.spec.paused else ""),
            seen=_seen(deployment),
            severity=Severity.CRITICAL if available + settling == 0 else None,
            next_step=_RESUME if _never_rolled_out(deployment) else None,
        )


def _never_rolled_out(deployment: Deployment) -> bool:
    """Whether it was paused before it made anything: there are no pods to look at."""
    made = deployment.metadata.annotations.revision or deployment.status.replicas
    return deployment.spec.paused and not made


def _down(deployment: Deployment) -> bool:
    """Whether nothing of it is available, and it says so itself."""
    condition = deployment.condition("Available")
    said = condition is not None and condition.status == "False"
    return said and deployment.status.available_replicas == 0


def _pods(cluster: Snapshot, deployment: Deployment) -> Sequence[Pod]:
    return [
        pod
        for replica_set in cluster.owned_by(ReplicaSet, deployment)
        for pod in cluster.owned_by(Pod, replica_set)
        if not pod.over
    ]


def _available(deployment: Deployment, pods: Sequence[Pod], ends: Mapping[str, datetime]) -> int:
    """How many answer, and are there to stay."""
    available = deployment.status.available_replicas
    if all(pod.metadata.uid not in ends for pod in pods):
        return available
    steady = sum(pod.unready_since is None and pod.metadata.uid not in ends for pod in pods)
    return min(available, steady)


def _settling(
    cluster: Snapshot, deployment: Deployment, pods: Sequence[Pod], ends: Mapping[str, datetime]
) -> int:
    """How many are ready, take traffic, and are not yet ready for as long as they are to be before
    they count. Of one that was started again nobody knows whether it will stay.
    """
    least = timedelta(seconds=max(0, min(deployment.spec.min_ready_seconds, 2**31)))
    return sum(
        ready.status == "True"
        and ready.last_transition_time is not None
        and cluster.now - ready.last_transition_time < least
        and pod.metadata.uid not in ends
        and all(status.restart_count == 0 for status in pod.statuses)
        for pod in pods
        if (ready := pod.condition("Ready")) is not None
    )


def _short_since(
    deployment: Deployment, pods: Sequence[Pod], ends: Mapping[str, datetime]
) -> datetime | None:
    """Since when the replica that is missing longest has been missing."""
    missing = [pod.unready_since for pod in pods if pod.unready_since is not None]
    missing += [ends[pod.metadata.uid] for pod in pods if pod.metadata.uid in ends]
    for type_, bad in (("Available", "False"), ("ReplicaFailure", "True")):
        condition = deployment.condition(type_)
        if condition is not None and condition.status == bad and condition.last_transition_time:
            missing.append(condition.last_transition_time)
    return min(missing, default=None)


def _seen(deployment: Deployment) -> dict[str, str]:
    bad = {"Available": "False", "Progressing": "False", "ReplicaFailure": "True"}
    conditions = {
        c.type: ": ".join(word for word in (c.reason, c.message) if word)
        for c in deployment.status.conditions
        if c.status == bad.get(c.type)
    }
    return {
        "spec.replicas": str(deployment.spec.replicas),
        "status.availableReplicas": str(deployment.status.available_replicas),
        "status.updatedReplicas": str(deployment.status.updated_replicas),
        **conditions,
    }
