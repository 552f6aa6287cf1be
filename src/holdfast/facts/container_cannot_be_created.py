"""A container that the runtime does not create: its node refuses what was asked."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.waiting import READS, Wait, waiting


@fact(
    code="HF-WRK-018",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # an overloaded runtime creates it at the second try
    reads=READS,
    next_step="Read what the runtime says: kubectl describe pod {name} -n {namespace}",
)
def container_cannot_be_created(cluster: Snapshot) -> Iterator[Found]:
    """A container waits with CreateContainerError: a path that is no directory, a device or
    mount that the node does not have, a name that an old container still holds, a runtime that
    is overloaded.
    """
    for each in waiting(cluster, Wait.CREATION):
        yield each.found("cannot be created by the runtime")
