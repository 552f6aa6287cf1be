"""An init container that fails: the pod's own containers are not started before it succeeds."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.loops import Hand, loops
from holdfast.topology.waiting import READS


@fact(
    code="HF-WRK-026",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # one that waits for another program fails once or twice at first
    reads=READS,
    next_step="Read its last words: kubectl logs {name} -n {namespace} -c {part} --previous",
)
def init_container_failing(cluster: Snapshot) -> Iterator[Found]:
    """An init container that must end well before others start keeps ending badly. A sidecar is
    no such container; an image or configuration that is missing is a fact of its own.
    """
    for loop in loops(cluster):
        if loop.first and loop.hand is not Hand.RUNTIME:
            yield loop.found(f"must succeed before others start, and keeps failing{loop.how}")
