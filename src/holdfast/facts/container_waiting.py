"""A container that cannot start, for a reason that has no rule of its own."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.waiting import READS, Wait, waiting


@fact(
    code="HF-WRK-002",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a failed pull is tried again after 10 and after 20 s
    reads=READS,
    next_step="Read what the kubelet says: kubectl describe pod {name} -n {namespace}",
)
def container_waiting(cluster: Snapshot) -> Iterator[Found]:
    """A container, init container or sidecar waits for another reason than its start, and none
    of the rules for images, configuration, creation or crashes knows that reason: an image that
    may not be pulled and is not on the node, a signature that does not hold, a hook that
    failed, or an image that cannot be pulled while nobody says why.
    """
    for each in waiting(cluster, Wait.OTHER):
        yield each.found(f"cannot start: {each.reason}")
