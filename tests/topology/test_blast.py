"""Who may notice, and what of that nobody can tell."""

from typing import Any

from holdfast.conformance.scenes import NOW, Raw, a_deployment, a_pod, owned, raw, template
from holdfast.model.kinds import Deployment, Pod
from holdfast.topology.blast import Blast, blast
from holdfast.topology.edges import topology
from holdfast.topology.graph import place_of
from tests.cases import snapshot_of

DEPLOYMENT = a_deployment()
REPLICA_SET = raw(
    "apps/v1",
    "ReplicaSet",
    "web-1",
    metadata=owned(DEPLOYMENT),
    spec={"replicas": 1, "template": template()},
)
POD = a_pod("web-1-a", REPLICA_SET, metadata={"labels": {"app": "web"}})
SELECTOR = {"app": "web"}
PORTS = [{"port": 80}]
INSIDE = raw("v1", "Service", "web", spec={"selector": SELECTOR, "ports": PORTS})
OUTSIDE = raw(
    "v1",
    "Service",
    "front",
    spec={"type": "LoadBalancer", "selector": SELECTOR, "ports": PORTS},
)
BACKEND = {"service": {"name": "web", "port": {"number": 80}}}
INGRESS = raw("networking.k8s.io/v1", "Ingress", "shop", spec={"defaultBackend": BACKEND})


def around(*given: Raw, blind: dict[str, str] | None = None, kind: Any = Deployment) -> Blast:
    told = {"now": NOW, "given": [DEPLOYMENT, REPLICA_SET, POD, *given], "blind": blind or {}}
    snapshot = snapshot_of(told)
    name = "web" if kind is Deployment else "web-1-a"
    return blast(snapshot, topology(snapshot), place_of(kind, "shop", name))


def names(places: tuple[tuple[str, str, str], ...]) -> list[str]:
    return [name for _, _, name in places]


def test_whoever_serves_it_and_the_doors_to_it_are_found() -> None:
    for kind in (Deployment, Pod):
        found = around(INSIDE, OUTSIDE, INGRESS, kind=kind)
        assert ["front", "web"] == names(found.services)
        assert ["front", "shop"] == sorted(names(found.doors))
        assert 3 == found.dependents


def test_its_owners_are_no_others() -> None:
    found = around(kind=Pod)
    assert () == (*found.services, *found.doors, *found.others)
    assert 0 == found.dependents


def test_that_nothing_is_seen_is_not_told_as_that_there_is_nothing() -> None:
    told = around().told()
    assert "Nothing is seen to need it." in told
    assert told[-1].startswith("Unknown:")


def test_what_could_not_be_seen_is_named_and_what_is_not_served_is_not() -> None:
    found = around(
        INSIDE, blind={"ingresses": "forbidden", "httproutes": "absent", "grpcroutes": "absent"}
    )
    assert ["ingresses.networking.k8s.io"] == [each.resource for each in found.unseen]
    assert any("ingresses" in line for line in found.told())
