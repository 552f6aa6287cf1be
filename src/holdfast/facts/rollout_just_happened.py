"""A workload that got a new revision a short while ago."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.revisions import READ, difference, revisions, rolling, wanted_since

LATELY = timedelta(hours=2)  # what a rollout breaks, it nearly always breaks within this


@fact(
    code="HF-WRK-095",
    channel=Channel.CONTEXT,
    severity=Severity.INFO,
    grace=timedelta(0),  # evidence from the first second on
    reads=READ,
    next_step="See what changed: kubectl get replicasets,controllerrevisions -n {namespace} "
    "--sort-by=.metadata.creationTimestamp",
)
def rollout_just_happened(cluster: Snapshot) -> Iterator[Found]:
    """Within the last two hours a Deployment, StatefulSet or DaemonSet that had an older revision
    got a new one, or went back to an old one. Tells which images it has now, and had before.
    """
    for workload in rolling(cluster):
        known = revisions(cluster, workload)
        if len(known) < 2:
            continue  # its first revision: nothing was rolled out over it
        since = wanted_since(workload, known)
        if since is None or cluster.now - since > LATELY:
            continue
        now, before = known[0], known[1]
        yield Found(
            about=workload.ref,
            since=since,
            says=f"revision {now.number} since {cluster.elapsed(since)}: "
            + difference(before.template, now.template),
            seen={
                "revision": f"{now.number} ({now.name})",
                "revision before": f"{before.number} ({before.name})",
                "images": ", ".join(sorted(now.images.values())),
                "images before": ", ".join(sorted(before.images.values())),
            },
        )
