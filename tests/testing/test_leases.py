"""Leases on the simulated cluster: their own act and its rehearsal, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from holdfast.actions.uncordon import UNSCHEDULABLE
from holdfast.adapters.kubernetes.connection import Connection, Token
from holdfast.adapters.kubernetes.hands import KubernetesHands
from holdfast.execution.lease_names import Purpose, lease_name
from holdfast.grants.names import KINDS, LEASES, REFUSES, VALUES, role_of
from holdfast.grants.values import made_by, set_by
from holdfast.model.canonical import Plain
from holdfast.model.documents import Document
from holdfast.model.leases import Left, Loan
from holdfast.model.objects import Ref
from holdfast.model.paths import annotation
from holdfast.model.repairs import Kind
from holdfast.model.steps import Create, Delete, Evict, Patch, Set, Step
from holdfast.ports import Denied, Done, Hands, How, Outcome, Unclear, Unseen
from holdfast.ports.leases import Lent, NotLent, taken_back
from holdfast.testing.clock import FrozenClock
from holdfast.testing.faults import Cut, Drip, Fault, FaultProxy, Refusal, script
from holdfast.testing.leases import SimulatedFences, SimulatedLeases, fenced
from holdfast.testing.manifests import deployment, manifest, pod_of, running_status
from holdfast.testing.server import SimulatedServer
from holdfast.testing.simulated import SimulatedCluster

STAMP = annotation("kubectl.kubernetes.io/restartedAt", "spec", "template")
REPLICAS = ("spec", "replicas")
KIND: dict[str, Kind] = {kind.name: kind for kind in KINDS}


@dataclass
class Ground:
    """A fenced cluster with one of everything, and who lends there."""

    cluster: SimulatedCluster
    server: SimulatedServer
    stack: AsyncExitStack
    url: str

    def __post_init__(self) -> None:
        self.leases = SimulatedLeases(self.server, self.hands)

    def document(self, resource: str, name: str) -> Document:
        return Document(value=self.cluster.fetch(resource, name, namespace="shop"))

    def hands(self, token: str) -> KubernetesHands:
        connection = Connection(name="lease", server=self.url, showing=Token(value=token))
        return KubernetesHands(connection, clock=FrozenClock())

    async def lend(self, kind: str, step: Step, **more: Any) -> Hands:
        lent = await self.leases.lend(loan_for(kind, step, **more), None)
        assert isinstance(lent, Lent), lent
        return await self.stack.enter_async_context(lent.hands)

    async def break_with(self, *faults: Fault | None) -> None:
        """From now on hands go through a proxy that does that to their requests."""
        proxy = FaultProxy(upstream=self.server.url, plan=script(*faults))
        await self.stack.enter_async_context(proxy)
        self.url = proxy.url


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    cluster = fenced(SimulatedCluster())
    cluster.create(manifest("v1", "Namespace", "shop", namespace=None))
    for name in ("web", "cart"):
        made = cluster.create(deployment(name, f"{name}:2", 2))
        pod = cluster.create(pod_of(made, f"{name}-1", f"{name}:2"))
        cluster.update_status({**pod, "status": running_status(pod, cluster.clock.now())})
    cluster.create(manifest("batch/v1", "Job", "nightly", spec={"template": {}}))
    cluster.create(manifest("v1", "ResourceQuota", "few", spec={"hard": {"pods": "2"}}))
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(SimulatedServer(cluster))
        yield Ground(cluster, server, stack, server.url)


def loan_for(
    kind: str,
    step: Step,
    *,
    purpose: Purpose = Purpose.ACT,
    value: str = "",
    uid: str = "",
    namespace: str = "shop",
) -> Loan:
    uid = uid or ("" if isinstance(step, Create) else step.target.uid)
    return Loan(
        account=str(lease_name(purpose, kind, uid, 0)),
        role=role_of(KIND[kind]),
        namespace=namespace,
        rights=KIND[kind].rights(),
        steps=(step,),
        value=value,
    )


def stamped(target: Document, value: str = "now") -> Patch:
    return Patch(target=target.ref, sets=(Set(path=STAMP, value=value, was=None),))


def stamp(value: str = "now") -> str:
    annotations: Plain = {"kubectl.kubernetes.io/restartedAt": value}
    after: dict[str, Plain] = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    return set_by(KIND["RolloutRestart"], after)


def scaled(target: Document, to: int = 3) -> Patch:
    number = Set(path=REPLICAS, value=to, was=target.at(*REPLICAS))
    return Patch(target=target.ref, sets=(number,), subresource="scale")


def uncordoned(target: Document) -> Patch:
    return Patch(target=target.ref, sets=(Set(path=UNSCHEDULABLE, value=None, was=True),))


def by_fence(outcome: Outcome) -> bool:
    return isinstance(outcome, Denied) and outcome.code == 403 and REFUSES in outcome.says


def by_rights(outcome: Outcome) -> bool:
    return isinstance(outcome, Denied) and outcome.code == 403 and "cannot" in outcome.says


async def test_a_restart_is_rehearsed_then_done(ground: Ground) -> None:
    target = ground.document("deployments", "web")
    hands = await ground.lend("RolloutRestart", stamped(target), value=stamp())
    assert isinstance(await hands.send(stamped(target), target, How.REHEARSE), Done)
    assert None is ground.document("deployments", "web").at(*STAMP)
    assert isinstance(await hands.send(stamped(target), target, How.ACT), Done)
    assert "now" == ground.document("deployments", "web").at(*STAMP)


async def test_a_scale_is_rehearsed_then_done_and_shows_a_scale(ground: Ground) -> None:
    target = ground.document("deployments", "web")
    value = set_by(KIND["ScaleWorkload"], {"spec": {"replicas": 3}})
    hands = await ground.lend("ScaleWorkload", scaled(target), value=value)
    rehearsed = await hands.send(scaled(target), target, How.REHEARSE)
    assert isinstance(rehearsed, Done)
    assert rehearsed.after is not None
    assert ("Scale", 3) == (rehearsed.after.ref.kind, rehearsed.after.at(*REPLICAS))
    assert 2 == ground.document("deployments", "web").at(*REPLICAS)
    assert isinstance(await hands.send(scaled(target), target, How.ACT), Done)
    assert 3 == ground.document("deployments", "web").at(*REPLICAS)
    assert by_fence(await hands.send(*again(ground, 4), How.ACT))


def again(ground: Ground, to: int) -> tuple[Patch, Document]:
    fresh = ground.document("deployments", "web")
    return scaled(fresh, to), fresh


async def test_an_eviction_takes_its_own_pod_alone(ground: Ground) -> None:
    pod, other = ground.document("pods", "web-1"), ground.document("pods", "cart-1")
    hands = await ground.lend("DeletePod", Evict(target=pod.ref))
    assert isinstance(await hands.send(Evict(target=pod.ref), pod, How.REHEARSE), Done)
    assert by_fence(await hands.send(Evict(target=other.ref), other, How.ACT))
    assert isinstance(await hands.send(Evict(target=pod.ref), pod, How.ACT), Done)
    assert isinstance(await hands_of_admin(ground, pod.ref), Unseen)
    assert isinstance(await hands_of_admin(ground, other.ref), Document)


async def hands_of_admin(ground: Ground, ref: Ref) -> Document | Unseen:
    hands = await ground.stack.enter_async_context(ground.hands(ground.server.admit("admin")))
    return await hands.read(ref)


@pytest.mark.parametrize(
    ("kind", "resource", "name"),
    [("DeleteJob", "jobs", "nightly"), ("DeleteResourceQuota", "resourcequotas", "few")],
)
async def test_a_deletion_is_rehearsed_then_done(
    ground: Ground, kind: str, resource: str, name: str
) -> None:
    target = ground.document(resource, name)
    delete = Delete(target=target.ref)
    hands = await ground.lend(kind, delete)
    assert isinstance(await hands.send(delete, target, How.REHEARSE), Done)
    assert isinstance(await hands_of_admin(ground, target.ref), Document)
    assert isinstance(await hands.send(delete, target, How.ACT), Done)
    assert isinstance(await hands_of_admin(ground, target.ref), Unseen)


async def test_what_was_deleted_is_made_again_as_it_was_and_no_other(ground: Ground) -> None:
    quota = ground.document("resourcequotas", "few")
    create, uid = Create(manifest=dict(quota.asked())), quota.ref.uid
    value = made_by(quota.asked())
    ground.cluster.delete("resourcequotas", "few", namespace="shop")
    hands = await ground.lend(
        "DeleteResourceQuota", create, purpose=Purpose.UNDO, value=value, uid=uid
    )
    more = Create(manifest={**create.manifest, "spec": {"hard": {"pods": "100"}}})
    assert by_fence(await hands.send(more, None, How.ACT))
    assert isinstance(await hands.send(create, None, How.REHEARSE), Done)
    assert isinstance(await hands.send(create, None, How.ACT), Done)
    assert {"hard": {"pods": "2"}} == ground.document("resourcequotas", "few").at("spec")


async def test_a_preview_only_ever_rehearses(ground: Ground) -> None:
    target = ground.document("deployments", "web")
    hands = await ground.lend(
        "RolloutRestart", stamped(target), purpose=Purpose.PREVIEW, value=stamp()
    )
    assert isinstance(await hands.send(stamped(target), target, How.REHEARSE), Done)
    assert by_fence(await hands.send(stamped(target), target, How.ACT))
    pod = ground.document("pods", "web-1")
    evicting = await ground.lend("DeletePod", Evict(target=pod.ref), purpose=Purpose.PREVIEW)
    assert isinstance(await evicting.send(Evict(target=pod.ref), pod, How.REHEARSE), Done)
    assert by_fence(await evicting.send(Evict(target=pod.ref), pod, How.ACT))


async def test_another_object_another_value_and_another_field_are_refused(ground: Ground) -> None:
    target, other = (ground.document("deployments", name) for name in ("web", "cart"))
    hands = await ground.lend("RolloutRestart", stamped(target), value=stamp())
    label = Set(path=("metadata", "labels", "app"), value="x", was="web")
    both = Patch(target=target.ref, sets=(*stamped(target).sets, label))
    for step, fresh in (
        (stamped(other), other),
        (stamped(target, "then"), target),
        (both, target),
    ):
        assert by_fence(await hands.send(step, fresh, How.REHEARSE)), step
    assert by_rights(await hands.send(Delete(target=target.ref), target, How.REHEARSE))
    assert by_rights(await hands.send(scaled(target), target, How.REHEARSE))


async def test_no_value_set_down_is_a_refusal(ground: Ground) -> None:
    target = ground.document("deployments", "web")
    hands = await ground.lend("RolloutRestart", stamped(target))
    assert by_fence(await hands.send(stamped(target), target, How.ACT))


async def test_it_has_its_rights_in_the_one_namespace(ground: Ground) -> None:
    target = ground.document("deployments", "web")
    step = stamped(target)
    hands = await ground.lend("RolloutRestart", step, namespace="default", value=stamp())
    assert by_rights(await hands.send(step, target, How.REHEARSE))


async def test_a_lease_that_was_taken_back_does_nothing_and_leaves_nothing(ground: Ground) -> None:
    target = ground.document("deployments", "web")
    hands = await ground.lend("RolloutRestart", stamped(target), value=stamp())
    (left,) = await ground.leases.left()
    assert Left(account=f"act.rolloutrestart.{target.ref.uid}.0", namespace="shop") == left
    assert "" == await taken_back(ground.leases, left)
    outcome = await hands.send(stamped(target), target, How.ACT)
    assert isinstance(outcome, Denied)
    assert 401 == outcome.code
    assert [] == [*await ground.leases.left()]
    assert "" == await taken_back(ground.leases, left)


async def test_a_node_is_lent_for_the_whole_cluster_and_that_ends_as_well(ground: Ground) -> None:
    for name in ("node-1", "node-2"):
        made = manifest("v1", "Node", name, namespace=None, spec={"unschedulable": True})
        ground.cluster.create(made)
    target, other = (
        Document(value=ground.cluster.fetch("nodes", name)) for name in ("node-1", "node-2")
    )
    step, beside = uncordoned(target), uncordoned(other)
    hands = await ground.lend("Uncordon", step, namespace="", value="[null]")
    (left,) = await ground.leases.left()
    assert Left(account=f"act.uncordon.{target.ref.uid}.0", namespace="") == left
    assert by_fence(await hands.send(beside, other, How.REHEARSE))
    assert isinstance(await hands.send(step, target, How.ACT), Done)
    assert None is Document(value=ground.cluster.fetch("nodes", "node-1")).at(*UNSCHEDULABLE)
    assert "" == await ground.leases.cut_off(left)
    assert isinstance(await hands.send(step, target, How.ACT), Denied)
    assert [] == [*await ground.leases.left()]


@pytest.mark.parametrize(("kind", "namespace"), [("Uncordon", "shop"), ("RolloutRestart", "")])
async def test_a_role_is_bound_where_its_targets_lie_and_nowhere_else(
    ground: Ground, kind: str, namespace: str
) -> None:
    step = stamped(ground.document("deployments", "web"))
    told = await ground.leases.lend(loan_for(kind, step, namespace=namespace), None)
    assert isinstance(told, NotLent)
    assert role_of(KIND[kind]) in told.why
    assert [] == [*await ground.leases.left()]


async def test_what_is_half_made_is_told_too(ground: Ground) -> None:
    metadata = {"name": "act.deletepod.u.0", "namespace": LEASES}
    ground.cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    value = {"data": {"act.scaleworkload.u.0": "[3]"}}
    ground.cluster.patch("configmaps", VALUES, value, namespace=LEASES)
    told = [*await ground.leases.left()]
    assert ["act.deletepod.u.0", "act.scaleworkload.u.0"] == [each.account for each in told]
    for each in told:
        await taken_back(ground.leases, each)
    assert [] == [*await ground.leases.left()]


async def test_an_account_that_is_there_already_is_no_lease(ground: Ground) -> None:
    target = ground.document("deployments", "web")
    await ground.lend("RolloutRestart", stamped(target), value=stamp())
    again = await ground.leases.lend(
        loan_for("RolloutRestart", stamped(target), value=stamp()), None
    )
    assert isinstance(again, NotLent)
    assert (False, True) == (again.alarm, "already exists" in again.why)


async def test_nothing_is_lent_without_its_rights(ground: Ground) -> None:
    target = ground.document("deployments", "web")
    ground.cluster.delete("clusterroles", role_of(KIND["RolloutRestart"]))
    answer = await ground.leases.lend(loan_for("RolloutRestart", stamped(target)), None)
    assert isinstance(answer, NotLent)
    assert "it may not patch" in answer.why


async def test_nothing_is_lent_where_a_policy_is_gone(ground: Ground) -> None:
    target = ground.document("deployments", "web")
    ground.cluster.delete("validatingadmissionpolicies", "holdfast-lease")
    answer = await ground.leases.lend(loan_for("RolloutRestart", stamped(target)), None)
    assert isinstance(answer, NotLent)
    assert answer.alarm


async def test_damage_to_the_fences_is_told(ground: Ground) -> None:
    fences = SimulatedFences(ground.cluster)
    assert [] == [*await fences.amiss()]
    ground.cluster.delete("validatingadmissionpolicybindings", "holdfast-preview")
    role = ground.cluster.fetch("clusterroles", role_of(KIND["DeletePod"]))
    ground.cluster.replace({**role, "rules": []})
    assert [
        "ClusterRole holdfast-action-deletepod was altered.",
        "ValidatingAdmissionPolicyBinding holdfast-preview is missing.",
    ] == [*await fences.amiss()]


@pytest.mark.parametrize(
    ("fault", "outcome", "there"),
    [
        (Cut(), Unclear, "now"),
        (Refusal(status=500), Unclear, None),
        (Drip(size=40), Done, "now"),
        (None, Done, "now"),
    ],
    ids=["reply lost", "500", "drip", "none"],
)
async def test_a_fault_on_the_way_is_told_as_what_it_is(
    ground: Ground, fault: Fault | None, outcome: type[Outcome], there: str | None
) -> None:
    await ground.break_with(fault)
    target = ground.document("deployments", "web")
    hands = await ground.lend("RolloutRestart", stamped(target), value=stamp())
    told = await hands.send(stamped(target), target, How.ACT)
    assert isinstance(told, outcome), told
    assert there == ground.document("deployments", "web").at(*STAMP)


async def test_a_budget_keeps_a_pod_until_it_allows_one(ground: Ground) -> None:
    budget = ground.cluster.create(
        manifest(
            "policy/v1",
            "PodDisruptionBudget",
            "web",
            spec={"selector": {"matchLabels": {"app": "web"}}},
        )
    )
    pod = ground.document("pods", "web-1")
    hands = await ground.lend("DeletePod", Evict(target=pod.ref))
    kept = await hands.send(Evict(target=pod.ref), pod, How.ACT)
    assert isinstance(kept, Denied)
    assert 429 == kept.code
    ground.cluster.update_status({**budget, "status": {"disruptionsAllowed": 1}})
    assert isinstance(await hands.send(Evict(target=pod.ref), pod, How.ACT), Done)
    left = ground.cluster.fetch("poddisruptionbudgets", "web", namespace="shop")
    assert 0 == left["status"]["disruptionsAllowed"]


async def test_two_budgets_keep_a_pod_and_nobody_wonders_whether(ground: Ground) -> None:
    for name in ("one", "two"):
        chosen = {"selector": {"matchLabels": {"app": "web"}}}
        ground.cluster.create(manifest("policy/v1", "PodDisruptionBudget", name, spec=chosen))
    pod = ground.document("pods", "web-1")
    hands = await ground.lend("DeletePod", Evict(target=pod.ref))
    kept = await hands.send(Evict(target=pod.ref), pod, How.ACT)
    assert isinstance(kept, Denied)
    assert "TooManyBudgets" == kept.reason


async def test_what_has_moved_since_is_a_conflict(ground: Ground) -> None:
    target = ground.document("deployments", "web")
    hands = await ground.lend("RolloutRestart", stamped(target), value=stamp())
    label = {"metadata": {"labels": {"a": "b"}}}
    ground.cluster.patch("deployments", "web", label, namespace="shop")
    moved = await hands.send(stamped(target), target, How.ACT)
    assert isinstance(moved, Denied)
    assert moved.conflict
    other = Document(value={**target.value, "metadata": {**_metadata(target), "uid": "another"}})
    step = msgspec.structs.replace(stamped(target), target=other.ref)
    assert isinstance(await hands.send(step, other, How.ACT), Denied)


def _metadata(document: Document) -> dict[str, Plain]:
    metadata = document.at("metadata")
    assert isinstance(metadata, dict)
    return metadata
