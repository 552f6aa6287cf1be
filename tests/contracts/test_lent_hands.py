"""What lent hands do and what they are refused: lent by the fake, and by the real lender twice.

| way | lent by | on |
|---|---|---|
| port | the fake of the port | the simulated cluster |
| http | what makes leases in production | the simulated cluster |
| lab | the same | a real API server with the fences up |
"""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.kubernetes.connection import Connection, Token
from holdfast.adapters.kubernetes.hands import KubernetesHands
from holdfast.execution.lease_names import Purpose, lease_name
from holdfast.grants.names import KEEPER_USER, KINDS, REFUSES, role_of
from holdfast.grants.values import made_by, set_by
from holdfast.model.canonical import Plain
from holdfast.model.documents import Document
from holdfast.model.leases import Left, Loan
from holdfast.model.paths import Path, annotation
from holdfast.model.repairs import Kind
from holdfast.model.steps import Create, Delete, Evict, Patch, Set, Step
from holdfast.ports import Denied, Done, Hands, How, Outcome, Unseen
from holdfast.ports.leases import Leases, Lent, NotLent, taken_back
from holdfast.testing.clock import FrozenClock
from holdfast.testing.documents import Json
from holdfast.testing.leases import SimulatedLeases, fenced
from holdfast.testing.server import SimulatedServer
from holdfast.testing.simulated import SimulatedCluster
from holdfast.wiring import fencing
from lab.control_plane import Lab
from lab.parts import Options
from tests.cluster.fencing import Fenced
from tests.cluster.lending import as_keeper
from tests.contracts.driver import Driver, a_deployment, a_pod
from tests.contracts.ways import Ground, OverTheWire, Way, eventually, on_the_lab

LAB = [pytest.mark.lab, pytest.mark.slow, pytest.mark.xdist_group("lent")]
WAYS = ("port", "http", pytest.param("lab", marks=LAB))
HTTP = pytest.mark.parametrize("ground", WAYS[1:2], indirect=True)
KIND: dict[str, Kind] = {kind.name: kind for kind in KINDS}
STAMP: Path = annotation("kubectl.kubernetes.io/restartedAt", "spec", "template")
REPLICAS: Path = ("spec", "replicas")


@dataclass
class Lending:
    """Where leases are lent, and what stands there to be acted on."""

    driver: Driver
    hands: Hands  # the administrator's
    leases: Leases
    stack: AsyncExitStack

    async def made(self, resource: str, manifest: Json) -> Document:
        """A fresh object; no controller writes to it anywhere."""
        return Document(value=await self.driver.create(resource, manifest))

    async def read(self, document: Document) -> Document:
        read = await self.hands.read(document.ref)
        assert isinstance(read, Document), read
        return read

    def loan(self, kind: str, step: Step, uid: str, **more: str) -> Loan:
        purpose = Purpose(more.get("purpose", "act"))
        return Loan(
            account=str(lease_name(purpose, kind, uid, secrets.randbelow(10**8))),
            role=role_of(KIND[kind]),
            namespace=self.driver.namespace,
            rights=KIND[kind].rights(),
            steps=(step,),
            value=more.get("value", ""),
            shows=purpose is Purpose.PREVIEW,
        )

    async def lend(self, loan: Loan, fresh: Document | None) -> Hands:
        lent = await self.leases.lend(loan, fresh)
        assert isinstance(lent, Lent), lent
        return await self.stack.enter_async_context(lent.hands)


@pytest.fixture(scope="module")
def fenced_lab(lab_built: None) -> Iterator[Fenced]:
    """A lab of its own: an API server follows the values of leases while the fences are up."""
    with Lab.start(Options(bare=True)) as lab:
        made = Fenced(lab)
        yield made
        made.hang_up()
        made.admin.close()


