"""A pod reaches into its node: its paths, its network, its processes."""

from collections.abc import Iterator

from holdfast.model.kinds.pods import PodSpec
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.samples import GRACE, READ, samples


@fact(
    code="HF-SEC-011",
    channel=Channel.POSTURE,
    severity=Severity.WARNING,
    grace=GRACE,
    reads=READ,
    next_step="Ask whether it must; agents of the node do, applications do not: "
    "kubectl get pods -n {namespace} -o yaml",
)
def host_access_pod(cluster: Snapshot) -> Iterator[Found]:
    """The newest pod of a workload mounts a hostPath, or uses its node's network, processes or
    shared memory, outside the control plane's own namespaces.
    """
    for workload, pod in samples(cluster):
        reached = list(_reached(pod.spec))
        if reached:
            yield Found(
                about=workload.ref,
                since=workload.born,
                says=f"reaches into its node: {', '.join(reached)}",
                seen={"reaches": ", ".join(reached), "pod": pod.metadata.name},
            )


def _reached(spec: PodSpec) -> Iterator[str]:
    if spec.host_network:
        yield "hostNetwork"
    if spec.host_pid:
        yield "hostPID"
    if spec.host_ipc:
        yield "hostIPC"
    for volume in spec.volumes:
        if volume.host_path is not None:
            yield f"hostPath {volume.host_path.path}"
