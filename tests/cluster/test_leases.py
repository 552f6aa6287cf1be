"""Leases on a real control plane: lent, used once, taken back, whatever breaks in between.

The witness is the API server's audit log. The lab is one of its own: fences are altered and
removed in it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import msgspec
import pytest

from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.leases import KubernetesLeases
from holdfast.execution.lease_names import Purpose
from holdfast.grants.policies import GROUP
from holdfast.model.leases import Left, Loan
from holdfast.ports import Denied, Done, How
from holdfast.ports.leases import Lent, NotLent, taken_back
from lab.client import MERGE
from lab.control_plane import Lab
from lab.parts import Options
from tests.cluster.fenced_acts import BY_NAME, Act, acts, evict, restart
from tests.cluster.fencing import ACCOUNTS, Fenced, by_policy
from tests.cluster.lending import (
    FailingDoor,
    Fate,
    as_keeper,
    fates,
    fresh_of,
    left_by,
    lender,
    loan_of,
    step_of,
    user_of,
)
from tests.tally import Count, Tally

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("leases"), pytest.mark.timeout(900)]

POLICIES = f"/apis/{GROUP}/v1/validatingadmissionpolicies"
POLICY_BINDINGS = f"/apis/{GROUP}/v1/validatingadmissionpolicybindings"
AT_ONCE = 16
CONTROLLERS = "system:serviceaccount:kube-system:"
"""Whoever follows: the taint of a node, once it is uncordoned."""
YES = {"expression": "true", "message": "nothing"}


@pytest.fixture(scope="module")
def fenced(lab_built: None) -> Iterator[Fenced]:
    with Lab.start(Options(pace=0.1)) as lab:
        made = Fenced(lab)
        for path, body in _somebodys():
            assert made.admin.send("POST", path, body=body).ok
        yield made
        made.hang_up()
        made.admin.close()


def _somebodys() -> Iterator[tuple[str, dict[str, Any]]]:
    """A policy of somebody else with a parameter: were ours alone in that, an API server would
    follow no values any more once it was removed, until it starts again.
    """
    nothing = {
        "apiGroups": ["example.com"],
        "apiVersions": ["*"],
        "operations": ["CREATE"],
        "resources": ["nothing"],
    }
    named = {"name": "somebodys"}
    policy = {
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "matchConstraints": {"resourceRules": [nothing]},
        "validations": [YES],
    }
    taken = {"name": "x", "namespace": "default", "parameterNotFoundAction": "Allow"}
    bound = {"policyName": "somebodys", "validationActions": ["Deny"], "paramRef": taken}
    yield POLICIES, {"metadata": named, "spec": policy}
    yield POLICY_BINDINGS, {"metadata": named, "spec": bound}


@pytest.fixture(scope="module")
def keeper(fenced: Fenced) -> Connection:
    return as_keeper(fenced)


@pytest.fixture
async def leases(keeper: Connection) -> AsyncIterator[KubernetesLeases]:
    async with lender(keeper) as made:
        yield made


@pytest.fixture
def every(fenced: Fenced) -> list[Act]:
    return list(acts(fenced, "default"))


async def _story(fenced: Fenced, leases: KubernetesLeases, act: Act) -> Loan:
    """Lend, act, take back; the same hands are refused after it."""
    fresh = fresh_of(fenced, act)
    step = step_of(act, fresh)
    loan = loan_of(act, step)
    lent = await leases.lend(loan, fresh)
    assert isinstance(lent, Lent), lent
    async with lent.hands as hands:
        for _ in range(20):  # a controller may write in between, and then it is read again
            done = await hands.send(step, fresh, How.ACT)
            if not (isinstance(done, Denied) and done.conflict):
                break
            fresh = fresh_of(fenced, act)
        assert isinstance(done, Done), done
        assert await taken_back(leases, left_by(loan)) == ""
        after = await hands.send(step, fresh, How.REHEARSE)
        assert isinstance(after, Denied)
        assert after.code == 401
    return loan


async def test_each_kind_is_lent_done_by_its_lease_alone_and_taken_back(
    fenced: Fenced, leases: KubernetesLeases, every: list[Act], tally: Tally
) -> None:
    mark = fenced.lab.audit_mark()
    loans = await asyncio.gather(*(_story(fenced, leases, act) for act in every))
    assert {act.action for act in every} == BY_NAME.keys()
    assert await leases.left() == []
    acted = list(fenced.lab.audit_events(mark))
    wrong = []
    for act, loan in zip(every, loans, strict=True):
        real = [
            each.user
            for each in acted
            if each.uri.partition("?")[0] == act.path
            and each.code in (200, 201)
            and "dryRun" not in each.uri
            and each.verb in ("create", "patch", "delete")
            and not each.user.startswith(CONTROLLERS)
        ]
        if real != [user_of(loan)]:
            wrong.append(f"{act.action} {act.path}: {real}")
    tally(Count("leases: acts by the lease alone", len(every), len(wrong)))
    assert wrong == []


async def test_a_preview_is_lent_and_can_only_rehearse(
    fenced: Fenced, leases: KubernetesLeases
) -> None:
    act = restart(fenced, "default", "statefulsets")
    fresh = fresh_of(fenced, act)
    step = step_of(act, fresh)
    loan = loan_of(act, step, Purpose.PREVIEW)
    lent = await leases.lend(loan, fresh)
    assert isinstance(lent, Lent), lent
    async with lent.hands as hands:
        meant = await hands.send(step, fresh_of(fenced, act), How.ACT)
    assert isinstance(meant, Denied)
    assert "dry run" in meant.says
    assert await taken_back(leases, left_by(loan)) == ""


async def test_an_account_that_is_there_already_is_no_lease(
    fenced: Fenced, leases: KubernetesLeases
) -> None:
    act = evict(fenced, "default")
    fresh = fresh_of(fenced, act)
    loan = loan_of(act, step_of(act, fresh))
    assert fenced.keeper.send("POST", ACCOUNTS, body={"metadata": {"name": loan.account}}).ok
    told = await leases.lend(loan, fresh)
    assert isinstance(told, NotLent)
    assert "already exists" in told.why
    assert not told.alarm
    assert [Left(account=loan.account, namespace="")] == await leases.left()
    assert await leases.cut_off(Left(account=loan.account, namespace="")) == ""


async def test_what_was_never_lent_is_cut_off_like_anything(leases: KubernetesLeases) -> None:
    nothing = Left(account="act.deletepod.never.1", namespace="default")
    assert await leases.cut_off(nothing) == ""
    assert await leases.cut_off(msgspec.structs.replace(nothing, namespace="gone")) == ""


async def test_who_does_not_hold_its_token_waits_until_no_server_takes_it(
    fenced: Fenced, leases: KubernetesLeases, keeper: Connection
) -> None:
    act = restart(fenced, "default", "statefulsets")
    fresh = fresh_of(fenced, act)
    step = step_of(act, fresh)
    loan = loan_of(act, step, Purpose.PREVIEW)
    lent = await leases.lend(loan, fresh)
    assert isinstance(lent, Lent), lent
    async with lent.hands as hands, lender(keeper) as another:
        assert isinstance(await hands.send(step, fresh_of(fenced, act), How.REHEARSE), Done)
        assert await another.cut_off(left_by(loan)) == ""
        remembered = await hands.send(step, fresh, How.REHEARSE)
        assert await another.over(loan.account) == ""
        after = await hands.send(step, fresh, How.REHEARSE)
    assert isinstance(remembered, Denied)
    assert remembered.code == 403  # it knows who asks, and lets him do nothing
    assert isinstance(after, Denied)
    assert after.code == 401


async def test_a_value_that_the_fence_does_not_know_lends_nothing(
    fenced: Fenced, keeper: Connection
) -> None:
    act = restart(fenced, "default", "deployments")
    fresh = fresh_of(fenced, act)
    loan = loan_of(act, step_of(act, fresh))
    other = msgspec.structs.replace(loan, value="[[x]]")
    async with lender(keeper) as leases:
        told = await leases.lend(other, fresh)
        assert isinstance(told, NotLent)
        assert "sets the value that was approved" in told.why
        assert await taken_back(leases, left_by(loan)) == ""


class Weakened(StrEnum):
    """What somebody did to a fence."""

    ALTERED = "the policy is altered"
    DELETED = "the policy is deleted"
    UNBOUND = "its binding is deleted"


def _weaken(fenced: Fenced, how: Weakened, policy: str) -> None:
    match how:
        case Weakened.ALTERED:
            body = {"spec": {"validations": [YES]}}
            path = f"{POLICIES}/{policy}"
            done = fenced.admin.send("PATCH", path, body=body, kind=MERGE)
        case Weakened.DELETED:
            done = fenced.admin.send("DELETE", f"{POLICIES}/{policy}")
        case Weakened.UNBOUND:
            done = fenced.admin.send("DELETE", f"{POLICY_BINDINGS}/{policy}")
    assert done.ok, done.body


@contextmanager
def _weakened(fenced: Fenced, how: Weakened, policy: str) -> Iterator[None]:
    """Somebody did that; after it the fences are put right, as whoever installs them does it."""
    _weaken(fenced, how, policy)
    try:
        yield
    finally:
        fenced.install()


@pytest.mark.parametrize("policy", ["holdfast-lease", "holdfast-lease-values"])
@pytest.mark.parametrize("how", Weakened)
async def test_a_fence_that_does_not_hold_stops_the_act_and_alarms(
    fenced: Fenced, leases: KubernetesLeases, how: Weakened, policy: str, tally: Tally
) -> None:
    act = restart(fenced, "default", "deployments")
    scout = act.lease(fenced)  # a change of a policy takes a moment to be heeded
    label = {"op": "add", "path": "/metadata/labels/more", "value": "x"}
    forbidden = [*act.body, label] if policy == "holdfast-lease" else act.wrong[0]
    assert by_policy(act.send(scout.client, body=forbidden))
    fresh = fresh_of(fenced, act)
    loan = loan_of(act, step_of(act, fresh))
    mark = fenced.lab.audit_mark()

    with _weakened(fenced, how, policy):
        fenced.lab.wait(
            lambda: act.send(scout.client, body=forbidden).ok, what="the fence to be down"
        )
        told = await leases.lend(loan, fresh)
        left = await leases.cut_off(left_by(loan))

    assert isinstance(told, NotLent)
    assert told.alarm, told
    assert "the fence was to refuse" in told.why
    sent = [each for each in fenced.lab.audit_events(mark) if each.user == user_of(loan)]
    patches = [each for each in sent if each.verb == "patch"]
    assert patches[-1].code == 200  # the canary came through: nothing else refused it
    assert [each.uri for each in patches if "dryRun=All" not in each.uri] == []
    assert {each.resource for each in sent} <= {"deployments", "selfsubjectaccessreviews"}
    assert {each.verb for each in sent} <= {"patch", "create"}
    now = fresh_of(fenced, act)
    assert fresh is not None
    assert now is not None
    assert now.at("spec") == fresh.at("spec")
    assert now.at("metadata", "labels") == fresh.at("metadata", "labels")
    fenced.lab.wait(
        lambda: by_policy(act.send(scout.client, body=forbidden)), what="the fence to be back"
    )
    again = loan_of(act, step_of(act, fresh))
    assert isinstance(await leases.lend(again, fresh), Lent)
    scouts = Left(account=scout.name, namespace="default")
    assert [left, *[await leases.cut_off(each) for each in (left_by(again), scouts)]] == 3 * [""]
    assert await leases.left() == []
    tally(Count("leases: fences altered or removed, and the canary stopped it", 1))


async def _hit(
    fenced: Fenced, keeper: Connection, act: Act, fate: Fate, gate: asyncio.Semaphore
) -> str:
    """One lease with one fault in it, then a sweep by somebody who knows nothing of it."""
    async with gate:
        fresh = fresh_of(fenced, act)
        loan = loan_of(act, step_of(act, fresh))
        door = FailingDoor(fenced, fate)
        async with door.open(keeper) as through, lender(through) as leases:
            await _lent_and_taken_back(leases, loan, fresh, door)
        async with lender(keeper) as sweeper:
            for left in await sweeper.left():
                if left.account == loan.account and (why := await sweeper.cut_off(left)):
                    return f"{fate}: {why}"
            there = [each for each in await sweeper.left() if each.account == loan.account]
        return f"{fate}: {there} is left" if there else ""


async def _lent_and_taken_back(
    leases: KubernetesLeases, loan: Loan, fresh: Any, door: FailingDoor
) -> None:
    """As the keeper does it, until it dies."""

    async def story() -> None:
        await leases.lend(loan, fresh)
        await taken_back(leases, left_by(loan))

    task = asyncio.create_task(story())
    while not task.done() and not door.died:
        await asyncio.wait([task], timeout=0.05)
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


@pytest.mark.usefixtures("cut_short")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_whatever_fails_in_between_nothing_is_left_after_a_sweep(
    fenced: Fenced, keeper: Connection, every: list[Act], tally: Tally, prove: bool
) -> None:
    kinds = {act.action: act for act in every if act.purpose is Purpose.ACT}
    chosen = [*kinds.values()] if prove else [kinds["RolloutRestart"]]
    gate = asyncio.Semaphore(AT_ONCE)
    stop = asyncio.Event()
    bystander = asyncio.create_task(_bystander(fenced, stop))
    wrong: list[str] = []
    n = 0
    for act in chosen:
        quiet = Fate()
        assert await _hit(fenced, keeper, act, quiet, gate) == ""
        hits = list(fates(quiet.count))[:: 1 if prove else 6]
        told = await asyncio.gather(*(_hit(fenced, keeper, act, each, gate) for each in hits))
        wrong += [each for each in told if each]
        n += sum(each.hit for each in hits)
    stop.set()
    written, refused = await bystander
    tally(Count("leases: faults in lending and taking back", n, len(wrong)))
    tally(Count("leases: a bystander's writes meanwhile", written, refused))
    assert wrong == []
    assert refused == 0
    assert n >= (250 if prove else 8)
    async with lender(keeper) as leases:
        assert await leases.left() == []


async def _bystander(fenced: Fenced, stop: asyncio.Event) -> tuple[int, int]:
    """Somebody who has nothing to do with it, and writes all the time."""
    client = fenced.lab.client()
    path = "/api/v1/namespaces/default/configmaps"
    assert client.send("POST", path, body={"metadata": {"name": "bystander"}}).ok
    written = refused = 0
    while not stop.is_set():
        body = {"data": {"n": str(written)}}
        done = client.send("PATCH", f"{path}/bystander", body=body, kind=MERGE)
        written += 1
        refused += not done.ok
        await asyncio.sleep(0.1)
    client.close()
    return written, refused
