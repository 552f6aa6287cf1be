"""A container is privileged: whoever gets into it has the node."""

from collections.abc import Iterator

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.samples import GRACE, READ, containers, samples


@fact(
    code="HF-SEC-010",
    channel=Channel.POSTURE,
    severity=Severity.WARNING,
    grace=GRACE,
    reads=READ,
    next_step="Give it the capabilities that it needs instead, or a namespace of its own: "
    "kubectl get pods -n {namespace} -o yaml",
)
def privileged_pod(cluster: Snapshot) -> Iterator[Found]:
    """The newest pod of a workload has a privileged container, outside the control plane's own
    namespaces.
    """
    for workload, pod in samples(cluster):
        for container in containers(pod):
            security = container.security_context
            if security is None or not security.privileged:
                continue  # healthy
            yield Found(
                about=workload.ref,
                part=container.name,
                since=workload.born,
                says=f"container {container.name} is privileged",
                seen={"image": container.image, "pod": pod.metadata.name},
            )
