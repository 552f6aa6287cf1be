"""A pod whose containers are ready, and that somebody else does not let count as ready."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-035",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a load balancer's health checks take one to three
    reads=(Pod,),
    next_step="Ask whoever sets that condition (a load balancer's controller, a mesh), and see "
    "whether it runs: kubectl get pod {name} -n {namespace} -o jsonpath='{{.status.conditions}}'",
)
def readiness_gate_closed(cluster: Snapshot) -> Iterator[Found]:
    """All containers of a pod are ready, and a readiness gate of its spec names a condition that
    is not True: no service leads to it. Counted from when nothing else was missing.
    """
    for pod in cluster.all(Pod):
        if not pod.spec.readiness_gates or pod.over or pod.ready:
            continue  # healthy
        containers = pod.condition("ContainersReady")
        if containers is None or containers.status != "True":
            continue  # its containers are another fact
        since = max(filter(None, (containers.last_transition_time, pod.unready_since)))
        for gate in pod.spec.readiness_gates:
            said = pod.condition(gate.condition_type)
            if said is not None and said.status == "True":
                continue  # healthy: this one is open
            told = "nobody has set it" if said is None else f"{said.status}: {said.reason}"
            closed: datetime | None = said.last_transition_time if said is not None else None
            yield Found(
                about=pod.ref,
                part=gate.condition_type,
                since=max(since, closed or since),
                says=f"its containers are ready, and its gate {gate.condition_type} is not open",
                seen={gate.condition_type: told + (f": {said.message}" if said else "")},
            )
