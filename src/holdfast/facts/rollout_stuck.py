"""A rollout that has not moved for longer than its Deployment allows."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import Deployment, ReplicaSet
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

FIRST = (
    "There is no other revision to go back to; mend this one, by what its pods say: "
    "kubectl describe deployment {name} -n {namespace}"
)


@fact(
    code="HF-WRK-050",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a deadline shorter than this is met late by any slow start
    reads=(Deployment,),
    hints=(ReplicaSet,),  # for whether there is a revision to go back to
    next_step="Look at the pods of the new revision, and if it is bad, go back to the one before: "
    "kubectl rollout undo deployment/{name} -n {namespace}",
    explains=("HF-WRK-010", "HF-DLV-002"),
    follows=(Relation.OWNS,),
)
def rollout_stuck(cluster: Snapshot) -> Iterator[Found]:
    """The Deployment exceeded its progress deadline, even if enough old replicas are available;
    counted from when the rollout last moved. A paused rollout is left alone.
    """
    for deployment in cluster.all(Deployment):
        progressing = deployment.condition("Progressing")
        if progressing is None or progressing.reason != "ProgressDeadlineExceeded":
            continue  # healthy: it moves, is complete, or nobody set a deadline
        if deployment.spec.paused or deployment.spec.replicas == 0:
            continue  # healthy: somebody holds it on purpose
        if deployment.metadata.deletion_timestamp is not None:
            continue
        if deployment.status.observed_generation < deployment.metadata.generation:
            continue  # said of a template that is no longer asked for
        if progressing.last_transition_time is None:
            continue
        moved = _moved(deployment, progressing.last_transition_time)
        status = deployment.status
        yield Found(
            about=deployment.ref,
            since=moved,
            says=f"the rollout has not moved for {cluster.elapsed(moved)}: "
            f"{status.updated_replicas} of {deployment.spec.replicas} replicas updated, "
            f"{status.available_replicas} available",
            seen={
                "Progressing": f"{progressing.reason}: {progressing.message}",
                "spec.progressDeadlineSeconds": str(deployment.spec.progress_deadline_seconds),
                "status.updatedReplicas": str(status.updated_replicas),
                "status.availableReplicas": str(status.available_replicas),
                "revision": deployment.metadata.annotations.revision or "not said",
            },
            next_step=None if _has_another(cluster, deployment) else FIRST,
        )


def _has_another(cluster: Snapshot, deployment: Deployment) -> bool:
    """Whether it may go back to another revision, as far as is seen."""
    here = deployment.metadata.annotations.revision
    if cluster.blind((ReplicaSet,), namespace=deployment.metadata.namespace):
        return here != "1"
    kept = cluster.owned_by(ReplicaSet, deployment)
    return any(each.metadata.annotations.revision != here for each in kept)


def _moved(deployment: Deployment, timed_out: datetime) -> datetime:
    """When it last moved: as long before it timed out as it was given, and not before its birth."""
    try:
        deadline = timedelta(seconds=deployment.spec.progress_deadline_seconds)
        return max(deployment.born, timed_out - deadline)
    except OverflowError:  # a deadline of ages
        return deployment.born
