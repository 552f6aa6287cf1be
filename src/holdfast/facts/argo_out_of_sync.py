"""An Argo CD application differs from what Git says."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import Application, Event
from holdfast.model.names import few
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.deliveries import AT_WORK, last_synced, turned


@fact(
    code="HF-DLV-001",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    # Longer than five minutes: Git is asked every three, and waves and hooks of a sync take a few.
    grace=timedelta(minutes=10),  # a sync in waves, with hooks, takes that long by rights
    reads=(Application, Event),
    next_step="See what differs: argocd app diff {namespace}/{name}",
)
def argo_out_of_sync(cluster: Snapshot) -> Iterator[Found]:
    """An Application is OutOfSync, counted from the last of: the start of the sync that runs, the
    end of the last one, and Argo CD's event that it fell out of sync. When it was last compared
    says nothing, for that is refreshed. Where nobody asked for automatic syncs, it is for
    information.
    """
    for each in cluster.all(Application):
        if each.status.sync.status != "OutOfSync" or each.leaving:
            continue  # healthy, or not to be compared: another fact
        since = _since(cluster, each)
        differ = [f"{r.kind} {r.name}" for r in each.status.resources if r.status == "OutOfSync"]
        synced = last_synced(each)
        yield Found(
            about=each.ref,
            since=since,
            says=f"differs from Git for at least {cluster.elapsed(since)}"
            + (f": {few(differ, 3)}" if differ else ""),
            seen={
                "status.sync.status": "OutOfSync",
                "status.sync.revision": each.status.sync.revision,
                "automated": "yes" if each.automated else "no",
                "last synced": "never" if synced is None else f"{cluster.elapsed(synced)} ago",
            },
            severity=None if each.automated else Severity.INFO,
        )


def _since(cluster: Snapshot, each: Application) -> datetime:
    operation = each.status.operation_state
    if operation is not None and operation.phase in AT_WORK:
        return max(each.born, operation.started_at or each.born)
    times = (
        operation.finished_at if operation is not None else None,
        last_synced(each),
        turned(cluster, each, "Updated sync status: Synced -> OutOfSync"),
    )
    return max((time for time in times if time is not None), default=each.born)
