"""What our hands do to an API server, simulated and real, and what they never do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from holdfast.errors import BadInput
from holdfast.execution.observing import Shown, asked, shown
from holdfast.model.canonical import Plain
from holdfast.model.documents import Document, effect
from holdfast.model.objects import Ref
from holdfast.model.paths import Path, annotation, written
from holdfast.model.snapshot import State
from holdfast.model.steps import Create, Delete, Evict, Patch, Set
from holdfast.ports import Denied, Done, Hands, How, Outcome, Unseen
from tests.contracts.conftest import WAYS, _way
from tests.contracts.driver import a_config, a_deployment, a_pod
from tests.contracts.ways import Way, eventually

STAMP = annotation("kubectl.kubernetes.io/restartedAt", "spec", "template")
REPLICAS: Path = ("spec", "replicas")
TEMPLATE: Path = ("spec", "template")
CORDON: Path = ("spec", "unschedulable")
BOTH = pytest.mark.parametrize("over_http", WAYS[1:], indirect=True)
REAL = pytest.mark.parametrize("over_http", WAYS[2:], indirect=True)  # it tells who wrote what


@pytest.fixture
async def over_http(request: pytest.FixtureRequest) -> AsyncIterator[Way]:
    async for each in _way(request, "lab"):
        yield each


@pytest.fixture
async def hands(over_http: Way) -> Hands:
    return await over_http.hands()


def ref_of(made: dict[str, Any]) -> Ref:
    return Document(value=made).ref


async def whole(hands: Hands, ref: Ref) -> Document:
    read = await hands.read(ref)
    assert isinstance(read, Document), read
    return read


async def a_target(way: Way, hands: Hands) -> Document:
    """A Deployment that holds still: a real controller writes a new one once."""
    ref = ref_of(await way.driver.create("deployments", a_deployment()))
    observed = ("status", "observedGeneration")
    controlled = way.name == "lab"
    return await eventually(
        lambda: whole(hands, ref),
        lambda read: not controlled or read.at(*observed) == 1,
    )


def stamped(target: Document, stamp: str = "now") -> Patch:
    return Patch(target=target.ref, sets=(Set(path=STAMP, value=stamp, was=None),))


@BOTH
async def test_reads_an_object_whole(over_http: Way, hands: Hands) -> None:
    made = await over_http.driver.create("configmaps", a_config(labels={"a": "b"}))
    read = await whole(hands, ref_of(made))
    assert made == read.value


@BOTH
async def test_says_what_is_not_there(over_http: Way, hands: Hands) -> None:
    gone = Ref(api_version="v1", kind="ConfigMap", namespace=over_http.namespace, name="gone")
    read = await hands.read(gone)
    assert isinstance(read, Unseen)
    assert State.ABSENT is read.state


@BOTH
@pytest.mark.parametrize("kind", ["Secret", "Unheard"])
async def test_reads_no_secret_and_no_kind_that_nobody_knows(
    over_http: Way, hands: Hands, kind: str
) -> None:
    with pytest.raises(BadInput):
        await hands.read(Ref(api_version="v1", kind=kind, namespace=over_http.namespace, name="x"))


@BOTH
async def test_a_rehearsal_shows_what_would_come_of_it_and_changes_nothing(
    over_http: Way, hands: Hands
) -> None:
    target = await a_target(over_http, hands)
    rehearsed = await hands.send(stamped(target), target, How.REHEARSE)
    assert isinstance(rehearsed, Done)
    assert rehearsed.after is not None
    changed = effect(target, rehearsed.after)
    assert ["spec.template.metadata.annotations.kubectl.kubernetes.io/restartedAt"] == [
        written(each.path) for each in changed
    ]
    assert () == effect(target, await whole(hands, target.ref))


@BOTH
async def test_an_act_does_what_its_rehearsal_showed(over_http: Way, hands: Hands) -> None:
    target = await a_target(over_http, hands)
    rehearsed = await hands.send(stamped(target), target, How.REHEARSE)
    done = await hands.send(stamped(target), target, How.ACT)
    assert isinstance(rehearsed, Done)
    assert isinstance(done, Done)
    assert rehearsed.after is not None
    assert done.after is not None
    assert effect(target, rehearsed.after) == effect(target, done.after)
    assert "now" == (await whole(hands, target.ref)).at(*STAMP)


@REAL
async def test_a_change_comes_under_our_own_name(over_http: Way, hands: Hands) -> None:
    target = await a_target(over_http, hands)
    done = await hands.send(stamped(target), target, How.ACT)
    assert isinstance(done, Done)
    assert done.after is not None
    assert "holdfast" in str(done.after.at("metadata", "managedFields"))


async def replaced(hands: Hands, ref: Ref, template: Plain) -> Document:
    """Put a template there, and again if a controller has written in between, as we do."""

    async def once() -> Outcome:
        fresh = await whole(hands, ref)
        change = Set(path=TEMPLATE, value=template, was=fresh.at(*TEMPLATE))
        return await hands.send(Patch(target=ref, sets=(change,)), fresh, How.ACT)

    done = await eventually(
        once, lambda outcome: not (isinstance(outcome, Denied) and outcome.conflict)
    )
    assert isinstance(done, Done)
    assert done.after is not None
    return done.after


@BOTH
async def test_a_template_is_replaced_and_not_laid_over(over_http: Way, hands: Hands) -> None:
    target = await a_target(over_http, hands)
    was = target.at(*TEMPLATE)
    assert isinstance(was, dict)
    more = {**was, "metadata": {"labels": {**was["metadata"]["labels"], "more": "1"}}}
    there = await replaced(hands, target.ref, more)
    assert "1" == there.at(*TEMPLATE, "metadata", "labels", "more")
    assert was == (await replaced(hands, target.ref, was)).at(*TEMPLATE)


@BOTH
async def test_what_has_moved_since_it_was_read_is_a_conflict(over_http: Way, hands: Hands) -> None:
    target = await a_target(over_http, hands)
    await over_http.driver.patch("deployments", "web", {"metadata": {"labels": {"a": "b"}}})
    for step in (stamped(target), Delete(target=target.ref)):
        outcome = await hands.send(step, target, How.ACT)
        assert isinstance(outcome, Denied)
        assert (409, True) == (outcome.code, outcome.conflict)
    assert None is (await whole(hands, target.ref)).at(*STAMP)


@BOTH
async def test_another_object_of_that_name_is_left_alone(over_http: Way, hands: Hands) -> None:
    target = await a_target(over_http, hands)
    await over_http.driver.delete("deployments", "web")
    await eventually(lambda: hands.read(target.ref), lambda read: isinstance(read, Unseen))
    again = await a_target(over_http, hands)
    for step in (stamped(target), Delete(target=target.ref)):
        outcome = await hands.send(step, target, How.ACT)
        assert isinstance(outcome, Denied)
    assert again.ref == (await whole(hands, again.ref)).ref


@BOTH
async def test_a_deletion_is_rehearsed_then_done(over_http: Way, hands: Hands) -> None:
    made = await over_http.driver.create("configmaps", a_config())
    target = await whole(hands, ref_of(made))
    delete = Delete(target=target.ref)
    assert isinstance(await hands.send(delete, target, How.REHEARSE), Done)
    assert isinstance(await hands.read(target.ref), Document)
    assert isinstance(await hands.send(delete, target, How.ACT), Done)
    assert isinstance(await hands.read(target.ref), Unseen)


@BOTH
async def test_a_birth_is_rehearsed_then_done_once(over_http: Way, hands: Hands) -> None:
    manifest = a_config("reborn", namespace=over_http.namespace)
    create = Create(manifest=manifest)
    assert isinstance(await hands.send(create, None, How.REHEARSE), Done)
    ref = msgspec.structs.replace(Document(value=manifest).ref, uid="")
    assert isinstance(await hands.read(ref), Unseen)
    done = await hands.send(create, None, How.ACT)
    assert isinstance(done, Done)
    assert done.after is not None
    assert done.after.ref.uid
    again = await hands.send(create, None, How.ACT)
    assert isinstance(again, Denied)
    assert "AlreadyExists" == again.reason


@BOTH
async def test_nothing_is_sent_for_what_was_not_read(over_http: Way, hands: Hands) -> None:
    target = await a_target(over_http, hands)
    other = Document(value=a_config("other"))
    unversioned = Document(value={**target.value, "metadata": {"name": "web"}})
    for fresh in (None, other, unversioned):
        for step in (stamped(target), Delete(target=target.ref), Evict(target=target.ref)):
            with pytest.raises(BadInput):
                await hands.send(step, fresh, How.ACT)


@BOTH
async def test_nothing_is_sent_over_what_somebody_has_changed(over_http: Way, hands: Hands) -> None:
    target = await a_target(over_http, hands)
    stale = Set(path=REPLICAS, value=3, was=2)
    with pytest.raises(BadInput, match=r"spec\.replicas is not what it was"):
        await hands.send(Patch(target=target.ref, sets=(stale,)), target, How.ACT)


@BOTH
async def test_a_scale_goes_through_its_subresource(over_http: Way, hands: Hands) -> None:
    target = await a_target(over_http, hands)
    number = Set(path=REPLICAS, value=1, was=0)
    scale = Patch(target=target.ref, sets=(number,), subresource="scale")
    rehearsed = await hands.send(scale, target, How.REHEARSE)
    assert isinstance(rehearsed, Done)
    assert rehearsed.after is not None
    scaled = rehearsed.after
    assert ("autoscaling/v1", "Scale") == (scaled.ref.api_version, scaled.ref.kind)
    assert (target.ref.name, target.ref.uid) == (scaled.ref.name, scaled.ref.uid)
    assert {"replicas": 1} == scaled.at("spec")
    assert {"replicas": 0, "selector": "app=web"} == scaled.at("status")
    assert 0 == (await whole(hands, target.ref)).at(*REPLICAS)
    assert isinstance(await hands.send(scale, target, How.ACT), Done)
    assert 1 == (await whole(hands, target.ref)).at(*REPLICAS)


@BOTH
async def test_an_eviction_heeds_budget_uid_and_rehearsal(over_http: Way, hands: Hands) -> None:
    driver = over_http.driver
    made = await driver.create("pods", a_pod(labels={"app": "web"}))
    target = await whole(hands, ref_of(made))
    evict = Evict(target=target.ref)
    assert isinstance(await hands.send(evict, target, How.REHEARSE), Done)
    assert isinstance(await hands.read(target.ref), Document)

    other = Document(value={**target.value, "metadata": {**made["metadata"], "uid": "another"}})
    wrong = await hands.send(Evict(target=other.ref), other, How.ACT)
    assert isinstance(wrong, Denied)
    assert 409 == wrong.code

    fresh = await whole(hands, target.ref)
    assert isinstance(await hands.send(evict, fresh, How.ACT), Done)
    await eventually(lambda: hands.read(target.ref), lambda read: isinstance(read, Unseen))


@REAL
async def test_who_takes_a_field_away_leaves_no_name_by_which_it_is_told_all_the_same(
    over_http: Way, hands: Hands
) -> None:
    """A node whose kubelet writes, one that we uncordon, and one that is cordoned again."""
    name, driver = over_http.namespace, over_http.driver
    ref = ref_of(await driver.create("nodes", a_cordoned_node(name)))

    async def seen_after(write: Callable[[Patch, Document], Awaitable[bool]]) -> Shown:
        """What is seen of a request that was made before, whose answer nobody heard."""
        while True:
            fresh = await whole(hands, ref)
            step = Patch(target=ref, sets=(Set(path=CORDON, value=None, was=True),))
            sent = asked(step, fresh, datetime.now(UTC))
            if await write(step, fresh):
                return shown(step, sent, await whole(hands, ref))

    async def beats(_: Patch, __: Document) -> bool:
        beat = {"type": "Beats", "status": "True", "lastHeartbeatTime": "2026-01-01T12:00:00Z"}
        change = {"status": {"conditions": [beat]}}
        await driver.patch("nodes", name, change, subresource="status")
        return True

    async def done(step: Patch, fresh: Document) -> bool:
        """Unless somebody has written in between, as the cluster's controllers do."""
        return isinstance(await hands.send(step, fresh, How.ACT), Done)

    async def cordoned() -> None:
        change = {"spec": {"unschedulable": True}}
        await driver.patch("nodes", name, change, query={"fieldManager": "kubectl-cordon"})

    async def done_and_cordoned(step: Patch, fresh: Document) -> bool:
        if sent := await done(step, fresh):
            await cordoned()
        return sent

    assert Shown.NOT_DONE is await seen_after(beats)
    assert Shown.UNTOLD is await seen_after(done_and_cordoned)
    assert Shown.DONE is await seen_after(done)


