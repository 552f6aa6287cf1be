"""A node runs short of memory, disk or process ids: it evicts pods and takes no new ones."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from holdfast.model.kinds import Node
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

PRESSURES: Mapping[str, tuple[str, str]] = {
    "MemoryPressure": (
        "memory",
        (
            "See who uses it: kubectl top pods -A --sort-by=memory, and what runs there: "
            "kubectl describe node {name}"
        ),
    ),
    "DiskPressure": (
        "disk",
        (
            "Look what fills its disk (images, logs, emptyDir volumes): "
            "kubectl debug node/{name} -it --image=busybox -- df -h /host"
        ),
    ),
    "PIDPressure": (
        "process ids",
        (
            "Look who starts so many processes: "
            "kubectl debug node/{name} -it --image=busybox -- chroot /host ps -e"
        ),
    ),
}
"""Conditions that the kubelet writes; others come from agents whose words we do not know."""


@fact(
    code="HF-NOD-003",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a peak that the kubelet reclaims at once is over by then
    reads=(Node,),
    next_step="See what runs there: kubectl describe node {name}",
    explains=("HF-WRK-028", "HF-WRK-011"),
)
def node_under_pressure(cluster: Snapshot) -> Iterator[Found]:
    """A node's MemoryPressure, DiskPressure or PIDPressure is True. The kubelet keeps it so for
    five minutes after the pressure has gone.
    """
    for node in cluster.all(Node):
        if node.leaving:
            continue
        for type_, (short_of, step) in PRESSURES.items():
            pressure = node.condition(type_)
            if pressure is None or pressure.status != "True":
                continue  # healthy: enough of it; or silent, which is another fact
            since = pressure.last_transition_time or node.born
            yield Found(
                about=node.ref,
                part=type_,
                since=since,
                says=f"short of {short_of} for {cluster.elapsed(since)}: it evicts pods",
                seen={"reason": pressure.reason, "message": pressure.message},
                next_step=step,
            )
