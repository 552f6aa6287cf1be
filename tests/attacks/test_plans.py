"""Plans, attacked: words for one step used for another, letters that are no plan, steps whose world
changes between them, words that come too late, others at the same target, clocks and backups.

Each row of a table is an attack; `what was counted` says how many there were.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from holdfast.errors import NotCanonical
from holdfast.execution.states import State
from holdfast.model.handed import FREEZE, PLAN, PROPOSE, WORD
from holdfast.model.ordered import ACT, LOOK, CaseOrder
from holdfast.model.people import Identities, Person
from holdfast.model.plans import Plan
from holdfast.model.repairs import ActionClass
from holdfast.ports import How
from tests.attacks.arena import HOUR, MINUTE, SECOND, Arena, person
from tests.attacks.conftest import SUITE
from tests.attacks.plans import (
    BOTH,
    Once,
    a_plan_arena,
    another,
    approved,
    done,
    healed,
    heard,
    leases_left,
    letter,
    opened,
    opened_as,
    outcomes,
    patched,
    put_back,
    replicas,
    said_meanwhile,
    words,
)
from tests.attacks.test_meanwhile import ANAS, POLICIES, fence_altered, people_now, ruled
from tests.tally import Count, Tally
from tests.workflow.executing import key
from tests.workflow.stage import RULES

pytestmark = pytest.mark.slow

WEB, API, BACK = ("act", "web"), ("act", "api"), ("undo", "web")


async def works(arena: Arena) -> None:
    await arena.works(meanwhile=lambda: healed(arena))
    assert [] == leases_left(arena)


# words


CLAIMS: Mapping[str, Callable[[Plan], dict[str, Any]]] = {
    "step 0": lambda _: {"step": 0},
    "a third step of two": lambda _: {"step": 3},
    "a step before the first": lambda _: {"step": -1},
    "the digest of a step alone": lambda p: {"digest": alone(p)},
    "the digest of the other order": lambda p: {"digest": turned(p)},
    "the digest of a longer one": lambda p: {"digest": "0" * 64},
    "of another plan": lambda _: {"proposal": "prp_other"},
    "an undo of the second": lambda _: {"step": 2, "decision": "undo", "reason": "x"},
    "an undo of what nobody did": lambda _: {"decision": "undo", "reason": "x"},
    "a no to the second alone": lambda _: {"step": 2, "decision": "reject", "reason": "x"},
    "by nobody": lambda _: {"signer": key("eve")},
    "in another namespace": lambda _: {"namespace": "holdfast-thaw"},
    "for both steps": lambda _: {"both": True},
}


def alone(plan: Plan) -> str:
    return another(plan, plan.steps[:1]).digest


def turned(plan: Plan) -> str:
    return another(plan, plan.steps[::-1]).digest


async def test_no_word_for_one_thing_is_one_for_another(tally: Tally) -> None:
    async with a_plan_arena() as arena:
        plan, other = await opened(arena, "web", "api"), await opened(arena, "api", "web")
        bodies = []
        for claim in CLAIMS.values():
            changed = claim(plan)
            both = changed.pop("both", False)
            word = arena.word("ana", plan.first, **changed)
            if both:
                word["statement"] = word["statement"].replace('"step":1', '"step":[1,2]')
            bodies.append(word)
        mine, theirs = words(arena, plan, "ana"), words(arena, other, "ana")
        bodies += [
            {**mine[0], "signature": mine[1]["signature"]},
            {**mine[1], "signature": mine[0]["signature"]},
            {**mine[0], "signature": theirs[0]["signature"]},
            {**mine[0], "step": "2"},
        ]
        assert {"refused"} == {*await heard(arena, bodies)}
        assert {"counted"} == {*await heard(arena, mine)}
        await works(arena)
        assert arena.untouched()
    tally(Count(SUITE, len(bodies) - 1))


async def test_two_people_who_each_approve_one_step_have_approved_none() -> None:
    async with a_plan_arena() as arena:
        plan = await opened(arena, "web", "api")
        pair = [arena.word("ana", plan.first, step=1), arena.word("ben", plan.first, step=2)]
        assert 2 == (await heard(arena, pair * 3)).count("counted")
        await works(arena)
        assert arena.untouched()


async def test_whoever_asked_approves_no_step() -> None:
    async with a_plan_arena() as arena:
        asked = letter(arena, "web", "api", requester="cli:Ana")
        plan = await opened_as(arena, asked)
        told = await heard(arena, words(arena, plan))
        assert sorted(["refused", "refused", "counted", "counted"]) == sorted(told)
        await works(arena)
        assert arena.untouched()


async def test_the_distance_between_two_people_counts_for_each_step() -> None:
    rules = msgspec.structs.replace(RULES, distance={ActionClass.SCALE: 30 * MINUTE})
    async with a_plan_arena(rules=rules) as arena:
        plan = await opened(arena, "web", "api")
        assert ["counted"] == await heard(arena, [arena.word("ana", plan.first, step=1)])
        arena.cluster.clock.advance(30 * MINUTE)
        assert ["counted"] == await heard(arena, [arena.word("ana", plan.first, step=2)])
        bens = words(arena, plan, "ben")
        assert ["counted", "refused"] == [(await heard(arena, [each]))[0] for each in bens]
        arena.cluster.clock.advance(29 * MINUTE)
        assert ["refused"] == await heard(arena, bens[1:])
        await works(arena)
        assert arena.untouched()


@pytest.mark.parametrize("keepers", [1, 3])
async def test_each_step_is_paid_for_also_when_all_come_at_once(keepers: int) -> None:
    rules = msgspec.structs.replace(RULES, per_hour={ActionClass.SCALE: 1})
    async with a_plan_arena(rules=rules) as arena:
        plan = await opened(arena, "web", "api")
        letters = [arena.put(WORD, each) for each in words(arena, plan) * 2]
        await asyncio.gather(*(arena.hears(*letters) for _ in range(keepers)))
        assert 2 == [arena.became(each) for each in letters].count("counted")
        await works(arena)
        assert arena.untouched()


async def test_words_that_come_in_any_order_to_three_keepers_set_it_going_once() -> None:
    async with a_plan_arena() as arena:
        plan = await opened(arena, "web", "api", "db")
        letters = [arena.put(WORD, each) for each in words(arena, plan)[::-1] * 2]
        await asyncio.gather(*(arena.hears(*letters) for _ in range(3)))
        told = [arena.became(each) for each in letters]
        assert 1 == told.count("approved")
        assert 6 == told.count("refused")
        await works(arena)
        assert [WEB, API, ("act", "db")] == done(arena)


@pytest.mark.parametrize("turn", [1, -1])
async def test_of_a_no_and_the_last_yes_one_counts(turn: int) -> None:
    async with a_plan_arena() as arena:
        plan = await opened(arena, "web", "api")
        no = arena.word("ben", plan.first, decision="reject", reason="no")
        letters = [arena.put(WORD, each) for each in [*words(arena, plan), no][::turn]]
        await asyncio.gather(*(arena.hears(*letters) for _ in range(2)))
        told = [arena.became(each) for each in letters]
        assert 1 == told.count("approved") + told.count("rejected")
        await works(arena)
        assert ("rejected" in told) == arena.untouched()


# letters


def second(**changed: Any) -> Callable[[Arena, list[Any]], Any]:
    return lambda _, steps: {"steps": [steps[0], {**steps[1], **changed}]}


def params(**changed: Any) -> Callable[[Arena, list[Any]], Any]:
    return second(params={"replicas": 3, "now": 2, **changed})


def target(of: int = 1, **changed: Any) -> Callable[[Arena, list[Any]], Any]:
    def change(_: Arena, steps: list[Any]) -> Any:
        there = {**steps[of]["target"], **changed}
        return {"steps": [steps[0], {**steps[of], "target": there}]}

    return change


def with_uid_of_first(_: Arena, steps: list[Any]) -> Any:
    there = {**steps[1]["target"], "uid": steps[0]["target"]["uid"]}
    return {"steps": [steps[0], {**steps[1], "target": there}]}


def order_and_its_request(arena: Arena, _: list[Any]) -> Any:
    order, request = arena.body("DeleteACMEOrder"), arena.body("DeleteCertificateRequest")
    uid = arena.document("CertificateRequest waits-1").ref.uid
    there = {**request["target"], "name": "waits-1", "uid": uid}
    return {"steps": [order, {**request, "code": "HF-CFG-012", "target": there}]}


LETTERS: Mapping[str, Callable[[Arena, list[Any]], Any]] = {
    "steps in a step": lambda _, s: {"steps": [s]},
    "steps that are a text": lambda *_: {"steps": "x"},
    "steps that are nothing": lambda *_: {"steps": None},
    "steps that are a mapping": lambda _, s: {"steps": {"0": s[0], "1": s[1]}},
    "a version": lambda _, s: {"steps": s, "v": 2},
    "a plan in itself": lambda _, s: {"plan": s, "steps": s},
    "one asked for by another above": lambda _, s: {"steps": s, "requester": "cli:kim"},
    "a requester with a Cyrillic letter": second(requester="cli:s\u0430m"),
    "a requester with a capital": second(requester="cli:Sam"),
    "a number of its own": second(step=1),
    "a place of its own": second(place={"step": 1, "last": 1, "digest": ""}),
    "fewer than none": params(replicas=-1),
    "none": params(replicas=0),
    "yes for a number": params(replicas=True),
    "a text for a number": params(replicas="3"),
    "an approval among parameters": params(approved=True),
    "the first by the second's name": target(0, name="api"),
    "the first by another version": target(0, api_version="apps/v1beta2"),
    "the first by its uid in capitals": lambda _, s: target(0, uid=s[0]["target"]["uid"].upper())(
        _, s
    ),
    "the second by the first's uid": with_uid_of_first,
    "two kinds for one object": lambda a, s: {"steps": [s[0], a.body("RolloutRestart")]},
    "the pod of another step": lambda a, s: {"steps": [s[0], a.body("DeletePod")]},
    "the pod of another step first": lambda a, s: {"steps": [a.body("DeletePod"), s[0]]},
    "what belongs to another step's": order_and_its_request,
    "in the floor": target(namespace="kube-system"),
    "in another namespace": target(namespace="default"),
    "a Secret": target(kind="Secret", api_version="v1"),
    "an endless trouble": second(trouble="x" * 301),
    "another fact": second(code="HF-WRK-020"),
    "a letter for one": lambda _, s: s[0],
}
NEVER_PUT: Mapping[str, Callable[[Arena, list[Any]], Any]] = {
    "a number beyond all": params(replicas=2**63),
    "a fraction": params(replicas=3.0),
    "depth": lambda *_: {
        "steps": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
    },
}


async def test_what_is_no_plan_of_ours_is_never_one(tally: Tally) -> None:
    async with a_plan_arena() as arena:
        steps = letter(arena, "web", "api")["steps"]
        letters = {name: arena.put(PLAN, change(arena, steps)) for name, change in LETTERS.items()}
        letters["a plan as a letter for one"] = arena.put(PROPOSE, {"steps": steps})
        for change in NEVER_PUT.values():
            with pytest.raises(NotCanonical):
                arena.put(PLAN, change(arena, steps))
        await arena.hears(*letters.values())
        told = {name: arena.became(each) for name, each in letters.items()}
        assert dict.fromkeys(letters, "refused") == told
        assert [] == list(arena.cases())
        assert arena.untouched()
    tally(Count(SUITE, len(letters) + len(NEVER_PUT) - 1))


# between two steps


def made_again(arena: Arena) -> None:
    there = arena.cluster.fetch("deployments.apps", "api", namespace="shop")
    arena.cluster.delete("deployments.apps", "api", namespace="shop")
    arena.cluster.create({**there, "metadata": {"name": "api", "namespace": "shop"}})


HELM = {"meta.helm.sh/release-name": "x", "meta.helm.sh/release-namespace": "shop"}
ARGO = {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:x/y"}
SHOP: Mapping[str, Callable[[Arena], object]] = {
    "it is another by uid": made_again,
    "it is gone": lambda a: a.cluster.delete("deployments.apps", "api", namespace="shop"),
    "it was scaled": patched("api", spec={"replicas": 4}),
    "it was scaled to what was meant": patched("api", spec={"replicas": 3}),
    "Flux keeps it": patched("api", metadata={"labels": {"kustomize.toolkit.fluxcd.io/name": "x"}}),
    "Argo CD keeps it": patched("api", metadata={"annotations": ARGO}),
    "Helm keeps it": patched(
        "api",
        metadata={"annotations": HELM, "labels": {"app.kubernetes.io/managed-by": "Helm"}},
    ),
}
LEASH: Mapping[str, Callable[[Arena], object]] = {
    "its namespace is protected": ruled(protected=frozenset({"shop"})),
    "its kind is switched off": ruled(switched_on=frozenset()),
    "their group may not": ruled(approvers={ActionClass.SCALE: frozenset({"admins"})}),
    "they are wanted apart": ruled(distance={ActionClass.SCALE: 30 * MINUTE}),
    "ana was revoked": lambda a: people_now(person("ana", revoked=a.store_now()), person("ben"))(a),
    "ben is not known any more": people_now(person("ana")),
    "her key is his": people_now(
        Person(id="ben", groups=("oncall",), identities=Identities(ssh=ANAS))
    ),
    "she asked for it, it turns out": people_now(person("ana", name="Sam"), person("ben")),
    "nobody is left": people_now(),
    "a fence was altered": fence_altered,
    "a fence is gone": lambda a: a.cluster.delete(POLICIES, "holdfast-lease"),
}
MOMENTS = {
    "the first was done": ("web", How.ACT),
    "its lease rehearses": ("api", How.REHEARSE),
    "it is sent": ("api", How.ACT),
}


async def changed_at(moment: str, change: Callable[[Arena], object]) -> None:
    async with a_plan_arena() as arena:
        await approved(arena, "web", "api")
        once = Once(arena, *MOMENTS[moment], lambda: change(arena))
        await works(arena)
        assert once.done
        assert API not in done(arena)
        assert (2, "halted") in outcomes(arena)
        assert (2, "applied") not in outcomes(arena)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("change", SHOP.values(), ids=list(SHOP))
async def test_a_target_that_changes_before_its_step_is_left(
    change: Callable[[Arena], object], moment: str
) -> None:
    await changed_at(moment, change)


@pytest.mark.parametrize("change", LEASH.values(), ids=list(LEASH))
async def test_a_leash_that_is_shortened_between_two_steps_holds_the_second(
    change: Callable[[Arena], object],
) -> None:
    await changed_at("the first was done", change)


@pytest.mark.parametrize("too", [False, True])
@pytest.mark.parametrize("moment", ["the first was done", "its lease rehearses"])
async def test_a_freeze_between_two_steps_holds_the_second(moment: str, *, too: bool) -> None:
    async with a_plan_arena() as arena:
        await approved(arena, "web", "api")
        frozen = {"reason": "x", "undo_too": too}
        assert ["frozen"] == await said_meanwhile(arena, MOMENTS[moment], [frozen], FREEZE)
        assert [WEB] + [BACK] * (not too) == done(arena)


LATE: Mapping[str, dict[str, Any]] = {
    "a yes again": {},
    "a yes to the second again": {"step": 2},
    "a no": {"decision": "reject", "reason": "x"},
    "a no to the second": {"step": 2, "decision": "reject", "reason": "x"},
    "an undo of the second alone": {"step": 2, "decision": "undo", "reason": "x"},
}


@pytest.mark.parametrize("moment", MOMENTS)
async def test_words_that_come_too_late_change_nothing(moment: str, tally: Tally) -> None:
    async with a_plan_arena() as arena:
        plan = await approved(arena, "web", "api")
        late = [arena.word("ben", plan.first, **each) for each in LATE.values()]
        told = await said_meanwhile(arena, MOMENTS[moment], late)
        assert ["refused"] * len(late) == told
        assert [WEB, API] == done(arena)
        assert State.RECOVERED.value == getattr(arena.case(plan.id), "state", "")
    tally(Count(SUITE, len(LATE) - 1))


# others at the same targets


async def test_of_two_plans_that_cross_one_is_done() -> None:
    async with a_plan_arena() as arena:
        one, two = await opened(arena, "web", "api"), await opened(arena, "api", "web")
        letters = [arena.put(WORD, each) for plan in (one, two) for each in words(arena, plan)]
        await asyncio.gather(*(arena.hears(*letters) for _ in range(2)))
        await works(arena)
        acts = [each for each in done(arena) if each[0] == "act"]
        assert len(acts) == len(set(acts))
        assert [3, 3] == replicas(arena, "web", "api")


@pytest.mark.parametrize("name", ["web", "api"])
@pytest.mark.parametrize("first", [True, False])
async def test_a_plan_and_a_single_repair_of_one_target_do_it_once(
    name: str, *, first: bool
) -> None:
    async with a_plan_arena() as arena:
        plan = await opened(arena, "web", "api")
        uid = arena.document(f"Deployment {name}").ref.uid
        single = await arena.open("ScaleWorkload", target={"name": name, "uid": uid})
        alone = [arena.word(who, single) for who in BOTH]
        both = [*alone, *words(arena, plan)] if first else [*words(arena, plan), *alone]
        await heard(arena, both)
        await works(arena)
        assert 1 == done(arena).count(("act", name))
        assert len(done(arena)) == len(set(done(arena)))


# clocks and backups


@pytest.mark.parametrize("off", [-HOUR, -16 * MINUTE, 5 * HOUR])
async def test_a_clock_that_is_set_between_two_steps_makes_no_time_for_the_second(off: Any) -> None:
    async with a_plan_arena() as arena:
        await approved(arena, "web", "api")
        Once(arena, "web", How.ACT, lambda: arena.set_the_databases_clock(off))
        await works(arena)
        assert [WEB, BACK] == done(arena)


@pytest.mark.parametrize("away", [-SECOND, SECOND])
async def test_a_word_for_the_second_holds_as_long_as_the_plan_is_open_or_is_none(
    away: timedelta,
) -> None:
    async with a_plan_arena() as arena:
        plan = await opened(arena, "web", "api")
        until = plan.first.open_until + away
        said = [
            arena.word(
                who, plan.first, step=step, until=until if step == 2 else plan.first.open_until
            )
            for who in BOTH
            for step in (1, 2)
        ]
        assert ["counted", "refused", "counted", "refused"] == await heard(arena, said)
        await works(arena)
        assert [] == done(arena)


@pytest.mark.parametrize("lost", ["", "anchors", "shelf"])
@pytest.mark.parametrize("taken", ["before", "approved", "between"])
async def test_no_backup_has_a_step_done_twice(taken: str, lost: str) -> None:
    async with a_plan_arena() as arena:
        plan = await opened(arena, "web", "api")
        said, backups = words(arena, plan), {"before": arena.backup()}
        assert "approved" in await heard(arena, said)
        backups["approved"] = arena.backup()
        Once(arena, "api", How.REHEARSE, lambda: backups.update(between=arena.backup()))
        await works(arena)
        assert [WEB, API] == done(arena)
        put_back(arena, "web", "api")
        arena.restore(backups[taken])
        (arena.anchors if lost == "anchors" else arena.shelf.there if lost else {}).clear()
        if taken == "before":
            assert "approved" in await heard(arena, said)
        for step in (1, 2):
            order = CaseOrder(proposal=plan.id, step=step, generation=1)
            arena.order(ACT, order)
            arena.order(LOOK, order)
        await works(arena)
        assert [WEB, API] == done(arena)
