"""Network policies forbid pods to ask the DNS: they find nobody by name."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from heapq import nsmallest

from holdfast.model.kinds import Namespace, NetworkPolicy, Node, Pod, Service
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.policies import Chooser, Dns, Way, dns, may_ask, policies

READ = (NetworkPolicy, Pod, Service, Namespace)


@fact(
    code="HF-NET-011",
    channel=Channel.INCIDENT,
    severity=Severity.INFO,
    grace=timedelta(minutes=2),  # who denies everything first allows the rest in the next moment
    reads=READ,
    hints=(Node,),  # for whether a pod is not ready because its node is away
    next_step="Allow egress to kube-system on port 53, UDP and TCP, for those pods: "
    "kubectl describe networkpolicy {name} -n {namespace}",
    spreads=False,
)
def network_policy_denies_dns(cluster: Snapshot) -> Iterator[Found]:
    """Every policy that speaks of a pod's outgoing traffic keeps it from the cluster's DNS over
    UDP. A warning when such a pod is not ready although its node is, else an info: a pod may do
    without names. Told of the strictest of the policies. Kinds of policies of network plugins are
    not read.
    """
    if not (cluster.sees(NetworkPolicy) and cluster.sees(Service) and cluster.sees(Namespace)):
        return
    of = dns(cluster)
    for namespace, there in policies(cluster, Way.OUT).items():
        if cluster.blind((NetworkPolicy,), namespace=namespace):
            continue
        for policy, pods in _denied(cluster, namespace, there, of).items():
            blamed = there[policy]
            unwell = [pod for pod in pods if not pod.ready and not _away(cluster, pod)]
            yield Found(
                about=blamed.ref,
                since=max(blamed.asked_since, min(pod.born for pod in pods)),
                says=f"keeps {len(pods)} pods from the DNS"
                + (f", {len(unwell)} of them are not ready" if unwell else ""),
                seen={
                    "pods": ", ".join(nsmallest(5, (pod.metadata.name for pod in pods))),
                    "DNS": of.namespace if of is not None else "not seen",
                },
                severity=Severity.WARNING if unwell else None,
            )


def _away(cluster: Snapshot, pod: Pod) -> bool:
    """Whether its node is not ready, which makes every pod on it unready whatever a policy says."""
    node = cluster.find(Node, "", pod.spec.node_name)
    ready = node.condition("Ready") if node is not None else None
    return ready is not None and ready.status != "True"


def _denied(
    cluster: Snapshot, namespace: str, there: Sequence[NetworkPolicy], of: Dns | None
) -> Mapping[int, Sequence[Pod]]:
    """Pods that none of the policies lets ask, by the strictest policy that selects them."""
    may = [may_ask(policy, of) for policy in there]
    chooser = Chooser(there)
    denied: dict[int, list[Pod]] = {}
    for pod in cluster.within(Pod, namespace):
        if pod.over or pod.spec.host_network:
            continue  # healthy: policies do not hold on the node's own network
        mine = chooser.select(pod)
        if not mine or any(may[at] for at in mine):
            continue  # healthy: nobody forbids it, or somebody allows it
        strictest = min(mine, key=lambda at: (len(there[at].spec.egress), there[at].metadata.name))
        denied.setdefault(strictest, []).append(pod)
    return denied
