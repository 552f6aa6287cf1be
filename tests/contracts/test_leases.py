"""Leases and fences as the keeper is handed them: simulated, and on a real control plane."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any, Protocol

import msgspec
import pytest

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.kubernetes.connection import Connection, Token
from holdfast.adapters.kubernetes.hands import KubernetesHands
from holdfast.execution.lease_names import Purpose, lease_name
from holdfast.grants.policies import GROUP
from holdfast.model.documents import Document
from holdfast.model.leases import Left, Loan
from holdfast.model.steps import Patch
from holdfast.ports import Denied, Done, How
from holdfast.ports.leases import Fences, Leases, Lent, NotLent, taken_back
from holdfast.testing.clock import FrozenClock
from holdfast.testing.leases import SimulatedFences, SimulatedLeases, fenced
from holdfast.testing.manifests import deployment, manifest
from holdfast.testing.server import SimulatedServer
from holdfast.testing.simulated import SimulatedCluster
from holdfast.wiring import fencing
from lab.client import MERGE
from lab.control_plane import Lab
from lab.parts import Options
from tests.cluster.fencing import ACCOUNTS, BINDINGS, Fenced
from tests.cluster.lending import as_keeper, left_by, lender
from tests.testing.test_leases import loan_for, stamp, stamped

POLICY = "holdfast-lease"
WEAK = {"spec": {"failurePolicy": "Ignore"}}
STRONG = {"spec": {"failurePolicy": "Fail"}}


class Yard(Protocol):
    """A cluster with fences, and who lends there."""

    leases: Leases
    fences: Fences

    def target(self) -> Document:
        """A Deployment, as it is now."""
        ...

    def an_account(self, name: str) -> None:
        """Made by somebody before us."""
        ...

    def unbind(self, loan: Loan) -> None:
        """As when somebody died after the binding was taken back."""
        ...

    def policy(self, body: dict[str, Any]) -> None:
        """Change the policy of leases."""
        ...


class Simulated:
    """On the simulated cluster."""

    def __init__(self, cluster: SimulatedCluster, server: SimulatedServer) -> None:
        self._cluster = cluster
        self._url = server.url
        self.leases: Leases = SimulatedLeases(server, self._hands)
        self.fences: Fences = SimulatedFences(cluster)

    def _hands(self, token: str) -> KubernetesHands:
        connection = Connection(name="lease", server=self._url, showing=Token(value=token))
        return KubernetesHands(connection, clock=FrozenClock())

    def target(self) -> Document:
        return Document(value=self._cluster.fetch("deployments", "web", namespace="shop"))

    def an_account(self, name: str) -> None:
        metadata = {"name": name, "namespace": "holdfast-leases"}
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
        self._cluster.create(account)

    def unbind(self, loan: Loan) -> None:
        self._cluster.delete("rolebindings", loan.account, namespace=loan.namespace)

    def policy(self, body: dict[str, Any]) -> None:
        self._cluster.patch("validatingadmissionpolicies", POLICY, body)


class Real:
    """On the lab."""

    def __init__(self, fenced: Fenced, leases: Leases, fences: Fences) -> None:
        self._fenced = fenced
        self.leases = leases
        self.fences = fences

    def target(self) -> Document:
        path = "/apis/apps/v1/namespaces/shop/deployments/web"
        return Document(value=self._fenced.admin.get(path).json())

    def an_account(self, name: str) -> None:
        assert self._fenced.keeper.send("POST", ACCOUNTS, body={"metadata": {"name": name}}).ok

    def unbind(self, loan: Loan) -> None:
        path = f"{BINDINGS % loan.namespace}/{loan.account}"
        assert self._fenced.keeper.send("DELETE", path).ok

    def policy(self, body: dict[str, Any]) -> None:
        path = f"/apis/{GROUP}/v1/validatingadmissionpolicies/{POLICY}"
        assert self._fenced.admin.send("PATCH", path, body=body, kind=MERGE).ok


@pytest.fixture(scope="module")
def fenced_lab(lab_built: None) -> Iterator[Fenced]:
    with Lab.start(Options(bare=True)) as lab:
        made = Fenced(lab)
        made.admin.send("POST", "/api/v1/namespaces", body={"metadata": {"name": "shop"}})
        body = {**deployment("web", "web:2", 2), "metadata": {"name": "web"}}
        path = "/apis/apps/v1/namespaces/shop/deployments"
        assert made.admin.send("POST", path, body=body).ok
        yield made
        made.hang_up()
        made.admin.close()


@pytest.fixture(
    params=[
        "http",
        pytest.param(
            "lab",
            marks=[pytest.mark.lab, pytest.mark.slow, pytest.mark.xdist_group("leases-contract")],
        ),
    ]
)
async def yard(request: pytest.FixtureRequest) -> AsyncIterator[Yard]:
    async with AsyncExitStack() as stack:
        if request.param == "http":
            cluster = fenced(SimulatedCluster())
            cluster.create(manifest("v1", "Namespace", "shop", namespace=None))
            cluster.create(deployment("web", "web:2", 2))
            server = await stack.enter_async_context(SimulatedServer(cluster))
            yield Simulated(cluster, server)
            return
        lab: Fenced = request.getfixturevalue("fenced_lab")
        keeper = as_keeper(lab)
        leases = await stack.enter_async_context(lender(keeper))
        fences = await stack.enter_async_context(fencing.fences(keeper, SystemClock()))
        yield Real(lab, leases, fences)


def a_restart(yard: Yard, purpose: Purpose = Purpose.ACT) -> tuple[Document, Patch, Loan]:
    """What is to be done, with a name that no lease had, and a stamp that no restart left."""
    fresh, number = yard.target(), secrets.randbelow(10**8)
    step = msgspec.structs.replace(stamped(fresh, str(number)))
    place = step.sets[0]
    step = Patch(
        target=fresh.ref, sets=(msgspec.structs.replace(place, was=fresh.at(*place.path)),)
    )
    loan = loan_for("RolloutRestart", step, purpose=purpose, value=stamp(str(number)))
    name = str(lease_name(purpose, "RolloutRestart", fresh.ref.uid, number))
    return fresh, step, msgspec.structs.replace(loan, account=name)


async def test_lends_what_acts_once_and_is_refused_when_it_was_taken_back(yard: Yard) -> None:
    fresh, step, loan = a_restart(yard)
    lent = await yard.leases.lend(loan, fresh)
    assert isinstance(lent, Lent), lent
    async with lent.hands as hands:
        assert isinstance(await hands.send(step, fresh, How.REHEARSE), Done)
        assert isinstance(await hands.send(step, fresh, How.ACT), Done)
        assert yard.target().at(*step.sets[0].path) == step.sets[0].value
        assert await taken_back(yard.leases, left_by(loan)) == ""
        again = await hands.send(step, fresh, How.ACT)
    assert isinstance(again, Denied)
    assert again.code == 401
    assert await yard.leases.left() == []


async def test_a_preview_only_rehearses(yard: Yard) -> None:
    fresh, step, loan = a_restart(yard, Purpose.PREVIEW)
    lent = await yard.leases.lend(loan, fresh)
    assert isinstance(lent, Lent), lent
    async with lent.hands as hands:
        assert isinstance(await hands.send(step, fresh, How.REHEARSE), Done)
        assert isinstance(await hands.send(step, fresh, How.ACT), Denied)
    assert await taken_back(yard.leases, left_by(loan)) == ""


async def test_tells_what_is_left_bound_or_not_and_takes_it_back(yard: Yard) -> None:
    fresh, _, loan = a_restart(yard)
    assert isinstance(await yard.leases.lend(loan, fresh), Lent)
    assert await yard.leases.left() == [Left(account=loan.account, namespace="shop")]
    yard.unbind(loan)
    alone = Left(account=loan.account, namespace="")
    assert await yard.leases.left() == [alone]
    assert await taken_back(yard.leases, alone) == ""
    assert await yard.leases.left() == []


async def test_an_account_that_is_there_already_is_not_lent(yard: Yard) -> None:
    fresh, _, loan = a_restart(yard)
    yard.an_account(loan.account)
    told = await yard.leases.lend(loan, fresh)
    assert isinstance(told, NotLent)
    assert told.taken
    assert not told.alarm
    assert await yard.leases.cut_off(Left(account=loan.account, namespace="")) == ""


async def test_nothing_is_lent_for_a_whole_cluster(yard: Yard) -> None:
    fresh, _, loan = a_restart(yard)
    told = await yard.leases.lend(msgspec.structs.replace(loan, namespace=""), fresh)
    assert isinstance(told, NotLent)
    assert await yard.leases.left() == []


async def test_what_never_was_is_cut_off_and_cut_off_again(yard: Yard) -> None:
    never = Left(account="act.deletepod.u-1.1", namespace="shop")
    assert await yard.leases.cut_off(never) == ""
    assert await yard.leases.cut_off(never) == ""


@pytest.mark.parametrize(("account", "namespace"), [("web", "shop"), ("act.deletepod.u-1.1", "..")])
async def test_what_can_be_no_lease_is_not_cut_off(
    yard: Yard, account: str, namespace: str
) -> None:
    assert "is no name of a" in await yard.leases.cut_off(
        Left(account=account, namespace=namespace)
    )


async def test_what_is_cut_off_stands_no_more_and_can_do_nothing(yard: Yard) -> None:
    fresh, step, loan = a_restart(yard)
    lent = await yard.leases.lend(loan, fresh)
    assert isinstance(lent, Lent), lent
    async with lent.hands as hands:
        assert isinstance(await hands.send(step, fresh, How.REHEARSE), Done)
        assert await yard.leases.cut_off(left_by(loan)) == ""
        assert await yard.leases.left() == []
        async with asyncio.timeout(10):  # until the server's caches have heard of it
            while isinstance(said := await hands.send(step, fresh, How.REHEARSE), Done):
                await asyncio.sleep(0.01)
        assert isinstance(said, Denied)
        assert await yard.leases.over(loan.account) == ""
        said = await hands.send(step, fresh, How.REHEARSE)
    assert isinstance(said, Denied)
    assert said.code == 401


async def test_fences_that_stand_as_they_were_made_are_not_amiss_and_others_are_named(
    yard: Yard,
) -> None:
    assert await yard.fences.amiss() == []
    yard.policy(WEAK)
    (told,) = await yard.fences.amiss()
    assert f"ValidatingAdmissionPolicy {POLICY} " in told
    yard.policy(STRONG)
    assert await yard.fences.amiss() == []
