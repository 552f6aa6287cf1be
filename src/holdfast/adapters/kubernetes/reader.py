"""The `Cluster` port on a real API server. Reading only: nothing here can change anything.

Its one POST asks what we may do (SelfSubjectAccessReview) and leaves nothing behind.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.asking import Asker
from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.discovery import Discovery, path_of
from holdfast.adapters.kubernetes.listing import Lister, Paged, accept_one, scope
from holdfast.adapters.kubernetes.pace import Chance, Pace
from holdfast.adapters.kubernetes.proxies import is_local
from holdfast.adapters.kubernetes.transport import Answer, Question, Wire
from holdfast.adapters.kubernetes.watcher import Watcher
from holdfast.adapters.kubernetes.wired import Wired
from holdfast.errors import Unanswered
from holdfast.model.kinds import Namespace, Pod
from holdfast.model.objects import Api, Object
from holdfast.model.snapshot import Capture, Identity, State, Unreadable
from holdfast.ports import Arrived, Clock, News, Unseen, nobody_waits

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class _Version(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    git_version: str = ""


class _ReviewStatus(msgspec.Struct, frozen=True, kw_only=True):
    allowed: bool = False


class _Review(msgspec.Struct, frozen=True, kw_only=True):
    status: _ReviewStatus


class Reader(Wired):
    """Reads one cluster; use it as an async context manager."""

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Clock,
        page_size: int = 500,
        pace: Pace | None = None,
        chance: Chance | None = None,
        compress: bool | None = None,  # None: unless the server is on this machine
    ) -> None:
        pace, chance = pace or Pace(), chance or Chance()
        self._connection = connection
        if compress is None:  # pods shrink to a twentieth, for a third more of decoding time
            compress = not is_local(urlsplit(connection.server).hostname or "")
        self._wire = Wire(connection, clock=clock, pace=pace, compress=compress)
        self._asker = Asker(self._wire, pace=pace, chance=chance)
        self._discovery = Discovery(self._asker)
        self._lister = Lister(self._asker, self._discovery, page_size=page_size)
        self._watcher = Watcher(self._wire, self._lister, self._discovery, pace=pace, chance=chance)

    async def identity(self) -> Identity:
        """The context's name, the server's version, and the uid of kube-system if we may see it."""
        return Identity(
            name=self._connection.name,
            server=self._connection.server,
            version=await self._version(),
            uid=await self._uid(),
        )

    async def now(self) -> datetime:
        """The API server's time."""
        if not self._wire.time.heard:
            await self._version()
        return self._wire.time.now()

    async def list[K: Object](
        self, kind: type[K], namespace: str | None = None, arrived: Arrived = nobody_waits
    ) -> Capture[K]:
        """All objects of a kind, page by page."""
        return await self._lister.whole(kind, namespace, arrived=arrived)

    async def raw_pages[K: Object](
        self, kind: type[K], namespace: str | None = None
    ) -> AsyncIterator[bytes | Capture[K]]:
        """A kind's pages as the server sent them, and last a `Capture` that says how it ended.

        Kinds that are read as metadata only come without annotations, which can hold everything
        that was ever applied.
        """
        pages = self._lister.pages(kind, namespace)
        step = await pages.first()
        while isinstance(step, Paged):
            body = step.body
            if kind.api.metadata_only:
                decode.expect_metadata(kind, body, decode.METADATA_LIST)
                body = decode.without_annotations(body)
            token = decode.list_metadata(body).continue_ or ""
            yield body
            step = await pages.after(token)
        yield Capture(kind=kind, state=step.state, why=step.why, namespaces=scope(kind, namespace))

    async def get[K: Object](self, kind: type[K], namespace: str, name: str) -> K | Unseen:
        """One object, read fresh."""
        api = kind.api
        answer = Answer(status=404, body=b"")
        for version in await self._discovery.versions(api):
            where = path_of(api, version, namespace, name)
            answer = await self._asker.ask(Question(path=where, accept=accept_one(kind)))
            if answer.status != 404:
                break
        if answer.status == 404:
            return Unseen(state=State.ABSENT, why=answer.message)
        if answer.status == 403:
            return Unseen(state=State.FORBIDDEN, why=self._asker.forbidden(answer))
        if answer.status != 200:
            raise self._asker.refused(answer, f"{api.kind} {name}")
        if api.metadata_only:
            decode.expect_metadata(kind, answer.body, decode.METADATA_ONE)
        got = decode.one(kind, answer.body)
        if isinstance(got, Unreadable):
            raise self._odd(f"{api.kind} {name}", got.why)
        return got

    async def log(self, pod: Pod, container: str, *, previous: bool = False) -> bytes:
        """The last lines of a container, of its run before if it has one; empty if there are none.

        What the role forbids and what no kubelet answers is no log, and no error.
        """
        where = path_of(Pod.api, "v1", pod.metadata.namespace, pod.metadata.name) + "/log"
        asked = {"container": container, "tailLines": "500", "limitBytes": "262144"}
        for run in ({"previous": "true"}, {}) if previous else ({},):
            question = Question(path=where, accept="*/*", parameters=asked | run)
            answer = await self._asker.ask(question)
            if answer.status == 200 and answer.body:
                return answer.body
        return b""

    def follow[K: Object](
        self, kind: type[K], namespace: str | None = None
    ) -> AsyncIterator[News[K]]:
        """The kind's state now, then every change, for ever."""
        return self._watcher.follow(kind, namespace)

    async def named(self, resource: str) -> Api | Unseen:
        """Where a kind is served that somebody names as `widgets.example.io`."""
        return await self._discovery.find(resource)

    async def may(self, verb: str, kind: type[Object], namespace: str | None = None) -> bool:
        """Whether our own credential may do that."""
        api = kind.api
        attributes = {"verb": verb, "group": api.group, "resource": api.plural, "version": "*"}
        if namespace and api.namespaced:
            attributes["namespace"] = namespace
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        body = msgspec.json.encode(review)
        answer = await self._asker.ask(Question(method="POST", path=REVIEWS, body=body))
        if answer.status not in (200, 201):
            raise self._asker.refused(answer, "a review of our own rights")
        try:
            return msgspec.json.decode(answer.body, type=_Review).status.allowed
        except decode.UNREADABLE as broken:
            raise self._odd("a review of our own rights", str(broken)) from None

    async def _version(self) -> str:
        answer = await self._asker.ask(Question(path="/version"))
        if answer.status == 403:
            return ""  # it answers, which is what was to be proved; some clusters hide the rest
        if answer.status != 200:
            raise self._asker.refused(answer, "its version")
        try:
            version = msgspec.json.decode(answer.body, type=_Version).git_version
        except decode.UNREADABLE as broken:
            raise self._no_api_server(str(broken)) from None
        if not version:
            raise self._no_api_server("there is no gitVersion")
        return version

    async def _uid(self) -> str:
        accept = f"application/json;as={decode.METADATA_ONE};v=v1;g=meta.k8s.io"
        where = path_of(Namespace.api, "v1", "", "kube-system")
        answer = await self._asker.ask(Question(path=where, accept=accept))
        if answer.status in (403, 404):
            return ""
        if answer.status != 200:
            raise self._asker.refused(answer, "the namespace kube-system")
        got = decode.one(Namespace, answer.body)
        return "" if isinstance(got, Unreadable) else got.metadata.uid

    def _no_api_server(self, why: str) -> Unanswered:
        return Unanswered(
            f"{self._connection.server} is not an API server: what it answers at /version is not "
            f"the version of one ({why}).",
            remedy="Check the address in the kubeconfig, and what proxy or login page is there.",
        )

    def _odd(self, what: str, why: str) -> Unanswered:
        return Unanswered(
            f"{self._connection.server} answered a request for {what} with something that is not "
            f"of its form ({why}).",
            remedy="Check that the address is an API server's and not a login page or a proxy's.",
        )
