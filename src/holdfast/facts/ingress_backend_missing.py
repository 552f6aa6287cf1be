"""An ingress leads to a service that does not exist."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Ingress, Service
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

ACTION = "use-annotation"  # AWS: the name is not a service's but an annotation's


@fact(
    code="HF-NET-007",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a chart makes its services a moment before its ingresses
    reads=(Ingress, Service),
    next_step="Make the service, or lead the ingress to one that exists: "
    "kubectl get services -n {namespace}",
)
def ingress_backend_missing(cluster: Snapshot) -> Iterator[Found]:
    """A service that an ingress leads to, by a path or by default, does not exist."""
    for ingress in cluster.all(Ingress):
        here = ingress.metadata.namespace
        if ingress.leaving or cluster.blind((Service,), namespace=here):
            continue
        wanted = dict.fromkeys(
            b.service.name
            for b in ingress.backends
            if b.service is not None and b.service.port.name != ACTION
        )
        for name in wanted:
            if cluster.find(Service, here, name) is not None:
                continue  # healthy
            hosts = sorted({rule.host or "any host" for rule in ingress.spec.rules})
            yield Found(
                about=ingress.ref,
                part=name,
                since=ingress.asked_since,
                says=f"leads to service {name}, which does not exist",
                seen={"service": name, "hosts": ", ".join(hosts[:5]) or "any host"},
            )
