"""Servers that are no API servers, or ill ones: one sentence, never a healthy cluster."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.listing import MOST
from holdfast.adapters.kubernetes.pace import Chance, Pace
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.errors import CouldNotLook, Unanswered, Unauthorized, Unreachable
from holdfast.model.kinds import Deployment, Pod, Secret
from holdfast.model.snapshot import State
from holdfast.testing.clock import FrozenClock
from tests.adapters.kubernetes.tiny_server import Handler, Reply, Seen, TinyServer, said, status

pytestmark = pytest.mark.slow

DEEP = b"[" * 100_000
LATIN = b'{"gitVersion":"\xff","kind":"\xffList","versions":"\xff","items":[]}'


async def asked(
    handler: Handler,
    ask: Callable[[Reader], Any],
    chance: Chance,
    pace: Pace | None = None,
    page_size: int = 500,
) -> Any:
    async with TinyServer(handler) as server:
        connection = Connection(name="shop", server=server.url)
        async with Reader(
            connection, clock=FrozenClock(), chance=chance, pace=pace, page_size=page_size
        ) as reader:
            return await ask(reader)


def always(body: bytes, **headers: str) -> Handler:
    return lambda _: Reply(body=body, headers=headers)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"kind":"Status","status":"Failure","message":"x"}',
        b'{"gitVersion":""}',
        b'{"gitVersion":5}',
        b"[]",
        DEEP,
        LATIN,
    ],
)
async def test_what_has_no_version_is_no_api_server(body: bytes, chance: Chance) -> None:
    with pytest.raises(Unanswered, match="is not an API server"):
        await asked(always(body), Reader.identity, chance)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"kind":"Status","metadata":{},"items":[]}',
        b'{"kind":"PodList","metadata":{}}',
        b'{"metadata":{},"items":[]}',
        DEEP,
        LATIN,
        b'{"kind":"PodList","metadata":{},"items":[' + DEEP,
    ],
)
async def test_what_is_no_list_is_not_an_empty_list(body: bytes, chance: Chance) -> None:
    with pytest.raises(Unanswered):
        await asked(always(body), lambda reader: reader.list(Pod), chance)
    with pytest.raises(Unanswered):
        await asked(always(body), lambda reader: reader.list(Secret), chance)
    with pytest.raises(Unanswered):
        await asked(always(body), lambda reader: anext(reader.raw_pages(Pod)), chance)


async def test_items_that_are_null_are_an_empty_list(chance: Chance) -> None:
    body = b'{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":null}'
    capture = await asked(always(body), lambda reader: reader.list(Pod), chance)
    assert (capture.state, capture.objects) == (State.CAPTURED, ())


@pytest.mark.parametrize("body", [DEEP, b'{"metadata":"\xff","status":"\xff"}'])
async def test_no_question_breaks_on_an_unreadable_answer(body: bytes, chance: Chance) -> None:
    with pytest.raises(CouldNotLook):
        await asked(always(body), lambda reader: reader.list(Deployment), chance)
    with pytest.raises(CouldNotLook):
        await asked(always(body), lambda reader: reader.may("get", Pod), chance)
    with pytest.raises(CouldNotLook):
        await asked(always(body), lambda reader: reader.get(Pod, "shop", "web"), chance)


async def test_an_unreadable_error_is_told_by_its_number(chance: Chance) -> None:
    def refuse(_: Any) -> Reply:
        return Reply(status=403, body=DEEP)

    capture = await asked(refuse, lambda reader: reader.list(Pod), chance)
    assert (capture.state, capture.why) == (State.FORBIDDEN, "status 403")


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 2026 00:00:00 +99999999999999",
        "Foo, 99 Bar 99999 99:99:99 GMT",
    ],
)
async def test_a_date_that_nobody_lives_in_is_not_believed(date: str, chance: Chance) -> None:
    version = always(b'{"gitVersion":"v1"}', Date=date)
    assert await asked(version, Reader.now, chance) == FrozenClock().now()


@pytest.mark.parametrize("seconds", ["²", "9" * 400, "-1", "999999999"])
async def test_a_wait_that_makes_no_sense_is_not_waited_for(
    seconds: str, chance: Chance, waits: list[float]
) -> None:
    def busy(_: Any) -> Reply:
        return said({}, 429, Retry_After=seconds)

    with pytest.raises(Unanswered, match="too busy"):
        await asked(busy, Reader.identity, chance)
    assert sum(waits) < 20


async def drips() -> AsyncGenerator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(0.01)


async def flood() -> AsyncGenerator[bytes]:
    while True:
        yield b" " * 10_000


async def test_a_body_that_drips_for_ever_ends(chance: Chance) -> None:
    with pytest.raises(Unreachable, match=r"had not ended after 0\.2 seconds"):
        await asked(lambda _: Reply(stream=drips()), Reader.identity, chance, Pace(whole=0.2))


async def test_a_head_that_drips_for_ever_ends(chance: Chance) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not writer.is_closing() and not reader.at_eof():
            writer.write(b"X: y\r\n")
            await asyncio.sleep(0.01)
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connection = Connection(name="shop", server=f"http://127.0.0.1:{port}")
    pace = Pace(whole=0.2)
    async with (
        server,
        Reader(connection, clock=FrozenClock(), chance=chance, pace=pace) as reader,
    ):
        with pytest.raises(Unreachable, match=r"had not ended after 0\.2 seconds"):
            await reader.identity()


async def test_a_body_without_end_is_not_kept(chance: Chance) -> None:
    with pytest.raises(Unanswered, match="more than 100000 bytes"):
        await asked(lambda _: Reply(stream=flood()), Reader.identity, chance, Pace(largest=100_000))


async def test_a_list_of_ever_new_pages_ends(chance: Chance) -> None:
    pages = itertools.count()

    def endless(_: Seen) -> Reply:
        token = str(next(pages))
        return said({"kind": "PodList", "metadata": {"continue": token}, "items": []})

    def ask(reader: Reader) -> Any:
        return reader.list(Pod)

    capture = await asked(endless, ask, chance, page_size=MOST // 3)
    assert capture.state is State.PARTIAL
    assert "does not end" in capture.why


async def test_a_list_that_runs_in_a_circle_is_partial(chance: Chance) -> None:
    page = {"kind": "PodList", "metadata": {"resourceVersion": "1", "continue": "x"}, "items": []}
    capture = await asked(lambda _: said(page), lambda reader: reader.list(Pod), chance)
    assert capture.state is State.PARTIAL
    assert "runs in a circle" in capture.why


async def test_nobody_in_particular_is_told_that_a_credential_is_missing(chance: Chance) -> None:
    with pytest.raises(Unauthorized, match="the context 'shop' has none"):
        await asked(lambda _: status(401, "Unauthorized"), Reader.identity, chance)

    anonymous = status(403, 'pods is forbidden: User "system:anonymous" cannot list')
    capture = await asked(lambda _: anonymous, lambda reader: reader.list(Pod), chance)
    assert capture.why.endswith("cannot list; context 'shop' has no credential")
