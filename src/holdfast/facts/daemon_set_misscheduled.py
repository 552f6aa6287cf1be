"""A DaemonSet that still runs on nodes where it is no longer wanted."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import DaemonSet
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-066",
    channel=Channel.POSTURE,
    severity=Severity.INFO,
    grace=timedelta(minutes=5),  # the controller removes within seconds what it may remove
    reads=(DaemonSet,),
    next_step="Add a toleration for those nodes, or delete the pods there: "
    "kubectl get pods -n {namespace} -o wide",
)
def daemon_set_misscheduled(cluster: Snapshot) -> Iterator[Found]:
    """Pods of a DaemonSet run on nodes that its selector, affinity or tolerations no longer
    allow, as after a NoSchedule taint. They work, and do not come back once they stop.
    """
    for daemons in cluster.all(DaemonSet):
        wrong = daemons.status.number_misscheduled
        if wrong <= 0 or daemons.metadata.deletion_timestamp is not None:
            continue
        yield Found(
            about=daemons.ref,
            since=daemons.metadata.status_written or daemons.born,
            says=f"runs on nodes where it is no longer wanted: {wrong}",
            seen={"status.numberMisscheduled": str(wrong)},
        )