@pytest.fixture(params=WAYS)
async def ground(request: pytest.FixtureRequest) -> AsyncIterator[Lending]:
    async with AsyncExitStack() as stack:
        if request.param == "lab":
            there: Fenced = request.getfixturevalue("fenced_lab")
            yield await _lending(on_the_lab(there.lab, stack), as_keeper(there), stack)
            return
        cluster = fenced(SimulatedCluster())
        server = await stack.enter_async_context(SimulatedServer(cluster))
        admin, keeper = (_shown(server, name) for name in ("admin", KEEPER_USER))
        wire = OverTheWire(request.param, admin, cluster.compact, stack)
        lending = await _lending(wire, keeper, stack)
        if request.param == "port":

            def hands(token: str) -> KubernetesHands:
                lent = Connection(name="lease", server=server.url, showing=Token(value=token))
                return KubernetesHands(lent, clock=FrozenClock())

            lending.leases = SimulatedLeases(server, hands)
        yield lending


def _shown(server: SimulatedServer, user: str) -> Connection:
    return Connection(name=user, server=server.url, showing=Token(value=server.admit(user)))


async def _lending(ground: Ground, keeper: Connection, stack: AsyncExitStack) -> Lending:
    way = Way(ground)
    await way.open()
    stack.push_async_callback(way.close)
    leases = await stack.enter_async_context(fencing.leases(keeper, SystemClock()))
    return Lending(way.driver, await way.hands(), leases, stack)


def stamped(target: Document, value: str = "now") -> Patch:
    return Patch(target=target.ref, sets=(Set(path=STAMP, value=value, was=None),))


def stamp(value: str = "now") -> str:
    annotations: Plain = {"kubectl.kubernetes.io/restartedAt": value}
    after: dict[str, Plain] = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    return set_by(KIND["RolloutRestart"], after)


def a_quota() -> Json:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}}
    return {**quota, "spec": {"hard": {"count/widgets.example.com": "10"}}}


def by_fence(outcome: Outcome) -> bool:
    return isinstance(outcome, Denied) and outcome.code == 403 and REFUSES in outcome.says


def by_rights(outcome: Outcome) -> bool:
    return isinstance(outcome, Denied) and outcome.code == 403 and "cannot" in outcome.says


async def test_a_lease_rehearses_acts_once_and_is_no_more(ground: Lending) -> None:
    target = await ground.made("deployments", a_deployment())
    loan = ground.loan("RolloutRestart", stamped(target), target.ref.uid, value=stamp())
    hands = await ground.lend(loan, target)
    assert isinstance(await hands.send(stamped(target), target, How.REHEARSE), Done)
    assert None is (await ground.read(target)).at(*STAMP)
    assert isinstance(await hands.send(stamped(target), target, How.ACT), Done)
    assert "now" == (await ground.read(target)).at(*STAMP)
    left = Left(account=loan.account, namespace=loan.namespace)
    assert left in await ground.leases.left()
    assert "" == await taken_back(ground.leases, left)
    after = await hands.send(stamped(target), target, How.REHEARSE)
    assert isinstance(after, Denied)
    assert 401 == after.code
    assert left not in await ground.leases.left()


async def test_a_lease_scales_to_the_one_number(ground: Lending) -> None:
    target = await ground.made("deployments", a_deployment())
    one, two = (
        Patch(
            target=target.ref,
            sets=(Set(path=REPLICAS, value=n, was=0),),
            subresource="scale",
        )
        for n in (1, 2)
    )
    value = set_by(KIND["ScaleWorkload"], {"spec": {"replicas": 1}})
    loan = ground.loan("ScaleWorkload", one, target.ref.uid, value=value)
    hands = await ground.lend(loan, target)
    assert by_fence(await hands.send(two, target, How.ACT))
    assert isinstance(await hands.send(one, target, How.ACT), Done)
    assert 1 == (await ground.read(target)).at(*REPLICAS)


async def test_a_lease_evicts_its_own_pod_and_no_other(ground: Lending) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    await ground.made("serviceaccounts", account)  # no controller makes one here
    pod, other = [await ground.made("pods", a_pod(name)) for name in ("web", "other")]
    loan = ground.loan("DeletePod", Evict(target=pod.ref), pod.ref.uid)
    hands = await ground.lend(loan, pod)
    assert isinstance(await hands.send(Evict(target=pod.ref), pod, How.REHEARSE), Done)
    assert by_fence(await hands.send(Evict(target=other.ref), other, How.ACT))
    assert isinstance(await hands.send(Evict(target=pod.ref), pod, How.ACT), Done)
    await gone(ground, pod)
    assert isinstance(await ground.read(other), Document)


