"""The act: done once, as it was approved, or refused with the reason."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from holdfast.actions.delete_pod import DeletePod
from holdfast.actions.rollout_restart import STAMP, RolloutRestart
from holdfast.execution.states import State
from holdfast.model.asks import Rules
from holdfast.model.documents import Document
from holdfast.model.handed import FREEZE
from holdfast.model.kinds import MutatingWebhooks, Pod
from holdfast.model.people import Identities, People, Person
from holdfast.model.steps import Step
from holdfast.model.switches import Frozen, told
from holdfast.ports import Cluster, Done, How, Outcome
from holdfast.ports.leases import Leases, NotLent
from holdfast.workflow.rehearsing import MORE
from tests.workflow.executing import SECOND, Stage, a_stage, changed
from tests.workflow.leashes import people
from tests.workflow.test_last_words_kept import two_pods

RESTART = RolloutRestart(stamp="2026-01-01T12:00:00Z")
MINUTE = 60 * SECOND
NOBODY = "approvals signed_approval operator_policy"  # why it does not count, and what is missing
GIT = {"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage() as made:
        yield made


def patch(stage: Stage, change: dict[str, Any], **more: Any) -> None:
    stage.cluster.patch("deployments.apps", "web", change, namespace="shop", **more)


async def left(stage: Stage) -> list[Any]:
    return [*await stage.leases.left()]


async def test_what_was_approved_is_done_once_and_its_lease_is_gone(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    assert RESTART.stamp == stage.document().at(*STAMP)
    assert 2 == stage.document().at("metadata", "generation")
    assert 1 == len(stage.wire.sent)
    assert [] == await left(stage)


async def test_the_record_says_what_was_lent_done_and_taken_back(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    account = f"act.rolloutrestart.{stage.document().ref.uid}.1"
    assert [account] == [each["account"] for each in stage.entries("lease")]
    assert ["applied"] == [each["event"] for each in stage.entries("outcome")]
    for end in ("cut_off", "revoke"):
        assert [{"account": account, "step": 1}] == stage.entries(end)


async def test_what_was_there_before_is_kept(stage: Stage) -> None:
    before = stage.document()
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    picture = stage.course(order).before
    assert picture is not None
    assert before.value == msgspec.json.decode(picture.document)


def recreated(stage: Stage) -> None:
    there = stage.cluster.fetch("deployments.apps", "web", namespace="shop")
    stage.cluster.delete("deployments.apps", "web", namespace="shop")
    metadata = {"name": "web", "namespace": "shop"}
    stage.cluster.create({**there, "metadata": metadata, "status": {}})


def without_a_policy(stage: Stage) -> None:
    name = "holdfast-lease"
    stage.cluster.delete("validatingadmissionpolicies.admissionregistration.k8s.io", name)


def frozen(stage: Stage) -> None:
    with stage.store.transaction() as tx:
        said = told(Frozen(by="ben", reason="a release", at=stage.clock.now()))
        tx.switches.on(FREEZE, said, stage.clock.now())


def protected(stage: Stage) -> None:
    changed(stage, rules=lambda: Rules(protected=frozenset({"shop"})))


def revoked(stage: Stage) -> None:
    ana = stage.leash.people().people[0]
    gone = msgspec.structs.replace(ana, revoked=stage.clock.now())
    changed(stage, people=lambda: people(gone))


def another_key(stage: Stage) -> None:
    changed(stage, people=lambda: people(Person(id="ana", identities=Identities())))


def adds_a_sidecar(stage: Stage) -> None:
    def also(outcome: Outcome) -> Outcome:
        assert isinstance(outcome, Done)
        assert outcome.after is not None
        spec: Any = outcome.after.value["spec"]
        return Done(after=Document(value={**outcome.after.value, "spec": {**spec, "paused": True}}))

    stage.wire.rehearsal = also


@pytest.mark.parametrize(
    ("meanwhile", "by"),
    [
        (without_a_policy, "fences"),
        (recreated, "sight"),
        (lambda stage: patch(stage, {"spec": {"replicas": 3}}), "time_of_use"),
        (lambda stage: patch(stage, {"spec": {"paused": True}}), "time_of_use"),
        (lambda stage: patch(stage, GIT), "kept_elsewhere"),
        (frozen, "freeze"),
        (protected, "protected_namespaces"),
        (revoked, NOBODY),
        (another_key, NOBODY),
        (adds_a_sidecar, "effect"),
        (lambda stage: stage.leases.not_lent.append(NotLent(why="x", alarm=True)), "fences"),
        (lambda stage: stage.leases.not_lent.append(NotLent(why="x", refused=True)), "effect"),
    ],
)
async def test_what_is_not_as_it_was_approved_is_refused(
    stage: Stage, meanwhile: Callable[[Stage], None], by: str
) -> None:
    order = await stage.approved(RESTART)
    meanwhile(stage)
    await stage.until(order, State.REFUSED)
    assert by.split() == [each["by"] for each in stage.entries("outcome")[0]["refusals"]]
    assert [] == stage.wire.sent
    assert [] == await left(stage)


async def because(stage: Stage) -> str:
    order = await stage.approved(RESTART)
    await stage.until(order, State.REFUSED)
    return str(stage.entries("outcome")[0]["refusals"][0]["because"])


async def test_what_a_webhook_would_add_to_it_by_now_is_named_by_its_place(stage: Stage) -> None:
    stage.leases.not_lent.append(NotLent(why="the fence says no", refused=True))
    adds_a_sidecar(stage)
    said = await because(stage)
    assert said.startswith(MORE)
    assert "spec.paused" in said
    assert [] == await left(stage)  # also of the lease that was shown it


async def test_where_it_would_be_the_same_as_before_the_fence_has_the_word(stage: Stage) -> None:
    stage.leases.not_lent.append(NotLent(why="the fence says no", refused=True))
    assert "the fence says no" in await because(stage)


class Dying:
    """A cluster that is asked about webhooks once by somebody who dies of it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.dies = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cluster, name)

    async def list(self, kind: Any, *more: Any) -> Any:
        if kind is MutatingWebhooks and self.dies:
            self.dies = False
            raise asyncio.CancelledError
        return await self._cluster.list(kind, *more)


