"""Where backups are kept cannot be reached: none can be made there or restored from there."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import BackupLocation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-OPR-004",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # it is asked every minute, and object stores have short troubles
    reads=(BackupLocation,),
    next_step="Read why it cannot be reached: "
    "kubectl describe backupstoragelocations.velero.io {name} -n {namespace}",
    explains=("HF-OPR-003",),
)
def backup_location_unavailable(cluster: Snapshot) -> Iterator[Found]:
    """The phase of a Velero BackupStorageLocation is Unavailable, counted from when its backups
    were last synchronised, else from the last change of what it asks; when it was last validated
    says nothing, for that is refreshed. The default location is critical.
    """
    for each in cluster.all(BackupLocation):
        if each.status.phase != "Unavailable" or each.leaving:
            continue  # healthy, or nobody has looked yet
        synced = each.status.last_synced_time
        since = max(each.asked_since, synced) if synced is not None else each.asked_since
        yield Found(
            about=each.ref,
            since=since,
            says=f"unavailable, and last well {cluster.elapsed(since)} ago"
            if synced is not None
            else "unavailable, and never seen to be well",
            seen={"status.phase": "Unavailable", "status.message": each.status.message},
            severity=Severity.CRITICAL if each.spec.default else None,
        )
