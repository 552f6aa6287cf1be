"""A small door for whoever watches over a process: reads a request without a body, answers, closes.

- GET and HEAD of the paths that there are; nothing that is asked here changes anything.
- One request for each connection, within seconds, and so many connections at once: whoever drips
  or floods keeps nobody else waiting for long.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import h11
import msgspec

from holdfast.errors import NotReady

AT_ONCE = 64  # connections
WITHIN = 10.0  # seconds for a request and its answer
PIECE = 4096  # bytes that are read together; h11 refuses a head of more than 16 KiB


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer."""

    code: int
    body: str
    media_type: str = "text/plain; charset=utf-8"


type Pages = Mapping[str, Callable[[], Awaitable[Reply]]]


async def listen(pages: Pages, host: str, port: int) -> asyncio.Server:
    """Answer there from now on."""
    door = _Door(pages)
    try:
        return await asyncio.start_server(door.answer, host, port)
    except OSError as taken:
        raise NotReady(
            f"Nobody can listen at {host}:{port}: {taken.strerror}.",
            remedy="Name another address with HOLDFAST_LISTEN, or end what listens there.",
        ) from None


class _Door:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._open = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        self._open += 1
        try:
            async with asyncio.timeout(WITHIN):
                if self._open <= AT_ONCE:
                    await self._talk(reader, writer)
        except (TimeoutError, ConnectionError):
            return
        finally:
            self._open -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        try:
            asked = await _asked(connection, reader)
        except h11.RemoteProtocolError as unfit:
            await _send(connection, writer, Reply(code=unfit.error_status_hint, body="no HTTP\n"))
            return
        if asked is not None:
            reply = await self._reply(asked)
            await _send(connection, writer, reply, alone=asked.method == b"HEAD")

    async def _reply(self, asked: h11.Request) -> Reply:
        if asked.method not in (b"GET", b"HEAD"):
            return Reply(code=405, body="only GET and HEAD\n")
        page = self._pages.get(asked.target.partition(b"?")[0].decode("ascii", "replace"))
        return await page() if page is not None else Reply(code=404, body="no such page\n")


async def _asked(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Request | None:
    """The head of the request; None if the connection ends before it does."""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is not h11.NEED_DATA:
            return None
        connection.receive_data(await reader.read(PIECE))


async def _send(
    connection: h11.Connection, writer: asyncio.StreamWriter, reply: Reply, *, alone: bool = False
) -> None:
    """An answer; its head `alone` says how long the body would be."""
    body = reply.body.encode()
    headers = [
        ("Content-Type", reply.media_type),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
        ("Cache-Control", "no-store"),
        *([("Allow", "GET, HEAD")] if reply.code == 405 else []),
    ]
    for event in (
        h11.Response(status_code=reply.code, headers=headers),
        h11.Data(data=b"" if alone else body),
        h11.EndOfMessage(),
    ):
        writer.write(connection.send(event) or b"")
    await writer.drain()
