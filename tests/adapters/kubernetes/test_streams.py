"""Connections hand over much at once, with TLS and without, and say in time that a server left."""

import asyncio
import fcntl
import resource
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager

import httpcore2
import httpx2
import pytest

from holdfast.adapters.kubernetes.carrier import TOLD, Carrier
from holdfast.adapters.kubernetes.streams import Stream, first_to_answer
from tests.adapters.kubernetes.certs import Authority
from tests.adapters.kubernetes.tiny_server import Reply, TinyServer

RECORD = 16 * 1024  # bytes: what TLS carries in one piece
SIZE = 4 * 1024 * 1024


def a_client(authority: Authority) -> httpx2.AsyncClient:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority.pem.decode())
    return httpx2.AsyncClient(transport=Carrier(context), trust_env=False)


@pytest.mark.parametrize("tls", [False, True])
async def test_a_long_answer_comes_in_few_pieces(authority: Authority, *, tls: bool) -> None:
    identity = authority.server("127.0.0.1") if tls else None
    async with (
        TinyServer(lambda _: Reply(body=b"x" * SIZE), identity=identity) as server,
        a_client(authority) as client,
        client.stream("GET", server.url) as response,
    ):
        pieces = [len(piece) async for piece in response.aiter_raw()]
    assert SIZE == sum(pieces)
    assert len(pieces) < SIZE / RECORD / 2


async def test_a_server_that_left_in_between_is_connected_to_again(authority: Authority) -> None:
    async with (
        TinyServer(lambda _: Reply(body=b"here"), identity=authority.server("127.0.0.1")) as server,
        a_client(authority) as client,
    ):
        assert b"here" == (await client.get(server.url)).content
        server.cut()
        await asyncio.sleep(0)
        assert b"here" == (await client.get(server.url)).content


async def test_silence_ends_in_the_words_of_the_library(authority: Authority) -> None:
    never = asyncio.Event()

    async def silent() -> Reply:
        await never.wait()
        return Reply()

    async with TinyServer(lambda _: silent()) as server, a_client(authority) as client:
        with pytest.raises(httpx2.ReadTimeout):
            await client.get(server.url, timeout=0.05)


HIGH = 1100  # of a descriptor, where `select` gives up


@pytest.mark.parametrize("spoke", [False, True])
async def test_a_server_is_heard_to_leave_on_a_descriptor_of_any_number(*, spoke: bool) -> None:
    ours, theirs = socket.socketpair()
    with theirs, high(ours) as there:
        reader, writer = await asyncio.open_connection(sock=there)
        assert isinstance(writer.transport, asyncio.Transport)
        writer.transport.pause_reading()
        if spoke:
            theirs.send(b"x")
        assert spoke is Stream(reader, writer).get_extra_info("is_readable")
        writer.close()


@contextmanager
def high(low: socket.socket) -> Iterator[socket.socket]:
    """The same socket, by a high number."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], HIGH + 1), before[1]))
    try:
        with low, socket.socket(fileno=fcntl.fcntl(low, fcntl.F_DUPFD, HIGH)) as there:
            yield there
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_whatever_breaks_below_has_a_word_above() -> None:
    below = {
        each
        for each in vars(httpcore2).values()
        if isinstance(each, type)
        and issubclass(each, Exception)
        and each is not httpcore2.ConnectionNotAvailable  # the pool's own business
    }
    assert below == set(TOLD)
    assert {each.__name__ for each in TOLD} == {each.__name__ for each in TOLD.values()}
    assert all(above.__name__ == each.__name__ for each, above in TOLD.items())


async def connects() -> socket.socket:
    return socket.socket()


async def refuses() -> socket.socket:
    raise ConnectionRefusedError("refused")


async def is_silent() -> socket.socket:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize(
    "attempts",
    [[connects], [refuses, connects], [is_silent, connects], [is_silent, refuses, connects]],
)
async def test_the_first_address_that_answers_is_taken(
    attempts: list[Callable[[], Coroutine[None, None, socket.socket]]],
) -> None:
    with await first_to_answer([attempt() for attempt in attempts]) as won:
        assert won.fileno() >= 0


async def test_when_none_answers_the_last_says_why() -> None:
    with pytest.raises(ConnectionRefusedError):
        await first_to_answer([refuses(), refuses()])
    with pytest.raises(OSError, match="no address"):
        await first_to_answer([])


async def test_a_connection_that_comes_too_late_is_closed() -> None:
    late = socket.socket()

    async def answers_at_the_wrong_moment() -> socket.socket:
        trying.cancel()
        return late

    trying = asyncio.create_task(first_to_answer([answers_at_the_wrong_moment()]))
    with pytest.raises(asyncio.CancelledError):
        await trying
    await asyncio.sleep(0)
    assert -1 == late.fileno()
