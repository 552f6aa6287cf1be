"""An autoscaler whose bounds leave nothing to decide."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Autoscaler
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-084",
    channel=Channel.POSTURE,
    severity=Severity.INFO,
    grace=timedelta(minutes=5),  # bounds that somebody is just moving
    reads=(Autoscaler,),
    next_step="Widen its bounds, or delete it and set the replicas: "
    "kubectl edit hpa {name} -n {namespace}",
)
def autoscaler_has_no_room(cluster: Snapshot) -> Iterator[Found]:
    """minReplicas is maxReplicas, so that the autoscaler can never scale. (A minimum above the
    maximum is refused by the API server.)
    """
    for autoscaler in cluster.all(Autoscaler):
        spec = autoscaler.spec
        if spec.min_replicas < spec.max_replicas:
            continue
        if autoscaler.metadata.deletion_timestamp is not None:
            continue
        yield Found(
            about=autoscaler.ref,
            since=autoscaler.born,
            says=f"may have exactly {spec.min_replicas}, so there is nothing to scale",
            seen={
                "spec.minReplicas": str(spec.min_replicas),
                "spec.maxReplicas": str(spec.max_replicas),
            },
        )
