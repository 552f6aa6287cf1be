"""Nothing limits who may talk to the pods of a namespace."""

from collections.abc import Iterator

from holdfast.model.kinds import Namespace, NetworkPolicy, Pod
from holdfast.model.namespaces import CONTROL_PLANE
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.samples import GRACE


@fact(
    code="HF-SEC-015",
    channel=Channel.POSTURE,
    severity=Severity.INFO,
    grace=GRACE,
    reads=(Namespace, NetworkPolicy, Pod),
    next_step="Deny what comes in by default, then allow what is wanted: "
    "kubectl get networkpolicies -n {name}",
)
def namespace_without_network_policy(cluster: Snapshot) -> Iterator[Found]:
    """A namespace has pods on the cluster's network and not one NetworkPolicy. Policies of a
    network plug-in's own kinds, which may say the same, are not seen. The control plane's own
    namespaces are not meant.
    """
    for namespace in cluster.all(Namespace):
        name = namespace.metadata.name
        if namespace.leaving or name in CONTROL_PLANE:
            continue
        if cluster.blind((NetworkPolicy, Pod), namespace=name):
            continue  # there may be one
        if cluster.within(NetworkPolicy, name):
            continue  # healthy: somebody has thought about it
        pods = sum(1 for p in cluster.within(Pod, name) if not p.over and not p.spec.host_network)
        if not pods:
            continue  # healthy: nothing that a policy could limit
        yield Found(
            about=namespace.ref,
            since=namespace.born,
            says="has no network policy: everybody in the cluster may talk to its pods",
            seen={"pods": str(pods)},
        )
