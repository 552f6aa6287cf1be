"""An autoscaler that gets no metrics: it leaves its workload as it is."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Autoscaler
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.metrics import UNASKED, group_asked, without_metrics

REQUEST = (
    "Give each container of its pods a request of what it scales by, in the workload's template: "
    "kubectl describe hpa {name} -n {namespace}"
)


@fact(
    code="HF-WRK-080",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # pods that have just started have no metrics for a minute or two
    reads=(Autoscaler,),
    next_step="Ask for the metrics that it misses: kubectl describe hpa {name} -n {namespace}",
)
def autoscaler_blind(cluster: Snapshot) -> Iterator[Found]:
    """ScalingActive is False because a metric could not be had, or because a container requests
    none of what is to be used in part. A workload at zero, which scaling is disabled for (as when
    KEDA scaled it away), is left alone.
    """
    for autoscaler, active in without_metrics(cluster):
        yield Found(
            about=autoscaler.ref,
            since=active.last_transition_time or autoscaler.born,
            says=f"gets no metrics ({active.reason}) and leaves replicas at "
            f"{autoscaler.status.current_replicas}",
            seen={"ScalingActive": f"{active.reason}: {active.message}"},
            next_step=REQUEST if UNASKED in active.message else _ask(group_asked(active)),
        )


def _ask(group: str) -> str | None:
    """By the API that it asked; None where it asked none."""
    if not group:
        return None
    return (
        "Ask for the metrics that it misses: kubectl describe hpa {name} -n {namespace}; "
        f"kubectl get apiservices v1beta1.{group}"
    )
