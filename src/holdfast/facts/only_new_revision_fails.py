"""A rollout whose new pods fail while the old ones are well."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.revisions import READ, between_revisions, pods_of, revisions, rolling


@fact(
    code="HF-WRK-096",
    channel=Channel.CONTEXT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # every new pod is unready at first
    reads=(*READ, Pod),
    next_step="Go back to the revision before: kubectl rollout undo deployment/{name} "
    "-n {namespace}",
)
def only_new_revision_fails(cluster: Snapshot) -> Iterator[Found]:
    """Every pod of the revision that is wanted now is unready, and every pod of older revisions
    that still runs is ready. Counted from the pod that has been unready longest. Where no older
    pod is left, nothing is said: how they were is not known.
    """
    for workload in rolling(cluster):
        if not between_revisions(workload):
            continue  # all its pods are of one revision
        known = revisions(cluster, workload)
        if len(known) < 2:
            continue
        new = pods_of(cluster, workload, known[0])
        unready = [since for pod in new if (since := pod.unready_since) is not None]
        if not unready or len(unready) < len(new):
            continue  # healthy: the new revision works somewhere
        old = [pod for each in known[1:] for pod in pods_of(cluster, workload, each)]
        if not old or not all(pod.ready for pod in old):
            continue  # what fails is not the revision, or there is nothing to compare with
        since = min(unready)
        yield Found(
            about=workload.ref,
            since=since,
            says=f"0 of {len(new)} pods of revision {known[0].number} are ready, and "
            f"{len(old)} of {len(old)} older ones",
            seen={
                "revision": f"{known[0].number} ({known[0].name})",
                "images": ", ".join(sorted(known[0].images.values())),
                "unready pods": ", ".join(sorted(pod.metadata.name for pod in new)[:3]),
            },
            next_step="Go back to the revision before: kubectl rollout undo "
            f"{workload.api.kind.lower()}/{{name}} -n {{namespace}}",
        )
