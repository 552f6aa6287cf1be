"""Custom kinds that somebody names are looked at; the others are said to be not asked for."""

from typing import Any

import pytest

from holdfast.diagnosis.survey import Survey, survey
from holdfast.errors import BadInput, Unanswered
from holdfast.facts import CATALOGUE, kinds_read, reading
from holdfast.grants.reader import reader_role
from holdfast.model.kinds.custom import Custom, custom, named
from holdfast.model.objects import Api
from holdfast.model.snapshot import State
from holdfast.ports import Unseen
from holdfast.testing.shop import a_shop
from holdfast.testing.simulated import SimulatedCluster
from holdfast.workflow.look import look

WIDGETS = "widgets.example.io"


def a_definition(plural: str = "widgets", kind: str = "Widget") -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.io"},
        "spec": {
            "group": "example.io",
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind, "singular": kind.lower()},
            "versions": [
                {
                    "name": "v1alpha2",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "x-kubernetes-preserve-unknown-fields": True,
                        }
                    },
                }
            ],
        },
    }


def a_widget(status: str) -> dict[str, Any]:
    condition = {
        "type": "Ready",
        "status": status,
        "reason": "BackendGone",
        "message": "no backend answers",
        "lastTransitionTime": "2026-03-02T11:00:00Z",
    }
    return {
        "apiVersion": "example.io/v1alpha2",
        "kind": "Widget",
        "metadata": {"name": "pump", "namespace": "shop"},
        "status": {"conditions": [condition]},
    }


@pytest.fixture
def shop() -> SimulatedCluster:
    cluster = a_shop()
    cluster.create(a_definition())
    cluster.create(a_definition("gizmos", "Gizmo"))
    cluster.create(a_widget("False"), namespace="shop")
    return cluster


async def judged(cluster: SimulatedCluster, *names: str) -> Survey:
    snapshot = await look(cluster, kinds=kinds_read(), named=names)
    return survey(snapshot, reading(snapshot.family(Custom), CATALOGUE))


def unwell(told: Survey) -> list[tuple[str, str]]:
    found = (*told.findings, *told.young)
    return [(f.about.name, f.says) for f in found if f.code == "HF-OPR-001"]


async def test_a_named_kind_is_judged_by_its_conditions(shop: SimulatedCluster) -> None:
    told = await judged(shop, WIDGETS)

    assert [("pump", "Ready is False: BackendGone")] == unwell(told)
    assert ("gizmos.example.io",) == told.coverage.not_asked
    assert {WIDGETS: 1}.items() <= {k.resource: k.count for k in told.coverage.read}.items()


async def test_what_nobody_named_is_not_asked_for_and_said_so(shop: SimulatedCluster) -> None:
    before = len(shop.audit)

    told = await judged(shop)

    assert [] == unwell(told)
    assert ("gizmos.example.io", WIDGETS) == told.coverage.not_asked
    assert WIDGETS not in {request.resource for request in shop.audit[before:]}


async def test_a_named_kind_that_may_not_be_read_is_blind(shop: SimulatedCluster) -> None:
    shop.grant(reader_role(), user="reader")

    told = await judged(shop.as_user("reader"), WIDGETS)

    assert {WIDGETS: State.FORBIDDEN}.items() <= {b.resource: b.state for b in told.blind}.items()
    wanting = {rule.name for rule in told.coverage.unjudged if WIDGETS in str(rule.wants)}
    assert "custom_resource_unwell" in wanting


async def test_a_role_that_names_it_reads_it(shop: SimulatedCluster) -> None:
    shop.grant(reader_role(named=[WIDGETS]), user="reader")

    told = await judged(shop.as_user("reader"), WIDGETS)

    assert [("pump", "Ready is False: BackendGone")] == unwell(told)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("widgts.example.io", "Did you mean widgets.example.io?"),
        ("widgets.exmaple.io", "Did you mean widgets.example.io"),
        ("deployment.apps", "Did you mean deployments.apps?"),
        ("q.zz", "kubectl get crd"),
    ],
)
async def test_a_named_kind_that_is_not_served_is_refused_with_what_may_be_meant(
    shop: SimulatedCluster, name: str, remedy: str
) -> None:
    with pytest.raises(BadInput, match=f"serves no kind '{name}'") as refused:
        await judged(shop, name)

    assert remedy in refused.value.remedy


class Silent(SimulatedCluster):
    """A cluster that does not say where a kind is served."""

    async def named(self, resource: str) -> Api | Unseen:
        raise Unanswered(f"Nobody says where {resource} is served.", remedy="Wait.")


async def test_a_kind_of_which_nobody_says_where_it_is_served_hides_no_other() -> None:
    snapshot = await look(Silent(server=a_shop().server), kinds=kinds_read(), named=[WIDGETS])

    (kind,) = snapshot.family(Custom)
    assert State.PARTIAL is snapshot.capture(kind).state
    assert survey(snapshot).troubles


async def test_a_named_kind_is_looked_at_where_the_scan_looks(shop: SimulatedCluster) -> None:
    snapshot = await look(shop, kinds=kinds_read(), named=[WIDGETS], namespaces=("kube-system",))

    (kind,) = snapshot.family(Custom)
    assert () == snapshot.all(kind)


def test_a_kind_of_one_place_is_one_kind() -> None:
    api = Api(group="example.io", kind="Widget", plural="widgets")

    assert custom(api) is custom(Api(group="example.io", kind="Widget", plural="widgets"))


@pytest.mark.parametrize(
    "name", ["widgets", "", ".", "a..b", "Widgets.example.io", "a/b.c", "x" * 300]
)
def test_what_is_no_name_of_a_kind_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        named(name)
