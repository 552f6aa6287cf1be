"""A container that the kubelet kills again and again: its liveness probe fails."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.probes import Asked, failing
from holdfast.topology.waiting import READS


@fact(
    code="HF-WRK-021",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # the first kill is what the probe is for
    reads=READS,
    next_step="Ask what the probe asks, and compare its timing with the load: "
    "kubectl describe pod {name} -n {namespace}",
    explains=("HF-WRK-023",),
)
def killed_by_liveness_probe(cluster: Snapshot) -> Iterator[Found]:
    """The kubelet backs off from a container whose last end was a kill for its liveness probe,
    or has killed it for that more than once, the last time less than ten minutes ago. Such a
    kill looks like a crash (exit codes 137 and 143) and is none.
    """
    for each in failing(cluster, Asked.LIVENESS):
        yield each.found("is killed for its liveness probe")
