"""A StatefulSet that waits for somebody to delete its pods before it updates them."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import ControllerRevision, StatefulSet
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-062",
    channel=Channel.INCIDENT,
    severity=Severity.INFO,
    grace=timedelta(hours=1),  # operators that update this way go from member to member themselves
    reads=(StatefulSet, ControllerRevision),
    next_step="Delete the outdated pods one by one, each when the one before is ready: "
    "kubectl get pods -n {namespace} -L controller-revision-hash",
    spreads=False,
)
def stateful_set_waits_on_delete(cluster: Snapshot) -> Iterator[Found]:
    """The update strategy is OnDelete and pods of an older revision still run, counted from when
    the new revision was asked for. Nothing will happen by itself.
    """
    for waiting in cluster.all(StatefulSet):
        spec, status = waiting.spec, waiting.status
        if spec.update_strategy.type != "OnDelete" or spec.replicas == 0:
            continue
        if waiting.metadata.deletion_timestamp is not None:
            continue
        if status.current_revision == status.update_revision or not status.update_revision:
            continue  # healthy: one revision
        outdated = status.replicas - status.updated_replicas
        if outdated <= 0:
            continue  # healthy: all were deleted and came back
        namespace = waiting.metadata.namespace
        revision = cluster.find(ControllerRevision, namespace, status.update_revision)
        times = [
            waiting.metadata.spec_written,
            revision.born if revision is not None else None,
        ]
        since = max((time for time in times if time is not None), default=None)
        if since is None:
            continue  # nobody says when the revision was asked for
        yield Found(
            about=waiting.ref,
            since=since,
            says=f"{outdated} of {status.replicas} pods are outdated and wait to be deleted",
            seen={
                "spec.updateStrategy.type": spec.update_strategy.type,
                "status.updatedReplicas": str(status.updated_replicas),
                "status.currentRevision": status.current_revision,
                "status.updateRevision": status.update_revision,
            },
        )
