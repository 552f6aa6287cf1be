"""A volume that nobody claims any more could not be deleted: it stays, and costs."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.events import events_about
from holdfast.model.kinds import Event, PersistentVolume
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-STO-008",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # deleting is tried again, and a busy backend needs a few tries
    reads=(PersistentVolume, Event),
    next_step="Read why it could not be deleted: kubectl describe pv {name}",
)
def volume_failed(cluster: Snapshot) -> Iterator[Found]:
    """A volume is in phase Failed, or it is Released, is to be deleted, and its provisioner says
    that it cannot (the event VolumeFailedDelete).
    """
    for volume in cluster.all(PersistentVolume):
        if volume.status.phase not in ("Failed", "Released"):
            continue
        said = [e for e in events_about(cluster, volume) if e.reason == "VolumeFailedDelete"]
        kept = volume.spec.persistent_volume_reclaim_policy != "Delete"
        if volume.status.phase == "Released" and (kept or not said):
            continue  # healthy: kept on purpose, or about to be deleted
        message = volume.status.message or (said[-1].message if said else "")
        yield Found(
            about=volume.ref,
            since=_since(volume, said[0] if said else None),
            says="could not be deleted after its claim was",
            seen={"status.phase": volume.status.phase, "message": message},
        )


def _since(volume: PersistentVolume, said: Event | None) -> datetime:
    moved = volume.status.last_phase_transition_time
    return moved or (said.first_seen if said else volume.born)
