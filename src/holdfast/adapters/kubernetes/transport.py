"""One request to the API server: authenticated, renewed once when refused, never redirected.

A 401 renews the credential once and asks once more. What breaks on the way becomes a `Mishap`,
which says whether asking again can help; asking again is the caller's decision.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import quote

import httpx2

import holdfast
from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.carrier import Carrier
from holdfast.adapters.kubernetes.connection import Connection, Impersonation
from holdfast.adapters.kubernetes.credentials import Shown, credentials_for
from holdfast.adapters.kubernetes.mishaps import Mishap, judge, never_ending, refused_tls
from holdfast.adapters.kubernetes.pace import Pace
from holdfast.adapters.kubernetes.server_time import ServerTime
from holdfast.adapters.kubernetes.tls import Pair, context_for
from holdfast.errors import BadCredential, CouldNotLook, Unanswered, Unauthorized
from holdfast.ports import Clock

JSON = "application/json"
LONGEST_WAIT = 600.0  # seconds that a server can make us wait at once
EXCERPT = 300  # characters of a server's message that we repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request."""

    path: str
    method: str = "GET"
    accept: str = JSON
    parameters: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content: str = JSON  # what the body is
    read_timeout: float | None = None  # None: the pace's


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whole."""

    status: int
    body: bytes = field(repr=False)
    retry_after: float = 0

    @property
    def message(self) -> str:
        """What the server says of an error."""
        said = " ".join((decode.error_status(self.body).message or "").split())
        return said[:EXCERPT] or f"status {self.status}"


class Wire:
    """The connections to one API server."""

    def __init__(self, connection: Connection, *, clock: Clock, pace: Pace, compress: bool) -> None:
        self.connection = connection
        self.time = ServerTime(clock)
        self._clock = clock
        self._pace = pace
        self._credentials = credentials_for(connection, clock, pace)
        self._client: httpx2.AsyncClient | None = None
        self._retired: httpx2.AsyncClient | None = None
        self._pair: Pair | None = None
        self._one_at_a_time = asyncio.Lock()
        self._headers = [
            ("User-Agent", f"holdfast/{holdfast.__version__}"),
            ("Accept-Encoding", "gzip" if compress else "identity"),
            *_impersonating(connection.impersonation),
        ]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client in (self._client, self._retired):
            if client is not None:
                await client.aclose()
        self._client = self._retired = None

    async def ask(self, question: Question) -> Answer:
        """Ask once and read the whole answer."""
        async with self.open(question) as response:
            return await self.whole(response)

    @asynccontextmanager
    async def open(self, question: Question) -> AsyncIterator[httpx2.Response]:
        """Ask once; the body is the caller's to read, inside, where mishaps are judged as well."""
        try:
            response = await self._send(question)
            try:
                yield response
            finally:
                await response.aclose()
        except httpx2.DecodingError:
            raise self._rubbish("a body that cannot be decompressed") from None
        except (httpx2.TransportError, OSError) as error:  # some TLS alerts arrive unwrapped
            raise Mishap(judge(error, self.connection)) from None

    async def whole(self, response: httpx2.Response) -> Answer:
        """The whole answer behind an open response."""
        async with self._deadline():
            body = await self._bounded(response)
        if response.is_redirect:
            raise self._rubbish("a redirect, which Holdfast follows for nobody")
        answer = Answer(
            status=response.status_code,
            body=body,
            retry_after=_seconds(response.headers.get("Retry-After", "")),
        )
        if answer.status == 400 and b"HTTP request to an HTTPS server" in body:
            raise refused_tls(self.connection)
        return answer

    @asynccontextmanager
    async def _deadline(self) -> AsyncIterator[None]:
        clock = asyncio.timeout(self._pace.whole)
        try:
            async with clock:
                yield
        except TimeoutError:
            if not clock.expired():
                raise
            raise Mishap(never_ending(self.connection, self._pace.whole)) from None

    async def _bounded(self, response: httpx2.Response) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > self._pace.largest:
                raise self._rubbish(f"more than {self._pace.largest} bytes at once")
            parts.append(part)
        return b"".join(parts)

    async def _send(self, question: Question) -> httpx2.Response:
        shown = await self._credentials.current()
        response = await self._send_showing(question, shown)
        if response.status_code != 401:
            return response
        newer = await self._credentials.renewed(shown)
        if newer != shown:
            await response.aclose()
            response = await self._send_showing(question, newer)
        if response.status_code == 401:
            raise await self._unauthorized(response)
        return response

    async def _send_showing(self, question: Question, shown: Shown) -> httpx2.Response:
        client = await self._client_for(shown.certificate)
        headers = [*self._headers, ("Accept", question.accept)]
        if shown.authorization:
            headers.append(("Authorization", shown.authorization))
        if question.body is not None:
            headers.append(("Content-Type", question.content))
        name = self.connection.trust.server_name
        timeout = httpx2.Timeout(
            self._pace.read if question.read_timeout is None else question.read_timeout,
            connect=self._pace.connect,
            pool=None,
        )
        request = client.build_request(
            question.method,
            self.connection.server + question.path,
            params=question.parameters or None,
            headers=headers,
            content=question.body,
            timeout=timeout,
            extensions={"sni_hostname": name} if name else {},
        )
        async with self._deadline():
            response = await client.send(request, stream=True)
        self.time.hear(response.headers.get("Date", ""))
        return response

    async def _client_for(self, pair: Pair | None) -> httpx2.AsyncClient:
        """The client that shows this certificate; the one before is left to end its watches."""
        async with self._one_at_a_time:
            if self._client is not None and self._pair == pair:
                return self._client
            fresh = self._new_client(pair)
            if self._retired is not None:
                await self._retired.aclose()
            self._retired, self._client, self._pair = self._client, fresh, pair
            return fresh

    def _new_client(self, pair: Pair | None) -> httpx2.AsyncClient:
        tls = context_for(self.connection, pair, self._clock.now())
        try:
            proxy = httpx2.Proxy(self.connection.proxy) if self.connection.proxy else None
            carrier = Carrier(tls, proxy=proxy, socket_options=_keepalive())
        except (ValueError, httpx2.InvalidURL):
            raise CouldNotLook(
                f"The proxy before {self.connection.server} is not one that Holdfast can use.",
                remedy="Write proxy-url or HTTPS_PROXY as http://host:port or https://host:port.",
            ) from None
        return httpx2.AsyncClient(
            transport=carrier, trust_env=False, follow_redirects=False, headers={}
        )

    async def _unauthorized(self, response: httpx2.Response) -> Unauthorized | BadCredential:
        answer = await self.whole(response)
        await response.aclose()
        if self.connection.anonymous:
            return Unauthorized(
                f"{self.connection.server} asks for a credential, and the context "
                f"{self.connection.name!r} has none ({answer.message}).",
                remedy="Log in, so that the kubeconfig holds a user, or choose another context.",
            )
        who = f"user {self.connection.user!r}" if self.connection.user else "nobody in particular"
        return Unauthorized(
            f"{self.connection.server} does not accept the credential of {who} ({answer.message}).",
            remedy=f"Log in again, or check the user of context {self.connection.name!r}.",
        )

    def _rubbish(self, what: str) -> Unanswered:
        return Unanswered(
            f"{self.connection.server} answered with {what}.",
            remedy="Check that the address is an API server's and not a login page or a proxy's.",
        )


def _impersonating(who: Impersonation | None) -> list[tuple[str, str]]:
    if who is None:
        return []
    headers = [("Impersonate-User", who.user)]
    if who.uid:
        headers.append(("Impersonate-Uid", who.uid))
    headers += [("Impersonate-Group", group) for group in who.groups]
    for key, values in who.extra:
        name = f"Impersonate-Extra-{quote(key.lower(), safe='')}"
        headers += [(name, value) for value in values]
    return headers


def _keepalive() -> list[tuple[int, int, int]]:
    """Have the kernel notice within a minute that the other side is gone without a word."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, seconds in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):  # Linux has all three
            options.append((socket.IPPROTO_TCP, getattr(socket, name), seconds))
    return options


def _seconds(retry_after: str) -> float:
    """API servers write seconds; a date from something in between is not worth a parser."""
    if not (retry_after.isascii() and retry_after.isdigit()):
        return 0
    return min(LONGEST_WAIT, float(retry_after))
