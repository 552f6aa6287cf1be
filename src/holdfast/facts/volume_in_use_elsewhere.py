"""A volume that only one node may hold is held by another: the pod that moved cannot start."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Event, Pod, VolumeAttachment
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.volumes import volume_events


@fact(
    code="HF-STO-007",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=3),  # the old pod gets its time to stop, then the disk its to leave
    reads=(Pod, Event, VolumeAttachment),
    next_step="Find the pod that still has it, and end that one if it may go: "
    "kubectl describe pod {name} -n {namespace}",
)
def volume_in_use_elsewhere(cluster: Snapshot) -> Iterator[Found]:
    """A pod whose volumes are not there yet has a Multi-Attach error: its volume is attached to
    another node. A ReadWriteOnce volume behind two replicas never comes free; one whose old node
    died comes free after six minutes.
    """
    for trouble in volume_events(cluster, "FailedAttachVolume"):
        if trouble.what != "Multi-Attach error":
            continue
        node = trouble.pod.spec.node_name
        held = {
            each.spec.node_name
            for each in cluster.all(VolumeAttachment)
            if each.spec.source.persistent_volume_name == trouble.volume and each.status.attached
        }
        if node in held:
            continue  # healthy: it has arrived, and the event is a memory
        holder = ", ".join(sorted(held)) or "another node"
        yield Found(
            about=trouble.pod.ref,
            part=trouble.volume,
            since=trouble.since,
            says=f"waits on {node} for volume {trouble.volume}, which {holder} holds",
            seen={"event": trouble.message, "node": node, "held by": holder},
        )
