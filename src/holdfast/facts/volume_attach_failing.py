"""A volume cannot be attached to a node: the pods that mount it do not start."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Claim, Event, PersistentVolume, Pod, VolumeAttachment
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.volumes import claim_of, mounting, volume_events
from holdfast.topology.workloads import SHORT


@fact(
    code="HF-STO-006",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # while a disk leaves its old node, the first tries fail
    reads=(VolumeAttachment, PersistentVolume, Claim, Pod, Event),
    next_step="Read what the attacher says: kubectl get volumeattachments -o wide, and: "
    "kubectl get events -A --field-selector reason=FailedAttachVolume",
    explains=(*SHORT, "HF-WRK-034"),
)
def volume_attach_failing(cluster: Snapshot) -> Iterator[Found]:
    """A VolumeAttachment is not attached and carries an error, counted from when the attaching
    began. Where no VolumeAttachment tells (drivers that need none), a pod whose volumes are not
    there yet has the event FailedAttachVolume. A volume that another node holds is another fact.
    """
    attached: set[tuple[str, str]] = set()
    for each in cluster.all(VolumeAttachment):
        volume, node = each.spec.source.persistent_volume_name, each.spec.node_name
        attached.add((volume, node))
        error = each.status.attach_error
        if each.status.attached or each.leaving or error is None:
            continue  # healthy: attached, on its way, or on its way off
        pods = _pods(cluster, volume, node)
        yield Found(
            about=each.ref,
            part=volume,
            since=each.born,
            says=f"volume {volume} cannot be attached to {node}" + _waiting(pods),
            seen={
                "status.attachError": error.message,
                "attacher": each.spec.attacher,
                "pods": ", ".join(pods) or "none that we see",
            },
        )
    for trouble in volume_events(cluster, "FailedAttachVolume"):
        node = trouble.pod.spec.node_name
        if not trouble.what.startswith("AttachVolume.") or (trouble.volume, node) in attached:
            continue
        yield Found(
            about=trouble.pod.ref,
            part=trouble.volume,
            since=trouble.since,
            says=f"volume {trouble.volume} cannot be attached to {node}",
            seen={"event": f"{trouble.what}: {trouble.message}", "node": node},
        )


def _pods(cluster: Snapshot, volume: str, node: str) -> list[str]:
    """The pods on that node that mount that volume."""
    found = cluster.find(PersistentVolume, "", volume)
    claim = claim_of(cluster, found) if found is not None else None
    if claim is None:
        return []
    return [
        f"{pod.metadata.namespace}/{pod.metadata.name}"
        for pod in mounting(cluster, claim.metadata.namespace, claim.metadata.name)
        if pod.spec.node_name == node
    ]


def _waiting(pods: list[str]) -> str:
    return f", and {', '.join(pods[:3])} waits for it" if pods else ""
