"""An image that is not there: the registry knows no such repository, tag or platform."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.waiting import READS, Wait, waiting


@fact(
    code="HF-WRK-013",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a failed pull is tried again after 10 and after 20 s
    reads=READS,
    next_step="Correct the name or tag, or push the image: "
    "kubectl describe pod {name} -n {namespace}",
)
def image_not_found(cluster: Snapshot) -> Iterator[Found]:
    """A container, init container or sidecar waits for an image of which the registry says that
    it does not exist. Docker Hub does not tell what is missing from what is private; its own
    library is open to all, so there it is missing.
    """
    for each in waiting(cluster, Wait.NOT_FOUND):
        yield each.found(f"waits for {each.image}, which its registry does not have")
