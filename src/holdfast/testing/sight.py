"""One user's sight of a simulated cluster: the `Cluster` port, as the real reader would fill it."""

from collections.abc import AsyncIterator
from datetime import datetime

from holdfast.errors import Unanswered
from holdfast.model.kinds import Namespace
from holdfast.model.objects import Api, Object
from holdfast.model.snapshot import Capture, Identity, State
from holdfast.ports import Arrived, News, Put, Relisted, Removed, Unseen, nobody_waits
from holdfast.testing import rbac
from holdfast.testing.apiserver import ApiServer
from holdfast.testing.clock import FrozenClock
from holdfast.testing.discovery import GIT_VERSION
from holdfast.testing.documents import decoded
from holdfast.testing.rbac import Ask, User
from holdfast.testing.reading import Watch
from holdfast.testing.requests import Request
from holdfast.testing.resources import Resource
from holdfast.testing.status import StatusError


class Sight:
    """What one user sees."""

    def __init__(self, server: ApiServer, user: User) -> None:
        self.server = server
        self.user = user

    @property
    def clock(self) -> FrozenClock:
        """The cluster's clock, which tests move."""
        return self.server.clock

    async def identity(self) -> Identity:
        """Which cluster this is; its uid is the one of kube-system, if this user may read it."""
        self.server.read_path(Request(who=self.user, ask=Ask(verb="get", path="/version")))
        try:
            uid = str(
                self.server.answer(self._about(Namespace, "get", "", "kube-system")).body[
                    "metadata"
                ]["uid"]
            )
        except StatusError:
            uid = ""
        return Identity(name="simulated", uid=uid, server="simulated", version=GIT_VERSION)

    async def now(self) -> datetime:
        """The time of the cluster's clock."""
        return self.clock.now()

    async def list[K: Object](
        self, kind: type[K], namespace: str | None = None, arrived: Arrived = nobody_waits
    ) -> Capture[K]:
        """All objects of a kind that this user may list, as the real reader would show them."""
        capture = self._capture(kind, namespace)
        arrived(len(capture.objects))
        return capture

    async def get[K: Object](self, kind: type[K], namespace: str, name: str) -> K | Unseen:
        """One object, read fresh."""
        where = namespace if kind.api.namespaced else ""
        try:
            document = self.server.answer(self._about(kind, "get", where, name)).body
        except StatusError as no:
            return Unseen(state=_state(no), why=no.message)
        objects, unreadable = decoded(kind, [document])
        if unreadable:
            raise Unanswered(
                f"The simulated cluster holds a {kind.api.kind} {name} that is not of its form "
                f"({unreadable[0].why}).",
                remedy="Mend the object that the test wrote.",
            )
        return objects[0]

    async def follow[K: Object](
        self, kind: type[K], namespace: str | None = None
    ) -> AsyncIterator[News[K]]:
        """The state now, then every change; a lost thread is taken up with a new list."""
        shut: State | None = None
        while True:
            seen = self.server.store.version
            capture = self._capture(kind, namespace)
            if capture.state is not State.CAPTURED:
                if capture.state is not shut:
                    yield Relisted(capture=capture)
                shut = capture.state
                await self.server.store.beyond(seen)
                continue
            shut = None
            yield Relisted(capture=capture)
            try:
                watch = self._watch(kind, namespace, capture.resource_version)
            except StatusError:
                continue
            async for news in self._news(kind, watch):
                yield news

    async def named(self, resource: str) -> Api | Unseen:
        """Where a kind is served, among the resources of this cluster."""
        plural, _, group = resource.partition(".")
        found = next((r for r in self.server.resources if _is(r, group, plural)), None)
        if found is None:
            why = f"the API server does not serve {resource}"
            return Unseen(state=State.ABSENT, why=why)
        return Api(
            group=group,
            versions=(found.version,),
            kind=found.kind,
            plural=plural,
            namespaced=found.namespaced,
        )

    async def may(self, verb: str, kind: type[Object], namespace: str | None = None) -> bool:
        """Whether this user may do that."""
        api = kind.api
        attributes = {"verb": verb, "group": api.group, "resource": api.plural}
        if namespace and api.namespaced:
            attributes["namespace"] = namespace
        reviews = Ask(
            verb="create", group="authorization.k8s.io", resource="selfsubjectaccessreviews"
        )
        review = {"spec": {"resourceAttributes": attributes}}
        answer = self.server.answer(Request(who=self.user, ask=reviews, body=review))
        return bool(answer.body["status"]["allowed"])

    def _about(
        self, kind: type[Object], verb: str, namespace: str, name: str = "", **query: str
    ) -> Request:
        api = kind.api
        served = [r.version for r in self.server.resources if _is(r, api.group, api.plural)]
        return Request(
            who=self.user,
            ask=Ask(
                verb=verb, group=api.group, resource=api.plural, namespace=namespace, name=name
            ),
            version=next((v for v in api.versions if v in served), api.versions[0]),
            query=query,
            metadata_only=api.metadata_only,
        )

    def _capture[K: Object](self, kind: type[K], namespace: str | None) -> Capture[K]:
        where = (namespace or "") if kind.api.namespaced else ""
        namespaces = (where,) if where else None
        try:
            listed = self.server.answer(self._about(kind, "list", where)).body
        except StatusError as no:
            state = _state(no)
            unserved = f"the API server does not serve {kind.api.resource}"
            why = unserved if state is State.ABSENT else no.message
            return Capture(kind=kind, state=state, why=why, namespaces=namespaces)
        objects, unreadable = decoded(kind, listed["items"])
        return Capture(
            kind=kind,
            objects=objects,
            unreadable=unreadable,
            namespaces=namespaces,
            resource_version=listed["metadata"]["resourceVersion"],
        )

    def _watch(self, kind: type[Object], namespace: str | None, version: str) -> Watch:
        where = (namespace or "") if kind.api.namespaced else ""
        return self.server.watch(self._about(kind, "watch", where, resourceVersion=version))

    async def _news[K: Object](self, kind: type[K], watch: Watch) -> AsyncIterator[News[K]]:
        ask = self._about(kind, "watch", watch.namespace)
        while rbac.allowed(self.server.store, ask.who, ask.ask):
            for event in watch.pending():
                objects, unreadable = decoded(kind, [event["object"]])
                if unreadable or event["type"] == "ERROR":
                    return  # only a new list can say what is there now
                news = Removed if event["type"] == "DELETED" else Put
                yield news(object=objects[0])
            await watch.ready()


def _is(resource: Resource, group: str, plural: str) -> bool:
    return (resource.group, resource.plural) == (group, plural)


def _state(no: StatusError) -> State:
    """Forbidden and absent are answers; anything else is a fault of the caller's request."""
    match no.code:
        case 403:
            return State.FORBIDDEN
        case 404:
            return State.ABSENT
        case _:
            raise no
