"""A proxy that breaks things on purpose, in front of any API server, simulated or real.

    plan = script(None, Refusal(status=429, retry_after=1), Cut(after=200))
    async with FaultProxy(upstream=server.url, plan=plan) as proxy:
        proxy.url           # ask here
        proxy.faults_seen   # what was done to whom

`FaultProxy` speaks HTTP and judges request by request; `TcpFaultProxy` knows bytes alone, and
therefore stands in front of TLS that it has no key for. What happens follows from the plan and
from nothing else: the same plan and the same requests give the same faults.
"""

import asyncio
import json
import random
import socket
import ssl
import struct
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import msgspec

from holdfast.testing.connections import Listening

_CHUNK = 65536
_REASONS = {410: "Expired", 429: "TooManyRequests"}


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """The connection is reset after that many bytes of the answer, its head included."""

    after: int = 0


class Truncation(msgspec.Struct, frozen=True, kw_only=True):
    """The answer ends after that many bytes, politely, as if that were all."""

    after: int = 0


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """Half open: after that many bytes nothing comes any more, and nobody hangs up."""

    after: int = 0


class Delay(msgspec.Struct, frozen=True, kw_only=True):
    """The answer comes, later."""

    seconds: float


class Drip(msgspec.Struct, frozen=True, kw_only=True):
    """The answer comes in crumbs."""

    size: int = 64
    pause: float = 0


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """The proxy answers in the server's place: 429, 503, 410 and their like."""

    status: int
    retry_after: int | None = None
    message: str = "refused by the fault proxy"


class Lie(msgspec.Struct, frozen=True, kw_only=True):
    """The proxy answers with whatever stands here; the server was asked first, if it is `heard`."""

    status: int
    body: bytes = b""
    media_type: str = "application/json"
    heard: bool = False


