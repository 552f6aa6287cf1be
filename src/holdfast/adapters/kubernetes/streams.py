"""Connections that hand over much at once: asyncio's own streams below the HTTP library.

Its own connections hand over one TLS record after the other, 16 KiB each, with a timer around every
one. Reading a list of a big cluster then takes longer than understanding it; this takes a third.
"""

import asyncio
import select
import socket
import ssl
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Self

import httpcore2

MUCH = 1 << 19  # bytes that wait for us at most, and that we take at once
NEXT_ADDRESS = 0.25  # seconds until a name's next address is tried beside the one before

type SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)
type AddressInfo = tuple[
    int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
]


class SilentHandshake(httpcore2.ConnectTimeout):
    """Somebody took the connection, and never answered in TLS."""


class Stream(httpcore2.AsyncNetworkStream):
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What is there, once something is; nothing at the end. More than asked for is no harm."""
        with _told(httpcore2.ReadTimeout, httpcore2.ReadError):
            async with asyncio.timeout(timeout):
                return await self._reader.read(max(max_bytes, MUCH))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send it."""
        with _told(httpcore2.WriteTimeout, httpcore2.WriteError):
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()

    async def aclose(self) -> None:
        """Close it, and wait for nobody."""
        self._writer.close()
        await asyncio.sleep(0)
        self._writer.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> Self:
        """Go on in TLS."""
        try:
            with _told(SilentHandshake, httpcore2.ConnectError):
                async with asyncio.timeout(timeout):
                    await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except (httpcore2.NetworkError, httpcore2.TimeoutException):
            await self.aclose()
            raise
        return self

    def get_extra_info(self, info: str) -> object:
        """What the library asks for: the TLS agreed on, and whether an idle server has left."""
        match info:
            case "ssl_object":
                return self._writer.get_extra_info("ssl_object")
            case "is_readable":
                return self._reader.at_eof() or self._speaks()
        return None

    def _speaks(self) -> bool:
        there = self._writer.get_extra_info("socket")
        if there is None or there.fileno() < 0:
            return True
        ears = select.poll()  # `select` knows no descriptor above 1023
        ears.register(there, select.POLLIN)
        return bool(ears.poll(0))


class Streams(httpcore2.AsyncNetworkBackend):
    """Makes such connections."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> Stream:
        """Connect to the first address of that name that answers."""
        local = (local_address, 0) if local_address else None
        with _told(httpcore2.ConnectTimeout, httpcore2.ConnectError):
            async with asyncio.timeout(timeout):
                loop = asyncio.get_running_loop()
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                there = await first_to_answer([_connected(each, local) for each in found])
                try:
                    for option in socket_options or ():
                        there.setsockopt(*option)
                    return Stream(*await asyncio.open_connection(sock=there, limit=MUCH))
                except BaseException:
                    there.close()
                    raise

    async def sleep(self, seconds: float) -> None:
        """Between two attempts to connect."""
        await asyncio.sleep(seconds)


async def first_to_answer(
    attempts: Sequence[Coroutine[None, None, socket.socket]],
) -> socket.socket:
    """Try each beside those before it, once they have failed or been silent for a moment.

    asyncio has this as well, and loses a socket when it is cancelled at the wrong moment.
    """
    waiting = [*reversed(attempts)]
    begun: set[asyncio.Task[socket.socket]] = set()
    failed: Exception = OSError("its name has no address")
    try:
        while waiting or begun:
            if waiting:
                begun.add(asyncio.create_task(waiting.pop()))
            done, _ = await asyncio.wait(
                begun,
                timeout=NEXT_ADDRESS if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for attempt in done:
                begun.discard(attempt)
                try:
                    return attempt.result()
                except OSError as why:
                    failed = why
        raise failed
    finally:
        for never in waiting:
            never.close()
        for late in begun:
            late.cancel()
            late.add_done_callback(_dropped)


def _dropped(attempt: asyncio.Task[socket.socket]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().close()


async def _connected(info: AddressInfo, local: tuple[str, int] | None) -> socket.socket:
    family, type_, protocol, _, address = info
    there = socket.socket(family, type_, protocol)
    try:
        there.setblocking(False)
        if local is not None:
            there.bind(local)
        await asyncio.get_running_loop().sock_connect(there, address)
    except BaseException:  # cancelled as well: nobody else knows of it
        there.close()
        raise
    return there


@contextmanager
def _told(
    late: type[httpcore2.TimeoutException], broken: type[httpcore2.NetworkError]
) -> Iterator[None]:
    """Say in the library's words what went wrong."""
    try:
        yield
    except TimeoutError as error:
        raise late(error) from error
    except OSError as error:  # what TLS has to say among it
        raise broken(error) from error