async def gone(ground: Lending, document: Document) -> None:
    await eventually(lambda: ground.hands.read(document.ref), lambda read: isinstance(read, Unseen))


async def test_what_a_lease_deletes_another_makes_again_and_nothing_else(ground: Lending) -> None:
    quota = await ground.made("resourcequotas", a_quota())
    uid = quota.ref.uid
    deletes = await ground.lend(
        ground.loan("DeleteResourceQuota", Delete(target=quota.ref), uid), quota
    )
    assert isinstance(await deletes.send(Delete(target=quota.ref), quota, How.ACT), Done)
    await gone(ground, quota)
    create = Create(manifest=dict(quota.asked()))
    more = Create(manifest={**create.manifest, "spec": {"hard": {"pods": "100"}}})
    value = made_by(create.manifest)
    loan = ground.loan("DeleteResourceQuota", create, uid, purpose="undo", value=value)
    makes = await ground.lend(loan, None)
    assert by_fence(await makes.send(more, None, How.ACT))
    done = await makes.send(create, None, How.ACT)
    assert isinstance(done, Done)
    assert done.after is not None
    assert quota.at("spec") == done.after.at("spec")


async def test_a_preview_only_ever_rehearses(ground: Lending) -> None:
    target = await ground.made("deployments", a_deployment())
    more = {"purpose": "preview", "value": stamp()}
    loan = ground.loan("RolloutRestart", stamped(target), target.ref.uid, **more)
    hands = await ground.lend(loan, target)
    assert isinstance(await hands.send(stamped(target), target, How.REHEARSE), Done)
    assert by_fence(await hands.send(stamped(target), target, How.ACT))


async def test_a_preview_sees_what_else_would_change_and_nobody_does_it(ground: Lending) -> None:
    target = await ground.made("deployments", a_deployment())
    more = _with(target, Set(path=REPLICAS, value=3, was=0))
    lent = [
        await ground.lend(
            ground.loan(
                "RolloutRestart", stamped(target), target.ref.uid, purpose=each, value=stamp()
            ),
            target,
        )
        for each in ("preview", "act")
    ]
    preview, act = lent
    shown = await preview.send(more, target, How.SHOW)
    assert isinstance(shown, Done), shown
    assert shown.after is not None
    assert (3, "now") == (shown.after.at(*REPLICAS), shown.after.at(*STAMP))
    for hands, how in (
        (preview, How.REHEARSE),
        (preview, How.ACT),
        (act, How.SHOW),
        (act, How.ACT),
    ):
        assert by_fence(await hands.send(more, target, how)), how
    assert 0 == (await ground.read(target)).at(*REPLICAS)


async def test_everything_else_is_refused(ground: Lending) -> None:
    names = ("web", "other")
    target, other = [await ground.made("deployments", a_deployment(name)) for name in names]
    loan = ground.loan("RolloutRestart", stamped(target), target.ref.uid, value=stamp())
    hands = await ground.lend(loan, target)
    label = Set(path=("metadata", "labels"), value={"a": "b"}, was=target.at("metadata", "labels"))
    size = Set(path=REPLICAS, value=3, was=0)
    for step, fresh in (
        (stamped(other), other),
        (stamped(target, "then"), target),
        (_with(target, label), target),
        (_with(target, size), target),
    ):
        assert by_fence(await hands.send(step, fresh, How.REHEARSE)), step
    scale = Patch(target=target.ref, sets=(size,), subresource="scale")
    for forbidden in (Delete(target=target.ref), scale):
        assert by_rights(await hands.send(forbidden, target, How.REHEARSE))


def _with(target: Document, *sets: Set) -> Patch:
    return Patch(target=target.ref, sets=(*stamped(target).sets, *sets))


@HTTP
@pytest.mark.parametrize("policy", ["holdfast-lease", "holdfast-lease-values"])
async def test_without_its_policies_nothing_is_lent_there_either(
    ground: Lending, policy: str
) -> None:
    target = await ground.made("deployments", a_deployment())
    gone = await ground.driver.delete("validatingadmissionpolicies", policy)
    assert 200 == gone.code
    loan = ground.loan("RolloutRestart", stamped(target), target.ref.uid, value=stamp())
    told = await ground.leases.lend(loan, target)
    assert isinstance(told, NotLent)
    assert told.alarm