def a_cordoned_node(name: str) -> dict[str, Any]:
    taint = {"key": "example.com/nobody", "effect": "NoSchedule"}
    spec = {"unschedulable": True, "taints": [taint]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": spec}


@BOTH
async def test_an_exhausted_budget_keeps_a_running_pod(over_http: Way, hands: Hands) -> None:
    target = await a_running_pod(over_http, hands)
    await over_http.driver.create("poddisruptionbudgets.policy", a_budget())
    kept = await hands.send(Evict(target=target.ref), target, How.ACT)
    assert isinstance(kept, Denied)
    assert (429, "TooManyRequests") == (kept.code, kept.reason)
    assert isinstance(await hands.read(target.ref), Document)


@BOTH
async def test_two_budgets_keep_a_running_pod_and_that_is_clear(
    over_http: Way, hands: Hands
) -> None:
    target = await a_running_pod(over_http, hands)
    for name in ("one", "two"):
        await over_http.driver.create("poddisruptionbudgets.policy", a_budget(name))
    kept = await hands.send(Evict(target=target.ref), target, How.ACT)
    assert isinstance(kept, Denied)
    assert (500, "TooManyBudgets") == (kept.code, kept.reason)
    assert isinstance(await hands.read(target.ref), Document)


async def a_running_pod(way: Way, hands: Hands) -> Document:
    made = await way.driver.create("pods", a_pod(labels={"app": "web"}))
    running = {"status": {"phase": "Running"}}
    await way.driver.patch("pods", "web", running, subresource="status")
    return await whole(hands, ref_of(made))


def a_budget(name: str = "web") -> dict[str, Any]:
    chosen = {"matchLabels": {"app": "web"}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"minAvailable": 1, "selector": chosen},
    }
