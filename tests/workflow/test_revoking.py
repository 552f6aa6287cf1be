"""An order to end a lease is a row: whoever wrote it, nothing ends but leases, in their time."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.execution.lease_names import Purpose
from holdfast.execution.states import State
from holdfast.grants.names import LEASES
from holdfast.model.ordered import LOOK, REVOKE, SWEEP, CaseOrder, RevokeOrder, SweepOrder
from holdfast.model.runs import Order
from holdfast.testing.manifests import manifest
from holdfast.workflow.lending import allot
from holdfast.workflow.revoking import CUT_OFF, GOES_ON, REVOKED
from holdfast.workflow.sweeping import OTHERS as OTHERS_BOUND
from tests.workflow.executing import Stage, a_stage
from tests.workflow.notes_of_a_log import Heard

OTHERS = "team-admin"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage() as made:
        yield made


def an_account(stage: Stage, name: str, namespace: str = LEASES) -> None:
    made = manifest("v1", "ServiceAccount", name, namespace=None)
    stage.cluster.create(made, namespace=namespace)


def a_binding(stage: Stage, name: str, role: str = "edit", namespace: str = "shop") -> None:
    made = manifest(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        name,
        namespace=None,
        roleRef={"kind": "ClusterRole", "name": role},
        subjects=[{"kind": "ServiceAccount", "name": name, "namespace": LEASES}],
    )
    stage.cluster.create(made, namespace=namespace)


def bindings(stage: Stage, namespace: str = "shop") -> set[str]:
    return _names(stage.cluster.page("rolebindings", namespace=namespace))


def accounts(stage: Stage) -> set[str]:
    return _names(stage.cluster.page("serviceaccounts", namespace=LEASES))


def _names(listed: Any) -> set[str]:
    return {each["metadata"]["name"] for each in listed["items"]}


def planted(stage: Stage, account: str, *namespaces: str) -> str:
    """A run that somebody wrote into the engine's tables."""
    order = RevokeOrder(account=account, namespaces=namespaces, proposal="prp_x")
    with stage.store.transaction() as tx:
        stage.engine.enqueue(tx, Order(id=order.run, phase=REVOKE, argument=order))
    return order.run


async def run(stage: Stage, id_: str) -> None:
    async with stage.engine.running():
        while not stage.ended(id_):
            await stage.clock_moves()
    assert not stage.failed()


@pytest.mark.parametrize(
    ("account", "namespace"),
    [
        (OTHERS, "shop"),
        (OTHERS, ""),
        ("holdfast-keeper", LEASES),
        ("../../x", "kube-system"),
        ("act.rolloutrestart.uid-1.7", "shop/rolebindings/team-admin?"),
        ("act.rolloutrestart.uid-1.7", ".."),
        ("act.rolloutrestart.uid-1.7/../team-admin", "shop"),
        ("", "shop"),
    ],
)
async def test_what_can_be_no_lease_is_left_alone_and_told_once_and_nothing_is_sealed(
    stage: Stage, account: str, namespace: str
) -> None:
    for name in (OTHERS, "holdfast-keeper"):
        an_account(stage, name)
        a_binding(stage, name)
    before = accounts(stage), bindings(stage)

    await run(stage, planted(stage, account, namespace))

    assert before == (accounts(stage), bindings(stage))
    assert 1 == stage.complaints("no lease to end")
    assert [] == [*stage.entries(CUT_OFF), *stage.entries(REVOKED)]
    assert all(each.state.ended for each in stage.runs())


async def test_one_namespace_that_is_none_spoils_the_order(stage: Stage) -> None:
    account = "act.rolloutrestart.uid-1.7"
    a_binding(stage, account, "holdfast-action-rolloutrestart")
    await run(stage, planted(stage, account, "shop", "no namespace"))
    assert {account} == bindings(stage)


async def test_what_has_the_form_of_a_lease_is_ended(stage: Stage) -> None:
    account = "act.rolloutrestart.uid-1.7"
    an_account(stage, account)
    a_binding(stage, account, "holdfast-action-rolloutrestart")
    await run(stage, planted(stage, account, "shop"))
    assert set() == bindings(stage)
    assert [account] == [each["account"] for each in stage.entries(REVOKED)]


@pytest.mark.slow
async def test_the_lease_of_a_run_that_goes_on_is_ended_when_that_has_ended(stage: Stage) -> None:
    later = CaseOrder(proposal="prp_9", step=1, generation=1)
    with stage.store.transaction() as tx:
        waiting = Order(id="look/9", phase=LOOK, argument=later, delay=timedelta(hours=1))
        stage.engine.enqueue(tx, waiting)
        kind = RolloutRestart.kind
        account = allot(tx, Purpose.ACT, kind, "uid-1", run="look/9", at=stage.clock.now())
    an_account(stage, account)
    a_binding(stage, account, "holdfast-action-rolloutrestart")

    await run(stage, planted(stage, account, "shop"))

    assert {account} == bindings(stage)
    assert [] == stage.entries(CUT_OFF)
    (why,) = [about["why"] for event, about in heard(stage).told if event == "lease left over"]
    assert GOES_ON == why
    stage.lose_runs(LOOK)
    await stage.quiet(REVOKE)
    assert set() == bindings(stage)


def heard(stage: Stage) -> Heard:
    log = stage.leash.log
    assert isinstance(log, Heard)
    return log


async def test_a_run_that_gives_its_own_lease_back_waits_for_nothing(stage: Stage) -> None:
    order = await stage.approved(RolloutRestart(stamp="2026-01-01T12:00:00Z"))
    await stage.until(order, State.APPLIED)
    assert 1 == len(stage.entries(REVOKED))
    assert 0 == stage.complaints("lease left over")


async def test_a_sweep_tells_of_what_others_bound_and_leaves_it_alone(stage: Stage) -> None:
    a_binding(stage, OTHERS, "holdfast-action-rolloutrestart")
    with stage.store.transaction() as tx:
        stage.engine.enqueue(tx, Order(id="sweep/1", phase=SWEEP, argument=SweepOrder()))
    await run(stage, "sweep/1")
    assert {OTHERS} == bindings(stage)
    assert [] == [each for each in stage.runs() if each.order.phase == REVOKE]
    (trouble,) = [wrong.wrong for at, wrong in heard(stage).troubles if at == OTHERS_BOUND]
    assert trouble.startswith("team-admin stands where leases stand")
