"""A container that is created and cannot run: its command, its user or a mount does not fit."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.loops import Hand, loops
from holdfast.topology.waiting import READS, Wait, waiting

SAYS = "is created, and the runtime cannot start its command"


@fact(
    code="HF-WRK-019",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a runtime that is overloaded starts it at the second try
    reads=READS,
    next_step="Correct its command, or what the image lacks: "
    "kubectl describe pod {name} -n {namespace}",
)
def container_cannot_run(cluster: Snapshot) -> Iterator[Found]:
    """The runtime cannot start a container (RunContainerError, StartError): no such command, no
    right to execute it, a mount in the way. Its program never ran, so there is no log of it.
    """
    looping = set()
    for loop in loops(cluster):
        if loop.hand is Hand.RUNTIME:
            looping.add((loop.pod.metadata.uid, loop.status.name))
            yield loop.found(SAYS)
    for each in waiting(cluster, Wait.RUN):
        if (each.pod.metadata.uid, each.status.name) not in looping:
            yield each.found(SAYS)
