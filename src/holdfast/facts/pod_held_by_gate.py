"""A pod that is held back on purpose: a scheduling gate that nobody has lifted."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.scheduling import gated

QUEUES = ("kueue.x-k8s.io/",)  # a queue holds pods for as long as it takes: that is its work


@fact(
    code="HF-WRK-008",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # whoever sets a gate does something first: volumes, quota, images
    reads=(Pod,),
    next_step="Ask whoever set the gate why it is still there: "
    "kubectl get pod {name} -n {namespace} -o jsonpath='{{.spec.schedulingGates}}'",
)
def pod_held_by_gate(cluster: Snapshot) -> Iterator[Found]:
    """A pod has scheduling gates, so that no scheduler looks at it. Gates of a known job queue
    are left alone.
    """
    for pod in cluster.all(Pod):
        if pod.over or not gated(pod):
            continue
        gates = [g.name for g in pod.spec.scheduling_gates if not g.name.startswith(QUEUES)]
        if not gates:
            continue  # healthy: it waits for its turn
        scheduled = pod.condition("PodScheduled")
        yield Found(
            about=pod.ref,
            since=(scheduled.last_transition_time if scheduled else None) or pod.born,
            says=f"held back by a scheduling gate: {', '.join(gates)}",
            seen={"spec.schedulingGates": ", ".join(gates)},
        )
