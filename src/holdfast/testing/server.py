"""The simulated cluster on a real socket: enough of the Kubernetes API for readers and kubectl.

    async with SimulatedServer(cluster) as server:
        server.url                                   # http://127.0.0.1:PORT
        server.admit("reader")                       # a bearer token for that user
        server.write_kubeconfig(path, user="reader")
        await server.restart()                       # every connection cut, the same port again

The clock of the Date header is the cluster's frozen one; how long a watch lasts is real time.
Bodies are JSON: kubectl reads, labels and deletes here, but what it would send as protobuf
(`kubectl create`) is refused with 415. kubectl shows its token over TLS alone.
"""

import asyncio
import json
import ssl
from contextlib import suppress
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import h11
import msgspec
import yaml

from holdfast.testing import account_tokens, discovery, rbac
from holdfast.testing.connections import Listening
from holdfast.testing.documents import Json
from holdfast.testing.rbac import ADMIN, User, a_user
from holdfast.testing.reading import Watch, as_line
from holdfast.testing.requests import Request
from holdfast.testing.routes import Heard, credential, impersonation, understood
from holdfast.testing.simulated import SimulatedCluster
from holdfast.testing.status import PageNotFound, StatusError, not_allowed, not_served

_BODY_LIMIT = 3 * 1024 * 1024  # what an API server takes
_TEXT = "text/plain; charset=utf-8"
_HEARTBEAT = 60.0  # between bookmarks
_BEFORE_THE_END = 2.0  # the last bookmark, so that a client knows where to go on


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer."""

    code: int
    body: bytes
    retry_after: int | None = None
    media_type: str = "application/json"


class SimulatedServer:
    """One listening socket over one simulated cluster, for as long as the context lasts."""

    def __init__(
        self, cluster: SimulatedCluster, *, port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.cluster = cluster
        self.port = port
        self.tokens: dict[str, User] = {f"{ADMIN.name}-token": ADMIN}
        self._tls = tls
        self._listening = Listening(self._serve)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._listening.writers)

    def admit(self, name: str, *groups: str) -> str:
        """A bearer token for that user, who has no rights until they are granted."""
        token = f"{name}-token"
        if token not in self.tokens:
            self.tokens[token] = a_user(name, *groups)
        return token

    def holder(self, token: str) -> User | None:
        """Whose token it is: of somebody who was admitted, or of an account."""
        api, clock = self.cluster.server, self.cluster.clock
        return self.tokens.get(token) or account_tokens.holder(api.store, token, clock.now())

    def kubeconfig(self, *, user: str = ADMIN.name, ca_file: Path | None = None) -> Json:
        """A kubeconfig with one context, `simulated`, for that user."""
        served: Json = {"server": self.url}
        if ca_file is not None:
            served["certificate-authority"] = str(ca_file)
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "simulated",
            "clusters": [{"name": "simulated", "cluster": served}],
            "users": [{"name": user, "user": {"token": self.admit(user)}}],
            "contexts": [{"name": "simulated", "context": {"cluster": "simulated", "user": user}}],
        }

    def write_kubeconfig(
        self, path: Path, *, user: str = ADMIN.name, ca_file: Path | None = None
    ) -> Path:
        """The same in a file, readable by its owner alone."""
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(self.kubeconfig(user=user, ca_file=ca_file)))
        return path

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._listening.close()

    async def restart(self) -> None:
        """Cut every connection and listen again on the same port; the state stays."""
        await self._listening.close()
        await self._listen()

    async def _listen(self) -> None:
        self.port = await self._listening.open(self.port, self._tls)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client may leave at any moment, also in the middle of a TLS handshake's end.
        with suppress(ConnectionError, ssl.SSLError):
            await _Conversation(self, reader, writer).hold()


class _Conversation:
    """One connection, for as many requests as the client has."""

    def __init__(
        self,
        server: SimulatedServer,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._server = server
        self._api = server.cluster.server
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)
        self._head = False  # whether the request in hand wants no body

    async def hold(self) -> None:
        """Answer until the client has enough."""
        try:
            while True:
                heard = await self._hear()
                if heard is None:
                    return
                await self._answer(heard)
                if self._http.our_state is not h11.DONE:
                    return
                self._http.start_next_cycle()
        except h11.RemoteProtocolError as wrong:
            if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                text = f"400 Bad Request: {wrong}\n".encode()
                await self._say(Reply(code=400, body=text, media_type=_TEXT))

    async def _hear(self) -> Heard | None:
        request: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            match event:
                case h11.Request():
                    request, self._head = event, event.method == b"HEAD"
                case h11.Data():
                    body += event.data
                    if len(body) > _BODY_LIMIT:
                        await self._refuse(too_large())
                        return None
                case h11.EndOfMessage() if request is not None:
                    return _heard(request, bytes(body))
                case h11.ConnectionClosed():
                    return None
                case _:  # NEED_DATA, or PAUSED, which only a pipelining client sees
                    await self._go_on()

    async def _go_on(self) -> None:
        if self._http.they_are_waiting_for_100_continue:
            await self._send(h11.InformationalResponse(status_code=100, headers=[]))
        self._http.receive_data(await self._reader.read(65536))

    async def _answer(self, heard: Heard) -> None:
        try:
            request = understood(heard, self._who(heard))
            if request.ask.path:
                await self._say(self._path(request, heard.method))
            elif request.ask.verb == "watch":
                await self._watch(self._api.watch(request))
            else:
                answer = self._api.answer(request)
                await self._say(Reply(code=answer.code, body=_json(answer.body)))
        except StatusError as no:
            await self._refuse(no)

    def _who(self, heard: Heard) -> User:
        user = credential(heard, self._server.holder)
        wanted = impersonation(heard)
        if wanted is None:
            return user
        if not all(rbac.allowed(self._api.store, user, ask) for ask in wanted.asks):
            raise rbac.forbidden(user, wanted.told)
        return wanted.user

    def _path(self, request: Request, method: str) -> Reply:
        self._api.read_path(request)
        path = request.ask.path
        document = discovery.document(self._api.resources, path)
        if document is None and path not in discovery.HEALTH:
            raise self._nowhere(path)
        if method != "GET":
            raise not_allowed()
        if document is None:
            return Reply(code=200, body=b"ok", media_type=_TEXT)
        return Reply(code=200, body=_json(document))

    def _nowhere(self, path: str) -> StatusError:
        match path.strip("/").split("/"):
            case ["api", *_]:
                return not_served()
            case ["apis", group, *_] if group in self._api.resources.versions():
                return not_served()
            case _:
                return PageNotFound()

    async def _refuse(self, no: StatusError) -> None:
        if isinstance(no, PageNotFound):
            body, media_type = f"{no.message}\n".encode(), _TEXT
        else:
            body, media_type = _json(no.status), "application/json"
        reply = Reply(code=no.code, body=body, media_type=media_type, retry_after=no.retry_after)
        await self._say(reply)

    async def _say(self, reply: Reply) -> None:
        headers = [*self._headers(reply.media_type), ("Content-Length", str(len(reply.body)))]
        if reply.retry_after is not None:
            headers.append(("Retry-After", str(reply.retry_after)))
        await self._send(h11.Response(status_code=reply.code, headers=headers))
        if not self._head:
            await self._send(h11.Data(data=reply.body))
        await self._send(h11.EndOfMessage())

    def _headers(self, media_type: str) -> list[tuple[str, str]]:
        date = format_datetime(self._server.cluster.clock.now(), usegmt=True)
        return [
            ("Content-Type", media_type),
            ("Cache-Control", "no-cache, private"),
            ("Date", date),
        ]

    async def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()

    async def _watch(self, watch: Watch) -> None:
        """Stream until the time is over, the client leaves or the watch falls behind."""
        headers = self._headers("application/json")
        await self._send(h11.Response(status_code=200, headers=headers))
        telling = asyncio.create_task(self._tell(watch))
        leaving = asyncio.create_task(self._reader.read(1))
        try:
            await asyncio.wait((telling, leaving), return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                await telling
        finally:
            for task in (telling, leaving):
                task.cancel()
            _, rest = await asyncio.gather(telling, leaving, return_exceptions=True)
            if isinstance(rest, bytes):
                self._http.receive_data(rest)  # the end, or the beginning of the next request

    async def _tell(self, watch: Watch) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + watch.seconds
        bookmark = _next_bookmark(loop.time(), end)
        while True:
            for event in watch.pending():
                await self._send(h11.Data(data=as_line(event)))
            if watch.over or loop.time() >= end:
                break
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(bookmark, end)):
                    await watch.ready()
            if loop.time() >= bookmark and watch.bookmarks:
                await self._send(h11.Data(data=as_line(watch.bookmark())))
            if loop.time() >= bookmark:
                bookmark = _next_bookmark(loop.time(), end)
        await self._send(h11.EndOfMessage())


def _next_bookmark(now: float, end: float) -> float:
    last = end - _BEFORE_THE_END
    return min(now + _HEARTBEAT, last) if last > now else end + _HEARTBEAT


def _heard(request: h11.Request, body: bytes) -> Heard:
    return Heard(
        method=request.method.decode("ascii"),
        target=request.target.decode("ascii"),
        headers=tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in request.headers),
        body=body,
    )


def _json(document: Json) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def too_large() -> StatusError:
    """413: a body that no object of Kubernetes has."""
    return StatusError(
        413,
        "RequestEntityTooLarge",
        f"Request entity too large: limit is {_BODY_LIMIT}",
        details={},
    )
