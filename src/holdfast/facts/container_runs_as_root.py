"""A container runs as root because its pod says so."""

from collections.abc import Iterator

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.samples import GRACE, READ, containers, samples


@fact(
    code="HF-SEC-012",
    channel=Channel.POSTURE,
    severity=Severity.WARNING,
    grace=GRACE,
    reads=READ,
    next_step="Run it as another user (securityContext.runAsUser, runAsNonRoot): "
    "kubectl get pods -n {namespace} -o yaml",
)
def container_runs_as_root(cluster: Snapshot) -> Iterator[Found]:
    """The newest pod of a workload has a container whose user is 0, by its own security context or
    the pod's. Where neither names a user the image decides, which is not read: not told. In a user
    namespace of its own, root is nobody on the node.
    """
    for workload, pod in samples(cluster):
        if pod.spec.host_users is False:
            continue  # healthy: root in there alone
        general = pod.spec.security_context
        for container in containers(pod):
            own = container.security_context
            user = own.run_as_user if own is not None else None
            if user is None and general is not None:
                user = general.run_as_user
            if user != 0:
                continue  # healthy, or the image decides
            yield Found(
                about=workload.ref,
                part=container.name,
                since=workload.born,
                says=f"container {container.name} runs as root",
                seen={"runAsUser": "0", "image": container.image, "pod": pod.metadata.name},
            )
