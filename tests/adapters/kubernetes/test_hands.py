"""Hands before an API server that is ill: what was done, what was not, and what is unclear."""

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest

from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.hands import KubernetesHands
from holdfast.adapters.kubernetes.pace import Pace
from holdfast.errors import CouldNotLook
from holdfast.model.documents import Document
from holdfast.model.objects import Ref
from holdfast.model.snapshot import State
from holdfast.model.steps import Create, Delete, Evict, Patch, Set, Step
from holdfast.ports import Denied, Done, How, Outcome, Unclear, Unseen
from holdfast.testing.clock import FrozenClock
from tests.adapters.kubernetes.tiny_server import Handler, Reply, Seen, TinyServer, said, status

HURRIED = Pace(connect=1, read=0.2, whole=0.5)
POD = Document(
    value={
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "resourceVersion": "7"},
    }
)
LABEL = Set(path=("metadata", "labels", "a"), value="b", was=None)
PATCH = Patch(target=POD.ref, sets=(LABEL,))
STEPS = (PATCH, Evict(target=POD.ref), Delete(target=POD.ref), Create(manifest=dict(POD.value)))


async def sent(handler: Handler, step: Step, how: How) -> tuple[Outcome, list[Seen]]:
    async with TinyServer(handler) as server:
        connection = Connection(name="shop", server=server.url)
        async with KubernetesHands(connection, clock=FrozenClock(), pace=HURRIED) as hands:
            return await hands.send(step, POD, how), server.requests


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
async def test_a_rehearsal_says_so_wherever_the_server_may_look(step: Step) -> None:
    _, (asked,) = await sent(lambda _: said(POD.value), step, How.REHEARSE)
    assert "All" == asked.query["dryRun"]
    body = json.loads(asked.body)
    options = body.get("deleteOptions", body if isinstance(step, Delete) else {})
    if isinstance(step, Evict | Delete):
        assert ["All"] == options["dryRun"]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
async def test_an_act_is_none(step: Step) -> None:
    _, (asked,) = await sent(lambda _: said(POD.value), step, How.ACT)
    assert b"dryRun" not in asked.body
    assert "dryRun" not in asked.query
    if not isinstance(step, Create):
        assert b'"uid":"u-1"' in asked.body
        assert b'"resourceVersion":"7"' in asked.body


async def _never(_: Seen) -> Reply:
    await asyncio.sleep(3600)
    raise AssertionError("nobody waits so long")


async def _half() -> AsyncGenerator[bytes]:
    yield b'{"kind":'
    raise ConnectionResetError


UNCLEAR: dict[str, Handler] = {
    "falls silent": _never,
    "breaks off": lambda _: Reply(stream=_half()),
    "lies about its length": lambda _: Reply(body=b"{}", claim=500),
    "fails": lambda _: status(500, "etcdserver: request timed out"),
    "is not there": lambda _: status(503, "the server is currently unable to handle the request"),
    "gave up": lambda _: status(504, "Timeout: request did not complete within the time"),
    "sends us elsewhere": lambda _: Reply(status=307, headers={"Location": "/login"}),
}


@pytest.mark.parametrize("name", UNCLEAR)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
async def test_nothing_is_sent_a_second_time_when_nobody_can_tell(name: str, step: Step) -> None:
    outcome, requests = await sent(UNCLEAR[name], step, How.ACT)
    assert isinstance(outcome, Unclear)
    assert outcome.why
    assert 1 == len(requests)


FAILURE = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403, "message": "no"}
OTHER = {**POD.value, "metadata": {"name": "else", "namespace": "shop", "uid": "u-2"}}
NO_SUCCESS: dict[str, Reply] = {
    "a login page": Reply(body=b"<html>log in</html>", headers={"Content-Type": "text/html"}),
    "a queue's page": Reply(status=202, body=b"<html>later</html>"),
    "nothing": Reply(body=b""),
    "nothing, by its number": Reply(status=204),
    "a part": Reply(status=206, body=b"{}"),
    "a failure": said(FAILURE),
    "another object": said(OTHER, 201),
    "a list": said([]),
    "null": said(None),
    "an empty object": said({}),
    "a page that says no": Reply(status=403, body=b"<html>blocked</html>"),
    "a proxy that waited": Reply(status=408),
}


