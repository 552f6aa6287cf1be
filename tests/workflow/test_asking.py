"""Everything that a layer judges by, put together from the cluster, the files and the store."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from holdfast.approvals.budgets import paid
from holdfast.model.asks import Ask, Assent, Chain, Managed, Proof, Rules, Station
from holdfast.model.cases import Bucket
from holdfast.model.entries import Draft
from holdfast.model.people import Person
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import ActionClass, Sight
from holdfast.model.switches import FREEZE, Acted, Failures, Frozen, acted, breaker, told
from holdfast.policy import decide
from holdfast.testing.memory import StoreInMemory
from holdfast.testing.simulated import SimulatedCluster
from holdfast.workflow.asking import BUDGET, STEP, ask_of, intent_id, who_may
from holdfast.workflow.intents import INTENT
from holdfast.workflow.leash import Leash
from holdfast.workflow.sighting import sight
from tests.audit.chains import CLUSTER
from tests.model.test_proposals import PROPOSAL
from tests.workflow.executing import intended
from tests.workflow.leashes import ANA, BEN, Operator, a_leash, people
from tests.workflow.leashes import told as changed
from tests.workflow.reaching import reaching
from tests.workflow.test_sealing import a_sealer
from tests.workflow.test_sighting import RESTART, a_cluster, ref_of

RESTARTS = ActionClass.RESTART


class Scene:
    """One Deployment, a restart of it, and a store whose chain has begun."""

    def __init__(self, cluster: SimulatedCluster | None = None) -> None:
        self.cluster = cluster or a_cluster()
        self.store = StoreInMemory(CLUSTER)
        self.now = self.cluster.clock.now()
        a_sealer(self.store).record([Draft(id="begin", kind="remark", actor="cli")])
        self.target = ref_of(self.cluster)
        self.rules = Rules()
        self.people = people(ANA, BEN)
        self.operator = Operator()

    @property
    def proposal(self) -> Proposal:
        return msgspec.structs.replace(
            PROPOSAL,
            target=self.target,
            proposed=self.now,
            open_until=self.now + timedelta(hours=4),
            requester="cli:sam",
        )

    def yes(self, person: Person = ANA) -> Assent:
        return Assent(
            person=person.id,
            groups=frozenset(person.groups),
            proof=Proof.SSH,
            digest=self.proposal.digest,
            at=self.now,
            until=self.now + timedelta(hours=1),
        )

    async def asked(self, station: Station = Station.PROPOSAL, *assents: Assent) -> Ask:
        async with reaching(self.cluster) as hands:
            seen = await sight(self.cluster, hands, RESTART, self.target)
            assert isinstance(seen, Sight)
            leash = self.leash(hands)
            about = self.proposal
            return await ask_of(
                leash, about, station, seen=seen, effect=(), assents=assents, now=self.now
            )

    def leash(self, hands: Any) -> Leash:
        leash = a_leash(
            store=self.store, cluster=self.cluster, hands=hands, clock=self.cluster.clock
        )
        return changed(
            leash, rules=lambda: self.rules, people=lambda: self.people, operator=self.operator
        )

    def switch(self, name: str, value: str) -> None:
        with self.store.transaction() as tx:
            tx.switches.on(name, value, self.now)


def refusers(ask: Ask) -> list[str]:
    return [each.by for each in decide(ask).refusals]


async def test_what_is_fine_lacks_nothing_but_an_approval() -> None:
    verdict = decide(await Scene().asked())
    assert not verdict.refusals
    assert ["signed_approval"] == [each.by for each in verdict.needs]


@pytest.mark.parametrize(
    ("name", "value", "by"),
    [
        (FREEZE, told(Frozen(by="ana", reason="x", at=Scene().now)), "freeze"),
        (FREEZE, "nobody can read this", "freeze"),
        (breaker("restart"), told(Failures(count=3, since=Scene().now)), "breaker"),
        (breaker("scale"), told(Failures(count=3, since=Scene().now)), ""),
        (breaker("restart"), told(Failures(count=2, since=Scene().now)), ""),
        ("acted", told(Acted(until=Scene().now + timedelta(minutes=1))), "cooldown"),
        ("acted", told(Acted(until=Scene().now)), ""),
        ("acted", "soon", "cooldown"),
    ],
)
async def test_a_switch_that_is_on_refuses(name: str, value: str, by: str) -> None:
    scene = Scene()
    scene.switch(acted(scene.target.uid) if name == "acted" else name, value)
    assert refusers(await scene.asked()) == ([by] if by else [])


async def test_a_budget_is_what_the_bucket_has_left() -> None:
    scene = Scene()
    with scene.store.transaction() as tx:
        empty = Bucket(thousandths=999, at=scene.now)
        assert tx.buckets.fill("ana", "restart", None, empty)

    spent, whole = [await scene.asked(Station.APPROVAL, scene.yes(who)) for who in (ANA, BEN)]

    assert {("ana", RESTARTS): 0} == spent.budgets
    assert ["budget"] == refusers(spent)
    assert {("ben", RESTARTS): 10} == whole.budgets
    assert not refusers(whole)


async def test_only_what_was_spent_on_this_counts_as_paid() -> None:
    scene = Scene()
    with scene.store.transaction() as tx:
        for key in (paid("prp_other", 1, "ana"), paid(scene.proposal.id, 2, "ana")):
            assert tx.once.spend(BUDGET, key, "keeper", scene.now)
    assert "budget" in refusers(await scene.asked(Station.EXECUTION, scene.yes()))

    with scene.store.transaction() as tx:
        tx.once.spend(BUDGET, paid(scene.proposal.id, 1, "ana"), "keeper", scene.now)
    assert "budget" not in refusers(await scene.asked(Station.EXECUTION, scene.yes()))


@pytest.mark.parametrize(
    ("kind", "digest", "chain"),
    [
        (INTENT, None, Chain.SEALED),
        (INTENT, "of something else", Chain.WRITABLE),
        ("remark", None, Chain.WRITABLE),
    ],
)
async def test_the_intent_is_sealed_when_the_chain_has_the_intent_to_do_this(
    kind: str, digest: str | None, chain: Chain
) -> None:
    scene = Scene()
    told = {**intended(scene.proposal), "digest": digest or scene.proposal.digest}
    draft = Draft(id=intent_id("tkt_1"), kind=kind, actor="keeper", details=told)
    with scene.store.transaction() as tx:
        tx.once.spend(STEP, f"{scene.proposal.id}/1/1", "tkt_1", scene.now)
        tx.records.submit(draft)
    assert (await scene.asked()).chain is Chain.WRITABLE  # it waits to be sealed

    a_sealer(scene.store).batch()

    assert (await scene.asked()).chain is chain


async def test_a_chain_that_was_never_begun_is_shut() -> None:
    scene = Scene()
    scene.store = StoreInMemory(CLUSTER)
    assert ["audit_first"] == refusers(await scene.asked())


async def test_the_operator_must_allow_somebody_before_and_everybody_after() -> None:
    scene = Scene()
    scene.operator = Operator(says=lambda question: question.person == "ben")
    assert not refusers(await scene.asked())
    assert not refusers(await scene.asked(Station.APPROVAL, scene.yes(BEN)))
    both = await scene.asked(Station.APPROVAL, scene.yes(BEN), scene.yes(ANA))
    assert ["operator_policy"] == refusers(both)
    assert "ana" in both.around.operator


async def test_nobody_is_allowed_where_nobody_may_approve() -> None:
    scene = Scene()
    scene.people = people(msgspec.structs.replace(ANA, revoked=scene.now))
    assert ["operator_policy"] == refusers(await scene.asked())
    # And whose word was taken, but who was revoked or taken out of the file since, is nobody.
    for who in (ANA, BEN):
        assert ["operator_policy"] == refusers(await scene.asked(Station.APPROVAL, scene.yes(who)))


async def test_the_operator_is_told_tiers_and_groups_as_the_files_say() -> None:
    scene = Scene()
    scene.rules = Rules(tiers={"production": frozenset({"shop"}), "lab": frozenset({"other"})})
    await scene.asked()
    first = scene.operator.asked[0]
    assert (frozenset({"production"}), frozenset({"oncall"})) == (first.tiers, first.groups)


async def test_who_may_approve_is_told_beforehand() -> None:
    scene = Scene()
    scene.rules = Rules(approvers={RESTARTS: frozenset({"oncall"})})
    about, now = scene.proposal, scene.now

    def may(asked_by: str = "cli:sam") -> list[str]:
        of = msgspec.structs.replace(about, requester=asked_by)
        found = who_may(scene.operator, scene.people, of, Station.PROPOSAL, scene.rules, now)
        return [each.id for each in found]

    assert ["ana"] == may()
    assert [] == may("ana")


async def test_an_owner_that_is_delivered_keeps_what_it_owns() -> None:
    cluster = a_cluster()
    deployment = ref_of(cluster)
    cluster.patch(
        "deployments.apps",
        "web",
        {"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}},
        namespace="shop",
    )
    scene = Scene(cluster)
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": deployment.uid}
    top = {"apiVersion": "apps/v1", "kind": "DaemonSet"}
    spec = {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "a", "image": "a"}]},
        },
    }
    metadata = {"name": "web", "namespace": "shop", "ownerReferences": [owner]}
    cluster.create({**top, "metadata": metadata, "spec": spec})
    scene.target = ref_of(cluster, "daemonsets.apps")

    ask = await scene.asked()

    assert (Managed(by="Kustomization shop", told_by=deployment),) == ask.managed
    assert ["kept_elsewhere"] == refusers(ask)


@pytest.mark.parametrize(
    "owner",
    [
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": "gone", "uid": "u-9"},
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "forged"},
        {"apiVersion": "example.com/v1", "kind": "Gadget", "name": "web", "uid": "u-9"},
        {"apiVersion": "v1", "kind": "Secret", "name": "web", "uid": "u-9"},
    ],
)
async def test_an_owner_that_cannot_be_seen_leaves_open_who_keeps_it(owner: dict[str, str]) -> None:
    cluster = a_cluster()
    metadata = {"ownerReferences": [owner]}
    cluster.patch("deployments.apps", "web", {"metadata": metadata}, namespace="shop")
    scene = Scene(cluster)

    ask = await scene.asked()

    assert ask.managed is None
    assert ["kept_elsewhere"] == refusers(ask)


async def test_owners_in_a_circle_come_to_an_end() -> None:
    cluster = a_cluster()
    one, other = ref_of(cluster), ref_of(cluster, "replicasets.apps")
    for of, owner in ((one, other), (other, one)):
        plural = {"Deployment": "deployments.apps", "ReplicaSet": "replicasets.apps"}[of.kind]
        told = {"apiVersion": "apps/v1", "kind": owner.kind, "name": owner.name, "uid": owner.uid}
        change = {"metadata": {"ownerReferences": [told]}}
        cluster.patch(plural, of.name, change, namespace="shop")

    assert () == (await Scene(cluster).asked()).managed


async def test_another_target_is_not_cooled_down_with_it() -> None:
    scene = Scene()
    scene.switch(acted("another"), told(Acted(until=scene.now + timedelta(hours=1))))
    assert not refusers(await scene.asked())
