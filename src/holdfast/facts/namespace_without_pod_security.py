"""A namespace with pods says nothing of how safe they must be."""

from collections.abc import Iterator

from holdfast.model.kinds import Namespace, Pod
from holdfast.model.kinds.core import ENFORCE
from holdfast.model.namespaces import CONTROL_PLANE
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.samples import GRACE


@fact(
    code="HF-SEC-014",
    channel=Channel.POSTURE,
    severity=Severity.INFO,
    grace=GRACE,
    reads=(Namespace, Pod),
    next_step="See what a level would refuse, then set it: kubectl label --dry-run=server "
    "--overwrite namespace {name} pod-security.kubernetes.io/enforce=baseline",
)
def namespace_without_pod_security(cluster: Snapshot) -> Iterator[Found]:
    """A namespace that has pods has no label that enforces a level of pod security. What the API
    server enforces by default, or a policy engine besides, cannot be seen here. The control
    plane's own namespaces are not meant.
    """
    for namespace in cluster.all(Namespace):
        name = namespace.metadata.name
        if namespace.leaving or name in CONTROL_PLANE or ENFORCE in namespace.metadata.labels:
            continue  # healthy: somebody has thought about it
        pods = sum(1 for pod in cluster.within(Pod, name) if not pod.over)
        if not pods:
            continue  # healthy: nothing runs there
        yield Found(
            about=namespace.ref,
            since=namespace.born,
            says="enforces no level of pod security",
            seen={"pods": str(pods)},
        )
