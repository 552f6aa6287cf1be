"""The small door: GET and HEAD of the pages that there are, and an end for everybody else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from holdfast.errors import NotReady
from holdfast.surfaces.processes.listener import AT_ONCE, Reply, listen


async def a_page() -> Reply:
    return Reply(code=200, body="fine\n")


@asynccontextmanager
async def a_door() -> AsyncIterator[Callable[[bytes], Awaitable[str]]]:
    async with await listen({"/page": a_page}, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]

        async def ask(sent: bytes) -> str:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            told = await reader.read()
            writer.close()
            return told.decode()

        yield ask


async def test_a_page_is_answered_and_the_connection_closed() -> None:
    async with a_door() as ask:
        told = await ask(b"GET /page?x=1 HTTP/1.1\r\nHost: here\r\n\r\n")

    assert told.startswith("HTTP/1.1 200 ")
    assert told.endswith("\r\n\r\nfine\n")
    assert "Connection: close" in told


@pytest.mark.parametrize(("page", "length"), [("page", 5), ("nothing", 13)])
async def test_a_head_is_answered_without_a_body_and_without_an_error(
    page: str, length: int
) -> None:
    errors: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: errors.append(told))
    async with a_door() as ask:
        told = await ask(f"HEAD /{page} HTTP/1.1\r\nHost: here\r\n\r\n".encode())

    assert f"Content-Length: {length}\r\n" in told
    assert told.endswith("\r\n\r\n")
    assert not errors


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"GET /nothing HTTP/1.1\r\nHost: here\r\n\r\n", 404),
        (b"GET /page/../page HTTP/1.1\r\nHost: here\r\n\r\n", 404),
        (b"POST /page HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{}", 405),
        (b"DELETE /page HTTP/1.1\r\nHost: here\r\n\r\n", 405),
        (b"OPTIONS * HTTP/1.1\r\nHost: here\r\n\r\n", 405),
        (b"GET /page HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"\x16\x03\x01\x02\x00 rubbish\r\n\r\n", 400),
        (b"GET /page HTTP/1.1\r\nHost: here\r\nX: " + b"x" * 20_000, 431),
    ],
)
async def test_everything_else_is_told_why_not(sent: bytes, code: int) -> None:
    async with a_door() as ask:
        told = await ask(sent)

    assert told.startswith(f"HTTP/1.1 {code} ")
    assert "fine" not in told


async def test_whoever_floods_gets_no_answer_and_the_next_one_does() -> None:
    async with await listen({"/page": a_page}, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(AT_ONCE)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        writer.close()
        for _, each in crowd:
            each.close()

        async with asyncio.timeout(30):
            told = b""
            while not told:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /page HTTP/1.1\r\nHost: here\r\n\r\n")
                told = await reader.read()
                writer.close()

    assert told.startswith(b"HTTP/1.1 200 ")


async def test_an_address_that_is_taken_is_said() -> None:
    async with await listen({}, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(NotReady, match="Nobody can listen at"):
            await listen({}, "127.0.0.1", port)