@pytest.mark.parametrize("name", NO_SUCCESS)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
async def test_a_number_alone_is_neither_a_success_nor_a_no(name: str, step: Step) -> None:
    outcome, requests = await sent(lambda _: NO_SUCCESS[name], step, How.ACT)
    assert isinstance(outcome, Unclear), outcome
    assert 1 == len(requests)


async def test_a_server_that_is_busy_says_so_in_plain_text() -> None:
    busy = Reply(status=429, body=b"Too many requests, please try again later.")
    outcome, _ = await sent(lambda _: busy, PATCH, How.ACT)
    assert isinstance(outcome, Denied)


@pytest.mark.parametrize("step", STEPS[1:3], ids=lambda step: type(step).__name__)
async def test_a_removal_is_done_when_the_server_says_success_or_shows_what_goes(
    step: Step,
) -> None:
    success = {"kind": "Status", "apiVersion": "v1", "status": "Success"}
    for told in (success, POD.value):
        reply = said(told)
        outcome, _ = await sent(lambda _: reply, step, How.ACT)  # noqa: B023 - asked at once
        assert isinstance(outcome, Done)


DENIED: dict[str, tuple[Reply, int, str]] = {
    "forbidden": (status(403, "no", reason="Forbidden"), 403, "Forbidden"),
    "moved": (status(409, "modified", reason="Conflict"), 409, "Conflict"),
    "gone": (status(404, "not found", reason="NotFound"), 404, "NotFound"),
    "invalid": (status(422, "no", reason="Invalid"), 422, "Invalid"),
    "no dry run": (status(400, "does not support dry run", reason="BadRequest"), 400, "BadRequest"),
    "busy": (status(429, "later", reason="TooManyRequests"), 429, "TooManyRequests"),
    "unknown": (status(401, "who", reason="Unauthorized"), 401, "Unauthorized"),
}


@pytest.mark.parametrize("name", DENIED)
async def test_a_no_is_a_no(name: str) -> None:
    reply, code, reason = DENIED[name]
    outcome, requests = await sent(lambda _: reply, PATCH, How.ACT)
    assert isinstance(outcome, Denied)
    assert (code, reason) == (outcome.code, outcome.reason)
    assert 1 == len(requests)


async def test_two_budgets_for_one_pod_evict_nobody() -> None:
    words = (
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not "
        "support."
    )
    for step, known in ((Evict(target=POD.ref), True), (Delete(target=POD.ref), False)):
        outcome, _ = await sent(lambda _: status(500, words), step, How.ACT)
        assert isinstance(outcome, Denied) is known


async def test_a_credential_that_cannot_be_had_does_nothing() -> None:
    connection = Connection(name="shop", server="http://127.0.0.1:9")
    async with KubernetesHands(connection, clock=FrozenClock(), pace=HURRIED) as hands:
        assert isinstance(await hands.send(PATCH, POD, How.ACT), Unclear)


async def _read(handler: Handler) -> Document | Unseen:
    async with TinyServer(handler) as server:
        connection = Connection(name="shop", server=server.url)
        async with KubernetesHands(connection, clock=FrozenClock(), pace=HURRIED) as hands:
            return await hands.read(POD.ref)


async def test_reads_what_is_there_and_says_what_it_may_not_see() -> None:
    assert POD == await _read(lambda _: said(POD.value))
    unseen = await _read(lambda _: status(403, "no"))
    assert isinstance(unseen, Unseen)
    assert State.FORBIDDEN is unseen.state


@pytest.mark.parametrize("body", [b"[]", b"{", b"", b"[" * 100_000, b'"text"'])
async def test_what_is_no_object_is_not_read(body: bytes) -> None:
    with pytest.raises(CouldNotLook, match="no object"):
        await _read(lambda _: Reply(body=body))


async def test_no_path_is_led_astray_by_a_name() -> None:
    odd = Ref(api_version="v1", kind="Pod", namespace="a/b", name="c/../d?e=f#g", uid="u")
    async with TinyServer(lambda _: said(POD.value)) as server:
        connection = Connection(name="shop", server=server.url)
        async with KubernetesHands(connection, clock=FrozenClock(), pace=HURRIED) as hands:
            await hands.read(odd)
        (asked,) = server.requests
        assert "/api/v1/namespaces/a%2Fb/pods/c%2F..%2Fd%3Fe%3Df%23g" == asked.path
