"""A DaemonSet whose new revision does not reach all nodes."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import ControllerRevision, DaemonSet, Pod
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-067",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=10),  # what Deployments allow by default; pods come node by node
    reads=(DaemonSet, ControllerRevision, Pod),
    next_step="Look at the pods of the new revision, and if it is bad, go back to the one before: "
    "kubectl rollout undo daemonset/{name} -n {namespace}",
    explains=("HF-WRK-065",),
    follows=(Relation.OWNS,),
)
def daemon_set_rollout_stuck(cluster: Snapshot) -> Iterator[Found]:
    """Nodes still run an older revision, and no pod has been replaced for the grace: counted from
    the newest pod, or from the newest revision when no pod has been made from it yet. Sets that
    are updated on deletion wait for people and are left alone.
    """
    pods = cluster.capture(Pod)
    for daemons in cluster.all(DaemonSet):
        status = daemons.status
        outdated = status.desired_number_scheduled - status.updated_number_scheduled
        if outdated <= 0 or daemons.spec.update_strategy.type != "RollingUpdate":
            continue  # healthy: all nodes have it, or somebody else decides when
        if daemons.metadata.deletion_timestamp is not None:
            continue
        if status.observed_generation < daemons.metadata.generation:
            continue  # counted for another template
        if not pods.whole or not pods.covers(daemons.metadata.namespace):
            continue  # whether it moves cannot be told
        moves = [each.born for each in cluster.owned_by(ControllerRevision, daemons)]
        moves += [pod.born for pod in cluster.owned_by(Pod, daemons)]
        written = daemons.metadata.spec_written
        moved = max((*moves, *(() if written is None else (written,))), default=None)
        if moved is None:
            continue
        yield Found(
            about=daemons.ref,
            since=moved,
            says=f"the rollout has not moved for {cluster.elapsed(moved)}: {outdated} of "
            f"{status.desired_number_scheduled} nodes have an older revision",
            seen={
                "status.desiredNumberScheduled": str(status.desired_number_scheduled),
                "status.updatedNumberScheduled": str(status.updated_number_scheduled),
                "status.numberReady": str(status.number_ready),
            },
        )
