"""An image that the registry does not give out now: too many were asked for."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.waiting import READS, Wait, waiting


@fact(
    code="HF-WRK-015",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a failed pull is tried again after 10 and after 20 s
    reads=READS,
    next_step="Pull as a known account or through a mirror, or wait: "
    "kubectl describe pod {name} -n {namespace}",
)
def image_rate_limited(cluster: Snapshot) -> Iterator[Found]:
    """A container waits for an image, and the registry answered that too many pulls were made
    from this address or account.
    """
    for each in waiting(cluster, Wait.RATE_LIMITED):
        yield each.found(f"waits for {each.image}, whose registry limits how often it is asked")
