"""A pod that wants a port of its node, and others have it on every node that it could use."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.room import host_ports
from holdfast.topology.scheduler_words import Obstacle
from holdfast.topology.scheduling import READS, Stuck, Told, stuck


@fact(
    code="HF-WRK-007",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # the pod that it replaces needs its grace to let go of the port
    reads=READS,
    next_step="Do without the host port, or find who has it: kubectl get pods -A -o "
    "custom-columns=POD:.metadata.name,NODE:.spec.nodeName,"
    "PORTS:.spec.containers[*].ports[*].hostPort",
)
def pod_port_taken(cluster: Snapshot) -> Iterator[Found]:
    """A pod has found no node because a host port that it asks for is taken on each that it
    could use: often by more replicas than nodes, or by another pod of the same Deployment.
    """
    yield from stuck(cluster, _told, Obstacle.PORT)


def _told(each: Stuck) -> Told:
    ports = sorted({f"{port}/{protocol}" for protocol, _, port in host_ports(each.pod.spec)})
    named = ", ".join(ports)
    return Told(
        says=f"the host port that it asks for ({named}) is taken on every node",
        seen={"hostPort": named},
    )
