"""A listening socket for servers in tests: it ends with every connection that it ever accepted."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

type Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listening:
    """Serves each connection in a task of its own; whatever a connection ends with is its own."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._server: asyncio.Server | None = None
        self._closing = False
        self._held: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @property
    def writers(self) -> Sequence[asyncio.StreamWriter]:
        """The connections that are open."""
        return [*self._held.values()]

    async def open(self, port: int = 0, tls: ssl.SSLContext | None = None) -> int:
        """Listen on that port of the loopback, or on a free one; which it is."""
        self._closing = False
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port, ssl=tls)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """Listen no more, and cut every connection; nothing is done if it does not listen."""
        if self._server is None:
            return
        self._closing = True
        for each in self._server.sockets:
            asyncio.get_running_loop().remove_reader(each.fileno())
        for _ in range(2):
            # What was accepted a moment ago is announced to us within two turns of the loop. Were
            # the server closed, or it cut off, before that, its socket would be left to the
            # collector.
            await asyncio.sleep(0)
        self._server.close()
        held = dict(self._held)
        for task, writer in held.items():
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._closing:  # announced to us later still, in a busy loop
            writer.transport.abort()
            return
        task = asyncio.ensure_future(self._hold(reader, writer))
        self._held[task] = writer
        task.add_done_callback(self._held.pop)

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):  # a client may leave at any moment
                await writer.wait_closed()
