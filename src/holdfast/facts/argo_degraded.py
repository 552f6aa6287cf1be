"""What an Argo CD application consists of does badly."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Application, Event
from holdfast.model.names import few
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.deliveries import last_synced, turned

WORDS = tuple(
    f"Updated health status: {before} -> Degraded"
    for before in ("Healthy", "Progressing", "Suspended", "Missing", "Unknown")
)


@fact(
    code="HF-DLV-002",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    # Longer than five minutes: a rollout, which has a deadline of ten, is Degraded while it fails
    # and comes back by itself where somebody rolls it back.
    grace=timedelta(minutes=10),  # what was just synced takes minutes to become healthy
    reads=(Application, Event),
    next_step="See which of its objects do badly: argocd app get {namespace}/{name}",
)
def argo_degraded(cluster: Snapshot) -> Iterator[Found]:
    """An Application's health is Degraded, counted from its transition, or, where an older Argo CD
    keeps no such time, from its event or from the last sync. Progressing, Suspended and Missing
    are not Degraded.
    """
    for each in cluster.all(Application):
        health = each.status.health
        if health.status != "Degraded" or each.leaving:
            continue  # healthy
        since = (
            health.last_transition_time
            or turned(cluster, each, *WORDS)
            or last_synced(each)
            or each.born
        )
        bad = [
            f"{r.kind} {r.name}"
            for r in each.status.resources
            if r.health is not None and r.health.status == "Degraded"
        ]
        yield Found(
            about=each.ref,
            since=since,
            says=f"Degraded for {cluster.elapsed(since)}" + (f": {few(bad, 3)}" if bad else ""),
            seen={
                "status.health.status": "Degraded",
                "status.sync.status": each.status.sync.status,
                "status.sync.revision": each.status.sync.revision,
            },
        )
