"""A DaemonSet that is missing, or not ready, on nodes that it should run on."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import DaemonSet, Pod
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-065",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a node that is new pulls every image first
    reads=(DaemonSet, Pod),
    next_step="See on which nodes it is missing: kubectl describe daemonset {name} -n {namespace}; "
    "kubectl get pods -n {namespace} -o wide",
    explains=("HF-DLV-002",),
    follows=(Relation.OWNS,),
)
def daemon_set_short(cluster: Snapshot) -> Iterator[Found]:
    """Fewer nodes have a ready pod of the DaemonSet than should, in whichever namespace, counted
    from the pod that has been missing longest. Critical when no node has one.
    """
    for daemons in cluster.all(DaemonSet):
        status = daemons.status
        wanted, ready = status.desired_number_scheduled, status.number_ready
        if ready >= wanted or daemons.metadata.deletion_timestamp is not None:
            continue  # healthy: everywhere, or wanted nowhere
        if status.observed_generation < daemons.metadata.generation:
            continue  # counted for another template
        since = _short_since(cluster, daemons)
        if since is None:
            continue
        yield Found(
            about=daemons.ref,
            since=since,
            says=f"ready on {ready} of {wanted} nodes",
            seen={
                "status.desiredNumberScheduled": str(wanted),
                "status.currentNumberScheduled": str(status.current_number_scheduled),
                "status.numberReady": str(ready),
                "status.updatedNumberScheduled": str(status.updated_number_scheduled),
            },
            severity=Severity.CRITICAL if ready == 0 else None,
        )


def _short_since(cluster: Snapshot, daemons: DaemonSet) -> datetime | None:
    """Since when a node has gone without, as its pod says or, if it has none, the status does."""
    missing: list[datetime] = []
    for pod in cluster.owned_by(Pod, daemons):
        since = pod.metadata.deletion_timestamp or pod.unready_since
        if since is not None:
            missing.append(since)
    status = daemons.status
    if status.current_number_scheduled < status.desired_number_scheduled:
        said = daemons.metadata.status_written
        if said is not None:
            missing.append(said)
    return min(missing, default=None)
