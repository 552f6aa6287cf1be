"""What is changed between the approval and the act: people, target, fences, and the lease."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from holdfast.errors import WrongStore
from holdfast.grants.names import LEASES
from holdfast.model.handed import WORD
from holdfast.model.people import Identities, Person
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import ActionClass
from holdfast.model.steps import Step
from holdfast.ports import How
from holdfast.testing.memory import Kept
from holdfast.workflow.intents import INTENT
from tests.approvals.keygen import public
from tests.attacks.arena import SECOND, Arena, an_arena, person
from tests.workflow.executing import key
from tests.workflow.leashes import people

pytestmark = pytest.mark.slow
POLICIES = "validatingadmissionpolicies.admissionregistration.k8s.io"
ANAS = (public(key("ana")),)


def patched(arena: Arena, **change: Any) -> None:
    arena.cluster.patch("deployments.apps", "web", change, namespace="shop")
    arena.settle()


def made_again(arena: Arena) -> None:
    there = arena.cluster.fetch("deployments.apps", "web", namespace="shop")
    arena.cluster.delete("deployments.apps", "web", namespace="shop")
    metadata = {"name": "web", "namespace": "shop"}
    arena.cluster.create({**there, "metadata": metadata, "status": {}})
    arena.settle()


def fence_altered(arena: Arena) -> None:
    arena.cluster.patch(POLICIES, "holdfast-lease", {"spec": {"failurePolicy": "Ignore"}})


def unbound(arena: Arena) -> None:
    """The binding goes while the act is on its way: only whoever acts by it notices."""

    def before(_: Step, how: How) -> None:
        if how is How.ACT:
            store = arena.cluster.server.store
            bindings = [
                place for place, _ in store.listing("rolebindings.rbac.authorization.k8s.io")
            ]
            for place in bindings:
                if place[2].startswith("act."):
                    arena.cluster.delete("rolebindings", place[2], namespace=place[1])

    arena.wire.before = before


def people_now(*who: Person) -> Callable[[Arena], None]:
    def change(arena: Arena) -> None:
        arena.everybody = people(*who)

    return change


def ruled(**rules: Any) -> Callable[[Arena], None]:
    def change(arena: Arena) -> None:
        arena.rules = msgspec.structs.replace(arena.rules, **rules)

    return change


async def test_what_is_planted_in_the_database_once_the_intent_is_sealed_stops_the_act() -> None:
    """From then on a trigger may swallow the freeze that would stop it."""

    async with an_arena() as arena:
        about = await arena.approved()

        def plant(_: Step, how: How) -> None:
            if how is not How.ACT:
                arena.seals = False  # whoever seals would end by itself
                with arena.store.transaction() as tx:
                    assert isinstance(tx.native, Kept)
                    tx.native.planted = "the trigger swallow of hf_switches"

        arena.wire.before = plant
        await arena.works(about)

        with arena.store.reading() as tx, pytest.raises(WrongStore):
            tx.require_none_planted()
        assert arena.untouched()


MEANWHILE: dict[str, Callable[[Arena], object]] = {
    "the key is another person's": people_now(Person(id="ben", identities=Identities(ssh=ANAS))),
    "the key is nobody's": people_now(Person(id="ana", identities=Identities()), person("ben")),
    "nobody is left": people_now(),
    "she was revoked": lambda a: people_now(person("ana", revoked=a.store_now()))(a),
    "she asked for it, it turns out": people_now(person("ana", name="Sam"), person("ben")),
    "her group may not": ruled(approvers={ActionClass.RESTART: frozenset({"admins"})}),
    "two are wanted": ruled(two_people=frozenset({ActionClass.RESTART})),
    "two are wanted, apart": ruled(distance={ActionClass.RESTART: 30 * SECOND}),
    "its namespace is protected": ruled(protected=frozenset({"shop"})),
    "it is another by uid": made_again,
    "its template has moved": lambda a: patched(
        a, spec={"template": {"metadata": {"labels": {"x": "y"}}}}
    ),
    "it is paused": lambda a: patched(a, spec={"paused": True}),
    "it wants more pods": lambda a: patched(a, spec={"replicas": 7}),
    "Flux keeps it": lambda a: patched(
        a, metadata={"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}
    ),
    "Argo CD keeps it": lambda a: patched(
        a, metadata={"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:x/y"}}
    ),
    "a fence was altered": fence_altered,
    "a fence is gone": lambda a: a.cluster.delete(POLICIES, "holdfast-lease"),
    "the binding is gone": unbound,
}


@pytest.mark.parametrize("change", MEANWHILE.values(), ids=list(MEANWHILE))
async def test_what_has_changed_since_stops_the_act(change: Callable[[Arena], object]) -> None:
    async with an_arena() as arena:
        await arena.approved()
        change(arena)
        await arena.works()
        assert arena.untouched()


ALL = (person("ana"), person("ben"), person("cleo"))


async def approved_by_two_after_a_third_was_revoked(arena: Arena) -> Proposal:
    about = await arena.open("ScaleWorkload")
    assert "counted" == await arena.says("ana", about)
    arena.cluster.clock.advance(SECOND)
    arena.everybody = people(person("ana", revoked=arena.store_now()), *ALL[1:])
    arena.cluster.clock.advance(SECOND)
    assert "counted" == await arena.says("ben", about)
    assert "approved" == await arena.says("cleo", about)
    return about


async def test_what_two_who_count_approved_is_done_though_a_third_was_revoked() -> None:
    async with an_arena(everybody=people(*ALL)) as arena:
        about = await approved_by_two_after_a_third_was_revoked(arena)
        await arena.acted(about)
        assert "patch deployments.apps/scale web" == arena.acts()[0], arena.course(about).says
        (intent,) = [each for each in intents(arena) if not each.get("undo")]
        assert intent["approvers"] == ["ben", "cleo"]


async def test_what_one_who_counts_approved_is_not_done_where_two_must() -> None:
    async with an_arena(everybody=people(*ALL)) as arena:
        about = await approved_by_two_after_a_third_was_revoked(arena)
        gone = [person(each, revoked=arena.store_now()) for each in ("ana", "ben")]
        arena.everybody = people(*gone, ALL[2])
        assert "refused" == await arena.acted(about)
        assert arena.untouched()
        said = arena.course(about).says
        assert "ben: whose word does not count any more" in said
        assert "two people must approve it" in said


def intents(arena: Arena) -> list[Mapping[str, object]]:
    with arena.store.reading() as tx:
        return [each.details for each in tx.records.of_kind(INTENT)]


async def test_an_account_that_somebody_made_before_is_not_what_acts() -> None:
    async with an_arena() as arena:
        about = await arena.approved()
        name = f"act.rolloutrestart.{about.target.uid}.1"
        metadata = {"name": name, "namespace": LEASES}
        made = arena.cluster.create(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
        )
        acted: list[str] = []

        def before(_: Step, __: How) -> None:
            there = arena.cluster.fetch("serviceaccounts", name, namespace=LEASES)
            acted.append(there["metadata"]["uid"])

        arena.wire.before = before
        await arena.works()
        assert acted
        assert made["metadata"]["uid"] not in acted
        assert ["patch deployments.apps web"] == arena.acts()


async def test_whoever_acts_is_the_lease_and_nobody_else_writes() -> None:
    """A binding that is there for show would leave the writing to the keeper's own account."""
    async with an_arena() as arena:
        await arena.approved()
        await arena.works()
        of_shop = [
            each.user
            for each in arena.cluster.audit[arena.began :]
            if each.resource.startswith("deployments") and each.verb not in ("get", "list", "watch")
        ]
        assert of_shop
        assert all(each.split(":")[-1].startswith(("preview.", "act.")) for each in of_shop)


