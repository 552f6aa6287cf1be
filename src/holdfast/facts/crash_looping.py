"""A container that ends again and again: its program crashes, or stops when it should run on."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import in_words
from holdfast.topology.loops import Hand, Loop, loops
from holdfast.topology.waiting import READS


@fact(
    code="HF-WRK-020",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # programs that wait for another one crash once or twice at first
    reads=READS,
    next_step="Read its last words: kubectl logs {name} -n {namespace} -c {part} --previous",
    explains=("HF-WRK-023",),
)
def crash_looping(cluster: Snapshot) -> Iterator[Found]:
    """The kubelet backs off from starting a container or sidecar, or the container runs for a
    moment between two ends. Counted from when the loop began, as far as the back-off and the
    kubelet's event tell. Restarts of a pod's whole life do not count; what the kubelet itself
    ends for a probe, what never started, and init containers are facts of their own.
    """
    for loop in loops(cluster):
        if loop.hand is Hand.ITSELF and not loop.first:
            yield loop.found(f"keeps ending{loop.how}{_held(loop)}")


def _held(loop: Loop) -> str:
    if loop.status.state.waiting is None or loop.back_off is None:
        return ""
    return f", held back for {in_words(loop.back_off)}"
