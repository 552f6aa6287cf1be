"""An autoscaler that has wanted more replicas than it may have, for long."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Autoscaler
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import saying


@fact(
    code="HF-WRK-082",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=15),  # a peak that is over by then is what the limit is for
    reads=(Autoscaler,),
    next_step="Raise spec.maxReplicas, or find out what the load is: "
    "kubectl describe hpa {name} -n {namespace}",
    spreads=False,
)
def autoscaler_at_its_limit(cluster: Snapshot) -> Iterator[Found]:
    """ScalingLimited is True because more replicas are wanted than maxReplicas allows. One that
    rests at its maximum without wanting more is left alone, as is one that gets no metrics.
    """
    for autoscaler, limited in saying(cluster.all(Autoscaler), "ScalingLimited", "True"):
        if limited.reason != "TooManyReplicas":
            continue  # healthy: held up from below
        active, most = autoscaler.condition("ScalingActive"), autoscaler.spec.max_replicas
        if active is not None and active.status != "True":
            continue  # said before it went blind, or before its workload was scaled away
        if autoscaler.status.desired_replicas < most:
            continue
        since = limited.last_transition_time or autoscaler.born
        yield Found(
            about=autoscaler.ref,
            since=since,
            says=f"has wanted more than {most} replicas for {cluster.elapsed(since)}",
            seen={
                "spec.maxReplicas": str(most),
                "status.currentReplicas": str(autoscaler.status.current_replicas),
                "status.desiredReplicas": str(autoscaler.status.desired_replicas),
                "ScalingLimited": f"{limited.reason}: {limited.message}",
            },
        )
