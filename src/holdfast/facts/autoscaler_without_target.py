"""An autoscaler whose workload does not exist."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Autoscaler
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.scaled import READ, Target, target_of


@fact(
    code="HF-WRK-083",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # what is applied together may come in any order
    reads=READ,
    next_step="Point it at a workload that exists, or delete it: kubectl describe hpa {name} "
    "-n {namespace}",
)
def autoscaler_without_target(cluster: Snapshot) -> Iterator[Found]:
    """The Deployment, StatefulSet, ReplicaSet or ReplicationController that an autoscaler names
    does not exist, or the API server said so of a target of another kind. Counted from when its
    scale could no longer be read.
    """
    for autoscaler in cluster.all(Autoscaler):
        if autoscaler.metadata.deletion_timestamp is not None:
            continue
        if target_of(cluster, autoscaler) is not Target.MISSING:
            continue  # healthy: it is there, as far as we can tell
        able = autoscaler.condition("AbleToScale")
        failing = able is not None and able.status == "False"
        if able is not None and not failing:
            continue  # its scale could be read a moment ago: the target is just being replaced
        named = autoscaler.spec.scale_target_ref
        since = able.last_transition_time if able is not None else None
        yield Found(
            about=autoscaler.ref,
            since=since or autoscaler.born,
            says=f"scales {named.kind} {named.name}, which does not exist",
            seen={
                "spec.scaleTargetRef": f"{named.api_version} {named.kind} {named.name}",
                "AbleToScale": "not said" if able is None else f"{able.reason}: {able.message}",
            },
        )
