"""A container that the kubelet gives up on before it has started: its startup probe fails."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.probes import Asked, failing
from holdfast.topology.waiting import READS


@fact(
    code="HF-WRK-025",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a second start may find what the first one lacked
    reads=READS,
    next_step="Give the probe more time, or read why the start takes it: "
    "kubectl logs {name} -n {namespace} -c {part} --previous",
    explains=("HF-WRK-023",),
)
def startup_probe_failing(cluster: Snapshot) -> Iterator[Found]:
    """The kubelet has killed a container for its startup probe, and it has not started since. A
    first start that takes long is left alone until the kubelet gives up on it.
    """
    for each in failing(cluster, Asked.STARTUP):
        yield each.found("is killed before it has started")
