"""An image whose registry does not answer: no name, no route, no trust, or an error of its own."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.waiting import READS, Wait, waiting


@fact(
    code="HF-WRK-014",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a failed pull is tried again after 10 and after 20 s
    reads=READS,
    next_step="Reach the registry from that node (name, route, proxy, certificate): "
    "kubectl get pod {name} -n {namespace} -o wide",
)
def image_registry_unreachable(cluster: Snapshot) -> Iterator[Found]:
    """A container waits for an image, and the node got no answer from the registry: its name
    does not resolve, nothing answers there, its certificate is not trusted, or it fails.
    """
    for each in waiting(cluster, Wait.UNREACHABLE):
        yield each.found(f"waits for {each.image}, whose registry does not answer")