@pytest.mark.parametrize(
    "requester",
    ["ana", "ANA ", "cli:ana", "mcp:cli:Ana", "cli:ａｎａ", "a\u200bna", "\u2066cli:ana", "U012"],
)
async def test_whoever_asked_approves_under_none_of_his_names(requester: str) -> None:
    ana = person("ana", identities={"slack": ("U012",)})
    async with an_arena(everybody=people(ana, person("ben"))) as arena:
        about = await arena.open(requester=requester)
        assert "refused" == await arena.says("ana", about)
        await arena.works()
        assert arena.untouched()


async def test_two_keys_of_one_person_are_not_two_people() -> None:
    ana = person("ana", ssh=(*ANAS, public(key("anas-other"))))
    async with an_arena(everybody=people(ana, person("ben"))) as arena:
        about = await arena.open("ScaleWorkload")
        assert "counted" == await arena.says("ana", about)
        other = arena.word("ana", about, signer=key("anas-other"))
        assert "refused" == await arena.told(WORD, other)
        await arena.works()
        assert arena.untouched()


async def test_two_people_of_one_name_did_both_ask_for_it() -> None:
    who = (person("ana", name="Alex"), person("ben", name="Alex"), person("cleo"))
    async with an_arena(everybody=people(*who)) as arena:
        about = await arena.open(requester="cli:alex")
        assert ["refused"] * 2 == [await arena.says(each, about) for each in ("ana", "ben")]
        await arena.works()
        assert arena.untouched()
