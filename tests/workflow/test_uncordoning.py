"""A node through the whole leash: of no namespace, by two people, bound for the whole cluster."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from holdfast.actions.uncordon import UNSCHEDULABLE, Uncordon
from holdfast.execution.states import State
from holdfast.model.asks import Rules, What
from holdfast.model.documents import Document
from holdfast.model.handed import proposal_named
from holdfast.model.ordered import ACT, CaseOrder, partition_of
from holdfast.model.repairs import Risk
from holdfast.ports import How
from holdfast.testing.controllers import Controllers
from holdfast.testing.controllers.fates import by_image
from holdfast.testing.manifests import condition, manifest
from holdfast.testing.simulated import SimulatedCluster
from holdfast.workflow.issuing import ordered
from tests.workflow import executing, stage
from tests.workflow.stage import card_of, proposal

RULES = Rules(switched_on=frozenset({"Uncordon"}))
CODE = "HF-NOD-005"


def a_cordoned_node(cluster: SimulatedCluster, by: str = "kubectl") -> Document:
    taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    spec = {"unschedulable": True, "taints": [taint]}
    metadata = {"managedFields": [_wrote(by)]}
    node = manifest("v1", "Node", "node-9", namespace=None, spec=spec, metadata=metadata)
    ready = condition("Ready", "True", cluster.clock.now(), "KubeletReady", "it is well")
    made = cluster.update_status({**cluster.create(node), "status": {"conditions": [ready]}})
    return Document(value={"apiVersion": "v1", "kind": "Node", **made})


def node(cluster: SimulatedCluster) -> Document:
    return Document(value=cluster.fetch("nodes", "node-9"))


def asked_for(made: Document) -> dict[str, Any]:
    ref = made.ref
    return {
        "trouble": "trb_1",
        "code": CODE,
        "target": {name: getattr(ref, name) for name in ref.__struct_fields__},
        "action": "Uncordon",
        "params": {},
        "requester": "cli:sam",
    }


async def test_a_forgotten_node_is_proposed_as_high_risk_and_wants_two_people() -> None:
    async with stage.a_stage(rules=RULES) as here:
        made = a_cordoned_node(here.cluster)
        case = await here.previewed(proposal_named(await here.asked(asked_for(made))))
        about = proposal(case)
        assert State.PROPOSED == case.state, card_of(case).refusals
        assert (made.ref, Risk.HIGH) == (about.target, about.risk)
        (change,) = about.effect
        assert (UNSCHEDULABLE, True, None) == (change.path, change.before, change.after)
        assert {What.APPROVAL, What.SECOND_PERSON} <= {each.what for each in card_of(case).needs}
        assert [] == here.writes()
        assert [] == [*await here.leases.left()]


async def test_a_node_that_a_program_has_cordoned_is_refused_before_anything_is_lent() -> None:
    async with stage.a_stage(rules=RULES) as here:
        made = a_cordoned_node(here.cluster, by="karpenter")
        case = await here.previewed(proposal_named(await here.asked(asked_for(made))))
        assert State.REFUSED == case.state
        (no,) = card_of(case).refusals
        assert ("target_scope", "karpenter has cordoned it, and is to uncordon it") == (
            no.by,
            no.because,
        )


@pytest.fixture
async def acting() -> AsyncIterator[executing.Stage]:
    soak, deadline = timedelta(seconds=3), timedelta(seconds=15)
    async with executing.a_stage(rules=RULES, soak=soak, deadline=deadline) as made:
        a_cordoned_node(made.cluster)
        yield made


@pytest.mark.slow
async def test_it_is_done_by_one_lease_and_has_recovered_when_its_taint_has_gone(
    acting: executing.Stage,
) -> None:
    Controllers(acting.cluster, by_image({})).follow(acting.clock.now)
    order = await acting.approved(
        Uncordon(), node(acting.cluster).ref, by=("ana", "ben"), code=CODE
    )
    case = await acting.until(order, State.RECOVERED)
    assert State.RECOVERED == case.state
    assert [] == (node(acting.cluster).at("spec", "taints") or [])
    account = f"act.uncordon.{node(acting.cluster).ref.uid}.1"
    assert [account] == [each["account"] for each in acting.entries("lease")]
    assert [account] == [each["account"] for each in acting.entries("revoke")]
    assert [] == [*await acting.leases.left()]


async def test_it_is_done_in_the_line_in_which_previews_of_nodes_wait(
    acting: executing.Stage,
) -> None:
    about = await acting.proposal(Uncordon(), node(acting.cluster).ref, code=CODE)
    order = CaseOrder(proposal=about.id, step=1, generation=1)
    assert partition_of("") == ordered(order, ACT, about).partition


async def test_one_person_alone_does_not_open_a_node(acting: executing.Stage) -> None:
    order = await acting.approved(Uncordon(), node(acting.cluster).ref, code=CODE)
    await acting.until(order, State.REFUSED)
    assert True is node(acting.cluster).at(*UNSCHEDULABLE)


@pytest.mark.slow
async def test_what_does_not_help_is_cordoned_again(acting: executing.Stage) -> None:
    """Nobody follows: the taint stays, and no pod can come."""
    order = await acting.approved(
        Uncordon(), node(acting.cluster).ref, by=("ana", "ben"), code=CODE
    )
    await acting.until(order, State.UNDONE)
    assert True is node(acting.cluster).at(*UNSCHEDULABLE)
    assert [] == [*await acting.leases.left()]


async def test_an_answer_that_was_lost_is_found_in_the_cluster_and_not_asked_for_again(
    acting: executing.Stage,
) -> None:
    Controllers(acting.cluster, by_image({})).follow(acting.clock.now)
    acting.wire.plans = ["lose the answer"]
    order = await acting.approved(
        Uncordon(), node(acting.cluster).ref, by=("ana", "ben"), code=CODE
    )
    await acting.until(order, State.RECOVERED)
    assert 1 == len(acting.wire.sent)
    assert acting.entries("outcome")[0]["observed"]


@pytest.mark.slow
async def test_a_request_that_was_lost_while_the_kubelet_wrote_is_seen_as_not_done_and_sent_again(
    acting: executing.Stage,
) -> None:
    Controllers(acting.cluster, by_image({})).follow(acting.clock.now)
    acting.wire.plans = ["lose the request"]
    acting.wire.before = lambda _, how: _beats(acting.cluster) if how is How.ACT else None
    order = await acting.approved(
        Uncordon(), node(acting.cluster).ref, by=("ana", "ben"), code=CODE
    )
    await acting.until(order, State.RECOVERED)
    assert None is node(acting.cluster).at(*UNSCHEDULABLE)


async def test_what_somebody_has_cordoned_again_in_between_stays_unknown(
    acting: executing.Stage,
) -> None:
    acting.wire.plans = ["lose the answer"]
    acting.wire.after = lambda: _cordoned_again(acting.cluster)
    order = await acting.approved(
        Uncordon(), node(acting.cluster).ref, by=("ana", "ben"), code=CODE
    )
    await acting.until(order, State.UNKNOWN)
    assert 1 == len(acting.wire.sent)
    assert True is node(acting.cluster).at(*UNSCHEDULABLE)


def _beats(cluster: SimulatedCluster) -> None:
    """The kubelet tells how the node does."""
    there = cluster.fetch("nodes", "node-9")
    (ready,) = there["status"]["conditions"]
    beat = {**ready, "lastHeartbeatTime": "2026-01-01T12:00:10Z"}
    cluster.update_status({**there, "status": {"conditions": [beat]}})


def _cordoned_again(cluster: SimulatedCluster) -> None:
    there = cluster.fetch("nodes", "node-9")
    wrote = {**_wrote("kubectl"), "time": "2026-01-01T12:00:10Z"}
    metadata = {**there["metadata"], "managedFields": [wrote]}
    spec = {**there["spec"], "unschedulable": True}
    cluster.replace({**there, "metadata": metadata, "spec": spec})


def _wrote(by: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"f:spec": {"f:unschedulable": {}}}
    return {
        "manager": by,
        "operation": "Update",
        "time": "2025-12-31T12:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
