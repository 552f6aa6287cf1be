"""The smallest HTTP proxy: it tunnels (CONNECT), or refuses to."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

from holdfast.testing.connections import Listening


class TinyProxy:
    """A proxy on a free port of the loopback."""

    def __init__(self, *, refuse_with: str = "") -> None:
        self._refuse_with = refuse_with
        self.tunnels: list[str] = []
        self.shown: list[str] = []
        self.port = 0
        self._listening = Listening(self._serve)

    async def __aenter__(self) -> Self:
        self.port = await self._listening.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        async with asyncio.timeout(5):
            await self._listening.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.rstrip().split("\r\n")
        target = first.split(" ")[1]
        self.tunnels.append(target)
        self.shown += [
            v.strip()
            for k, _, v in (x.partition(":") for x in lines)
            if k.lower() == "proxy-authorization"
        ]
        if self._refuse_with:
            writer.write(f"HTTP/1.1 {self._refuse_with}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            return
        await self._tunnel(target, reader, writer)

    async def _tunnel(
        self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        host, _, port = target.rpartition(":")
        there, back = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, back))
                group.create_task(_pump(there, writer))
        finally:
            back.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