async def test_who_takes_over_after_a_refusal_was_shown_comes_to_an_end(stage: Stage) -> None:
    """The first is refused a lease, has it shown why, and dies; the second is lent one."""
    dying = Dying(stage.leash.cluster)
    changed(stage, cluster=dying)
    stage.leases.not_lent.append(NotLent(why="more than was asked for", refused=True))
    order = await stage.approved(RESTART)
    async with stage.engine.running(), asyncio.timeout(20):
        while dying.dies:
            stage.seal_all()
            await stage.clock_moves()
    await stage.until(order, State.APPLIED)
    assert [] == await left(stage)  # also of the lease that showed it
    lent, ended = ([e["account"] for e in stage.entries(kind)] for kind in ("lease", "revoke"))
    assert len(lent) == 2
    assert sorted(lent) == sorted(ended)


async def test_a_fence_that_is_missing_is_named_with_what_to_do(stage: Stage) -> None:
    without_a_policy(stage)
    said = await because(stage)
    assert "ValidatingAdmissionPolicy holdfast-lease is missing." in said
    assert "holdfast rbac install --check" in said


async def test_a_change_of_the_status_alone_does_not_refuse(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    stage.heal()
    await stage.until(order, State.APPLIED)


async def test_a_content_that_somebody_wrote_on_is_refused(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    case = stage.case(order)
    other = case.content.replace(RESTART.stamp, "2026-01-01T12:00:01Z")
    stage.forge(msgspec.structs.replace(case, content=other))
    await stage.until(order, State.REFUSED)
    assert [] == stage.wire.sent


async def test_a_lease_that_cannot_be_lent_fails_it(stage: Stage) -> None:
    stage.leases.not_lent.append(NotLent(why="its rights did not come"))
    order = await stage.approved(RESTART)
    await stage.until(order, State.FAILED)
    assert [] == stage.wire.sent


def moves_at_the_act(stage: Stage, times: int) -> None:
    """Somebody writes the status between the fresh read and the act."""
    left = [times]

    def move(_: Step, how: How) -> None:
        if how is How.ACT and left[0]:
            left[0] -= 1
            now = stage.cluster.fetch("deployments.apps", "web", namespace="shop")
            stage.cluster.update_status({**now, "status": {"unavailableReplicas": left[0]}})

    stage.wire.before = move


@pytest.mark.slow
async def test_what_has_moved_in_between_is_read_and_judged_again(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    moves_at_the_act(stage, 2)
    await stage.until(order, State.APPLIED)
    assert 2 == stage.document().at("metadata", "generation")
    assert 3 == stage.course(order).act.rounds


@pytest.mark.slow
async def test_what_always_moves_is_given_up(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    moves_at_the_act(stage, 99)
    await stage.until(order, State.FAILED)
    assert 1 == stage.document().at("metadata", "generation")


async def test_a_freeze_between_the_checks_and_the_act_stops_it(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    stage.wire.before = lambda _, how: frozen(stage) if how is How.REHEARSE else None
    await stage.until(order, State.REFUSED)
    assert [] == stage.wire.sent


class Slow:
    """A kubelet that takes its time, in which something happens."""

    def __init__(self, then: Callable[[], object]) -> None:
        self._then = then
        self.read: list[str] = []

    async def log(self, pod: Pod, container: str, *, previous: bool = False) -> bytes:
        del previous
        self.read.append(f"{pod.metadata.name}/{container}")
        self._then()
        return b"the end"


class File:
    """The people file, which somebody may empty."""

    def __init__(self, stage: Stage) -> None:
        self._people = stage.leash.people()
        changed(stage, people=self.read)

    def read(self) -> People:
        return self._people

    def emptied(self) -> None:
        self._people = people()


def too_late(stage: Stage) -> Callable[[], object]:
    return lambda: stage.clock.advance(20 * MINUTE)


def losing_his_say(stage: Stage) -> Callable[[], object]:
    return File(stage).emptied


MEANWHILE: dict[Callable[[Stage], Callable[[], object]], str] = {
    too_late: "too long ago to begin now",
    losing_his_say: "nobody in the people file has the key",
}
meanwhile = pytest.mark.parametrize("then", MEANWHILE, ids=lambda then: then.__name__)


@meanwhile
async def test_what_was_judged_before_the_last_words_is_judged_after_them(
    stage: Stage, then: Callable[[Stage], Callable[[], object]]
) -> None:
    two_pods(stage)
    slow = Slow(then(stage))
    changed(stage, lines=slow)
    order = await stage.approved(DeletePod(), stage.document("pods", "web-b").ref)
    await stage.until(order, State.REFUSED)
    assert slow.read
    assert [] == stage.wire.sent
    assert MEANWHILE[then] in stage.course(order).says


async def test_the_last_words_are_read_once(stage: Stage) -> None:
    two_pods(stage)
    slow = Slow(lambda: None)
    changed(stage, lines=slow)
    order = await stage.approved(DeletePod(), stage.document("pods", "web-b").ref)
    await stage.until(order, State.APPLIED)
    assert slow.read == ["web-b/web"]


@meanwhile
async def test_what_happens_while_a_server_is_asked_is_judged_as_well(
    stage: Stage, then: Callable[[Stage], Callable[[], object]]
) -> None:
    """Between all the layers and the act there is the dry run, which may take its time too."""
    happens = then(stage)

    def slow(outcome: Outcome) -> Outcome:
        happens()
        return outcome

    stage.wire.rehearsal = slow
    order = await stage.approved(RESTART)
    await stage.until(order, State.REFUSED)
    assert [] == stage.wire.sent
    assert MEANWHILE[then] in stage.course(order).says


async def test_what_is_ordered_twice_is_done_once(stage: Stage) -> None:
    order = await stage.approved(RESTART)
    again = msgspec.structs.replace(order, generation=2)
    stage.order_act(again)
    await stage.until(order, State.APPLIED)
    assert 1 == len(stage.wire.sent)


async def test_a_lease_that_cannot_be_cut_off_is_tried_again(stage: Stage) -> None:
    stage.leases.not_cut_off += ["the server is away", "the server is away"]
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED)
    assert [] == await left(stage)


@pytest.mark.slow
async def test_a_lease_that_is_cut_off_counts_as_there_until_its_token_is_refused(
    stage: Stage,
) -> None:
    stage.leases.not_over += ["its token is still accepted"] * 5
    order = await stage.approved(RESTART)
    await stage.until(order, State.APPLIED, idle=False)
    await stage.quiet("act")
    account = stage.course(order).act.lease
    assert account
    assert [] == await left(stage)
    await stage.until(order, State.APPLIED)
    assert [account] == [each["account"] for each in stage.entries("revoke")]


async def test_nothing_waits_for_the_end_of_a_lease_in_its_namespace(stage: Stage) -> None:
    held = asyncio.Event()
    changed(stage, leases=_Remembered(stage.leases, held))
    order = await stage.approved(RESTART)
    other = await stage.approved(RESTART, code="HF-WRK-010")
    await stage.until(other, State.REFUSED, idle=False)  # the other act had its turn
    assert State.APPLIED == stage.case(order).state
    assert stage.course(order).act.lease
    held.set()
    await stage.until(order, State.APPLIED)


async def test_what_was_refused_before_a_lease_was_lent_asks_nothing_of_the_cluster(
    stage: Stage,
) -> None:
    order = await stage.approved(RESTART, sealed=False)
    await stage.until(order, State.REFUSED)
    ours = ("serviceaccounts", "rolebindings", "configmaps")
    assert [] == [e for e in stage.cluster.audit if e.resource in ours and e.verb == "delete"]
    (told,) = stage.entries("revoke")
    assert stage.entries("lease") == [told]


class _Remembered:
    """Leases whose server remembers tokens for as long as a test wants."""

    def __init__(self, leases: Leases, until: asyncio.Event) -> None:
        self._until = until
        self.lend, self.cut_off, self.left = leases.lend, leases.cut_off, leases.left

    async def over(self, account: str) -> str:
        del account
        await self._until.wait()
        return ""