type Fault = Cut | Truncation | Silence | Delay | Drip | Refusal | Lie


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan judges: the how-manieth request it is, and which. TCP has no second half."""

    number: int
    method: str = ""
    target: str = ""

    @property
    def watches(self) -> bool:
        """Whether it asks for a watch."""
        return "watch=true" in self.target or "watch=1" in self.target


type Plan = Callable[[Asked], Fault | None]


def script(*faults: Fault | None) -> Plan:
    """These, in this order, one for each request; after the last one all is well."""
    left = iter(faults)
    return lambda _: next(left, None)


def now_and_then(dice: random.Random, faults: Sequence[Fault], *, one_in: int) -> Plan:
    """One of these for about every so-manieth request, as the dice fall."""

    def plan(_: Asked) -> Fault | None:
        return dice.choice(faults) if dice.randrange(one_in) == 0 else None

    return plan


class _Proxy(ABC):
    """A listening socket, and the connections that came of it."""

    def __init__(
        self,
        *,
        upstream: str,
        plan: Plan,
        upstream_tls: ssl.SSLContext | None,
        tls: ssl.SSLContext | None,
        sleep: Callable[[float], Awaitable[None]],
        overhear: Callable[[bytes], None],
    ) -> None:
        parts = urlsplit(upstream)
        self._host = parts.hostname or ""
        self._upstream_port = parts.port or (443 if parts.scheme == "https" else 80)
        self._upstream_tls = upstream_tls
        self._tls = tls
        self._plan = plan
        self._sleep = sleep
        self._overhear = overhear
        self._listening = Listening(self._hold)
        self._count = 0
        self.port = 0
        self.faults_seen: list[tuple[Asked, Fault]] = []

    async def __aenter__(self) -> Self:
        self.port = await self._listening.open(tls=self._tls)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._listening.close()

    def cut(self) -> None:
        """Reset every connection that is open now."""
        for back in self._listening.writers:
            _reset(back)

    async def _hold(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        try:
            await self._serve(client, back)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError):
            back.transport.abort()  # either side may leave at any moment

    @abstractmethod
    async def _serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """One connection of a client's."""

    def _judged(self, method: str = "", target: str = "") -> Fault | None:
        asked = Asked(number=self._count, method=method, target=target)
        self._count += 1
        fault = self._plan(asked)
        if fault is not None:
            self.faults_seen.append((asked, fault))
        return fault

    async def _upstream(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(
            self._host, self._upstream_port, ssl=self._upstream_tls
        )

    async def _pass_on(
        self, server: asyncio.StreamReader, back: asyncio.StreamWriter, fault: Fault | None
    ) -> None:
        """The answer, as far as the fault lets it."""
        left = fault.after if isinstance(fault, Cut | Truncation | Silence) else None
        size = fault.size if isinstance(fault, Drip) else _CHUNK
        while left is None or left > 0:
            data = await server.read(size if left is None else min(size, left))
            if not data:
                return
            self._overhear(data)
            back.write(data)
            await back.drain()
            if left is not None:
                left -= len(data)
            if isinstance(fault, Drip):
                await self._sleep(fault.pause)
        if isinstance(fault, Cut):
            _reset(back)
        elif isinstance(fault, Silence):
            await asyncio.Event().wait()  # until the client has enough, or the proxy ends


class FaultProxy(_Proxy):
    """Judges each HTTP request. With `tls` it ends the client's TLS; `upstream_tls` begins ours.

    One request for each connection, so that where an answer ends needs no understanding. What the
    server really said, before any fault, can be overheard.
    """

    def __init__(
        self,
        *,
        upstream: str,
        plan: Plan,
        upstream_tls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        overhear: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        super().__init__(
            upstream=upstream,
            plan=plan,
            upstream_tls=upstream_tls,
            tls=tls,
            sleep=sleep,
            overhear=overhear,
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    async def _serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        head = await client.readuntil(b"\r\n\r\n")
        first, *lines = head[:-4].split(b"\r\n")
        headers = [(name.lower(), line) for line in lines for name in [line.partition(b":")[0]]]
        length = next((int(line[15:]) for name, line in headers if name == b"content-length"), 0)
        body = await client.readexactly(length)
        method, target, _ = first.decode("latin-1").split(" ", 2)
        fault = self._judged(method, target)
        if isinstance(fault, Refusal):
            back.write(_refusal(fault))
            await back.drain()
            return
        if isinstance(fault, Lie) and not fault.heard:
            back.write(_lie(fault))
            await back.drain()
            return
        if isinstance(fault, Delay):
            await self._sleep(fault.seconds)
        kept = [line for name, line in headers if name != b"connection"]
        asked = b"\r\n".join([first, *kept, b"Connection: close", b"", b""]) + body
        server, there = await self._upstream()
        try:
            there.write(asked)
            await there.drain()
            if isinstance(fault, Lie):
                self._overhear(await server.read(_CHUNK))  # who begins to answer has heard it
                back.write(_lie(fault))
                await back.drain()
                return
            await _either(self._pass_on(server, back, fault), client.read(1))
        finally:
            there.close()


class TcpFaultProxy(_Proxy):
    """Judges each connection and reads nothing of it. `Refusal` and `Lie` have no meaning here."""

    def __init__(
        self,
        *,
        upstream: str,
        plan: Plan,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(
            upstream=upstream,
            plan=plan,
            upstream_tls=None,
            tls=None,
            sleep=sleep,
            overhear=lambda _: None,
        )

    async def _serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        fault = self._judged()
        if isinstance(fault, Delay):
            await self._sleep(fault.seconds)
        server, there = await self._upstream()
        try:
            await _either(self._pass_on(server, back, fault), self._pass_on(client, there, None))
        finally:
            there.close()


def _reset(back: asyncio.StreamWriter) -> None:
    """Hang up as a machine does that has lost its state: RST instead of FIN."""
    plain = back.get_extra_info("socket")
    if plain.fileno() != -1:  # it may have been closed in this very moment
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    back.transport.abort()


async def _either(one: Awaitable[object], other: Awaitable[object]) -> None:
    """Until one of them is done; the other is then of no use any more."""
    tasks = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, OSError):
            raise outcome


def _refusal(fault: Refusal) -> bytes:
    reason = _REASONS.get(fault.status, "InternalError")
    tree = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "metadata": {}} | {
        "message": fault.message,
        "reason": reason,
        "code": fault.status,
    }
    after = f"Retry-After: {fault.retry_after}\r\n" if fault.retry_after is not None else ""
    first = f"{fault.status} {reason}"
    return _answer(first, "application/json", json.dumps(tree).encode(), after)


def _lie(fault: Lie) -> bytes:
    return _answer(f"{fault.status} Said", fault.media_type, fault.body)


def _answer(first: str, media_type: str, body: bytes, more: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {first}\r\nContent-Type: {media_type}\r\n{more}"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
