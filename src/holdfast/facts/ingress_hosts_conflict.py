"""Two ingresses of one class claim the same host and path: one of them is ignored."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Ingress, IngressClass
from holdfast.model.kinds.network import Backend
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.ingresses import class_of, served_at

type Claimed = tuple[str, str, str, str]  # class, host, path, how the path is meant


@fact(
    code="HF-NET-009",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a host that moves from one namespace to another is in both
    reads=(Ingress, IngressClass),
    next_step="Give the path to one of them: kubectl get ingress -A",
)
def ingress_hosts_conflict(cluster: Snapshot) -> Iterator[Found]:
    """An ingress claims a host and path that an older one of its class claims, for another
    backend. Not so when both are served at addresses of their own, when one of them is a canary of
    the other, or when they are of no class that we know.
    """
    claimed: dict[Claimed, list[tuple[Ingress, Backend]]] = {}
    for ingress in sorted(cluster.all(Ingress), key=lambda each: (each.born, str(each.ref))):
        of = class_of(cluster, ingress)
        if not of or ingress.leaving or ingress.metadata.annotations.second_backend == "true":
            continue
        for rule in ingress.spec.rules:
            for path in rule.http.paths if rule.http is not None else ():
                how = path.path_type if path.path_type == "Exact" else "Prefix"
                key = (of, rule.host.lower(), path.path or "/", how)
                claimed.setdefault(key, []).append((ingress, path.backend))
    for (of, host, path_, _), several in claimed.items():
        (first, backend), *others = several
        for ingress, mine in others:
            if ingress is first or not _differs(first, backend, ingress, mine):
                continue  # healthy: the same thing said twice
            if _apart(first, ingress):
                continue  # healthy: each has a load balancer of its own
            yield Found(
                about=ingress.ref,
                part=f"{host}{path_}",
                since=max(first.asked_since, ingress.asked_since),
                says=f"claims {host or 'any host'}{path_}, which {first.metadata.namespace}/"
                f"{first.metadata.name} claims as well",
                seen={"class": of, "the older one": str(first.ref)},
            )


def _differs(first: Ingress, backend: Backend, ingress: Ingress, mine: Backend) -> bool:
    return mine != backend or first.metadata.namespace != ingress.metadata.namespace


def _apart(first: Ingress, ingress: Ingress) -> bool:
    here, there = served_at(first), served_at(ingress)
    return bool(here) and bool(there) and here.isdisjoint(there)
