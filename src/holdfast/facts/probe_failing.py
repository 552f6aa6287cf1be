"""A container that runs and is not ready: its readiness probe fails."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.probes import Asked, failing
from holdfast.topology.waiting import READS


@fact(
    code="HF-WRK-023",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # programs that start slowly are not ready for two minutes
    reads=READS,
    next_step="Ask what the probe asks, and read the log: "
    "kubectl logs {name} -n {namespace} -c {part}",
)
def probe_failing(cluster: Snapshot) -> Iterator[Found]:
    """A container or sidecar runs and has started, and its readiness probe does not succeed,
    counted from when the pod stopped being ready or the probe was first due. Whether it is
    ready is the kubelet's word; events only add why, and say nothing of a container that is
    ready.
    """
    for each in failing(cluster, Asked.READINESS):
        yield each.found("runs but is not ready")
