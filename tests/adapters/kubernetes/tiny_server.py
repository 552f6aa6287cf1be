"""The smallest HTTP server that a test can script: TLS or not, one handler, everything recorded."""

import asyncio
import json
import ssl
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from holdfast.testing.connections import Listening
from tests.adapters.kubernetes.certs import Authority, Issued


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: list[tuple[str, str]]
    body: bytes = b""
    common_name: str = ""  # of the client's certificate

    def header(self, name: str) -> str:
        """The header's first value; empty when it was not sent."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), "")

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [v for k, v in self.headers if k.lower() == name.lower()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer: a body, or a stream that ends when its iterator does."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    stream: AsyncGenerator[bytes] | None = None
    claim: int | None = None  # the Content-Length to claim, when it is a lie


type Handler = Callable[[Seen], Reply | Awaitable[Reply]]


def said(tree: Any, status: int = 200, **headers: str) -> Reply:
    """An answer in JSON."""
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    return Reply(status=status, body=json.dumps(tree).encode(), headers=named)


def status(code: int, message: str = "", **more: Any) -> Reply:
    """An API error."""
    tree = {"kind": "Status", "apiVersion": "v1", "code": code, "message": message, **more}
    return said(tree, code)


class TinyServer:
    """Serves a handler on a free port of the loopback."""

    def __init__(
        self, handler: Handler, *, identity: Issued | None = None, clients: Authority | None = None
    ) -> None:
        self._handler = handler
        self._identity = identity
        self._clients = clients
        self._listening = Listening(self._serve)
        self.requests: list[Seen] = []
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{'https' if self._identity else 'http'}://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self.port = await self._listening.open(self.port, self._tls())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        async with asyncio.timeout(5):
            await self._listening.close()

    def cut(self) -> None:
        """Break every connection off."""
        for writer in self._listening.writers:
            writer.transport.abort()

    def _tls(self) -> ssl.SSLContext | None:
        if self._identity is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            context.load_cert_chain(*self._identity.files(Path(folder), "server"))
        if self._clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=self._clients.pem.decode())
        return context

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while (seen := await _request(reader, writer)) is not None:
                self.requests.append(seen)
                reply = self._handler(seen)
                await _answer(writer, reply if isinstance(reply, Reply) else await reply)


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Seen | None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = [(k, v.strip()) for k, _, v in (line.partition(":") for line in lines)]
    length = next((int(v) for k, v in headers if k.lower() == "content-length"), 0)
    shown = writer.get_extra_info("peercert") or {}
    names = [v for part in shown.get("subject", ()) for k, v in part if k == "commonName"]
    url = urlsplit(target)
    return Seen(
        method=method,
        path=url.path,
        query=dict(parse_qsl(url.query)),
        headers=headers,
        body=await reader.readexactly(length) if length else b"",
        common_name=names[0] if names else "",
    )


async def _answer(writer: asyncio.StreamWriter, reply: Reply) -> None:
    headers = {"Content-Type": "application/json", **reply.headers}
    if reply.stream is None:
        headers["Content-Length"] = str(len(reply.body) if reply.claim is None else reply.claim)
    else:
        headers["Transfer-Encoding"] = "chunked"
    lines = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    writer.write(f"HTTP/1.1 {reply.status} X\r\n{lines}\r\n".encode())
    if reply.stream is None:
        writer.write(reply.body)
        await writer.drain()
        if reply.claim is not None:
            raise ConnectionAbortedError
        return
    async with aclosing(reply.stream) as chunks:
        async for chunk in chunks:
            writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()
