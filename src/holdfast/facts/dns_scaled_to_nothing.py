"""The cluster's DNS is scaled to nothing: nobody finds anybody by name."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Deployment, Node
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.policies import dns_service
from holdfast.topology.services import BEHIND, answers, hidden, last_changed, makers, slices_of

OF_GOOGLE = "cloud.google.com/gke-nodepool"
"""A label of nodes that may ask Google's own DNS: its manual says to scale the cluster's away."""


@fact(
    code="HF-NET-014",
    channel=Channel.INCIDENT,
    severity=Severity.CRITICAL,
    grace=timedelta(minutes=2),  # who moves the DNS elsewhere scales the old one away first
    reads=(*BEHIND, Node),
    next_step="Scale it up again: kubectl scale deployment {name} -n {namespace} --replicas=2",
)
def dns_scaled_to_nothing(cluster: Snapshot) -> Iterator[Found]:
    """The service of the cluster's DNS has no ready endpoints, and whatever makes its pods is to
    have none. Of any other service, that is taken to be on purpose. Nothing is said where nodes
    are Google's, since those may ask a DNS outside of the cluster.
    """
    service = dns_service(cluster)
    if service is None or not service.selects or service.leaving:
        return
    here = service.metadata.namespace
    slices = slices_of(cluster, here, service.metadata.name)
    if answers(slices) or hidden(cluster, here):
        return  # healthy: somebody answers, or we cannot tell
    if not cluster.sees(Node) or any(OF_GOOGLE in n.metadata.labels for n in cluster.all(Node)):
        return  # names may be answered elsewhere
    there = list(makers(cluster, service))
    if any(wanted > 0 for _, wanted in there):
        return  # it is to have pods: why they do not answer is another fact
    for maker, _ in there:
        if not isinstance(maker, Deployment):
            continue  # what runs on every node that fits is scaled by nobody
        yield Found(
            about=maker.ref,
            since=last_changed(service, slices),
            says="scaled to nothing, and it is the cluster's DNS: no name can be looked up",
            seen={"service": f"{here}/{service.metadata.name}", "spec.replicas": "0"},
        )
