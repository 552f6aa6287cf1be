"""A controller that does not act: what was asked of a workload has not been looked at."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import (
    DaemonSet,
    Deployment,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
)
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

type Controlled = Deployment | StatefulSet | DaemonSet | ReplicaSet | ReplicationController

CONTROLLED: tuple[type[Controlled], ...] = (
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    ReplicationController,
)


@fact(
    code="HF-WRK-051",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # controllers look within a second; a new leader takes 30 s
    reads=CONTROLLED,
    next_step="See whether the controller manager is alive: "
    "kubectl get lease kube-controller-manager -n kube-system -o yaml",
    explains=("HF-WRK-010", "HF-WRK-060", "HF-WRK-065"),
)
def generation_unobserved(cluster: Snapshot) -> Iterator[Found]:
    """The spec of a Deployment, StatefulSet, DaemonSet, ReplicaSet or ReplicationController has a
    newer generation than its controller has observed, counted from the last change of the spec,
    which the managers of its fields tell; a Deployment's generation rises with its annotations,
    too. Where nobody says when that was, nothing is said: what only takes a field away leaves no
    trace, and all that did leave one was seen when the controller had something to say later.
    """
    for kind in CONTROLLED:
        for each in cluster.all(kind):
            asked, observed = each.metadata.generation, each.status.observed_generation
            if observed >= asked or each.metadata.deletion_timestamp is not None:
                continue  # healthy: seen, or going away
            if not observed and each.status != type(each.status)():
                continue  # somebody has written its status without saying what was observed
            since = _asked_for(each)
            if since is None:
                continue  # it was changed, and nobody says when
            yield Found(
                about=each.ref,
                since=since,
                says=f"nobody has acted on a change of {cluster.elapsed(since)} ago: "
                f"generation {asked}, observed {observed}",
                seen={
                    "metadata.generation": str(asked),
                    "status.observedGeneration": str(observed),
                },
            )


def _asked_for(each: Controlled) -> datetime | None:
    """When somebody last did what raises its generation; None when nobody says."""
    written = [each.metadata.spec_written]
    if isinstance(each, Deployment):
        written.append(each.metadata.annotated)
    last = max((time for time in written if time is not None), default=None)
    if last is None:
        return each.born if each.metadata.generation == 1 else None
    seen = each.metadata.status_written
    return last if seen is None or last >= seen else None
