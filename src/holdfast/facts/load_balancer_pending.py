"""A service wants a load balancer and has not got one: nobody outside reaches it."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.events import events_about
from holdfast.model.kinds import Event, Service
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

FAILED = "SyncLoadBalancerFailed"


@fact(
    code="HF-NET-005",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # clouds make one in one to four
    reads=(Service, Event),
    next_step="Read what the cloud says; if nothing, nobody here makes load balancers: "
    "kubectl describe service {name} -n {namespace}",
)
def load_balancer_pending(cluster: Snapshot) -> Iterator[Found]:
    """A service of type LoadBalancer has no address of one, counted from when it was asked for."""
    for service in cluster.all(Service):
        if service.spec.type != "LoadBalancer" or service.leaving:
            continue
        if any(point.ip or point.hostname for point in service.status.load_balancer.ingress):
            continue  # healthy: it has an address
        failed = [e for e in events_about(cluster, service) if e.reason == FAILED]
        since = service.asked_since
        seen = {"spec.loadBalancerClass": service.spec.load_balancer_class or "the default one"}
        if failed:
            seen["event"] = failed[-1].message
        yield Found(
            about=service.ref,
            since=since,
            says=f"has waited {cluster.elapsed(since)} for a load balancer",
            seen=seen,
        )
