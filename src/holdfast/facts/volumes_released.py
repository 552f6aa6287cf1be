"""A volume was kept when its claim went: nobody uses it, and it still costs."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import PersistentVolume
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-STO-009",
    channel=Channel.POSTURE,
    severity=Severity.INFO,
    grace=timedelta(hours=24),  # who deletes a claim to move its data is done within a day
    reads=(PersistentVolume,),
    next_step="If nobody needs what is on it, delete it, here and in its storage: "
    "kubectl delete pv {name}",
)
def volumes_released(cluster: Snapshot) -> Iterator[Found]:
    """A volume whose policy is Retain is in phase Released: its claim is gone."""
    for volume in cluster.all(PersistentVolume):
        if volume.status.phase != "Released" or volume.leaving:
            continue
        if volume.spec.persistent_volume_reclaim_policy != "Retain":
            continue  # healthy: somebody is about to delete it
        since = volume.status.last_phase_transition_time or volume.born
        claim = volume.spec.claim_ref
        was = f"{claim.namespace}/{claim.name}" if claim else "nobody"
        yield Found(
            about=volume.ref,
            since=since,
            says=f"kept for {cluster.elapsed(since)} after its claim {was} went",
            seen={"status.phase": volume.status.phase, "claim": was},
        )
