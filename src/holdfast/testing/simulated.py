"""A whole cluster in memory: the `Cluster` port to look at it, and a driver to change it.

    cluster = SimulatedCluster()
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    reader = cluster.as_user("reader")      # the same cluster, seen with somebody's rights
    await reader.list(Pod)                  # a Capture, FORBIDDEN until something is granted

Deterministic: the same seed and the same calls give the same uids, names, versions and bytes.
There is no kubelet, and no controller but the garbage collector: a status is what somebody wrote.
"""

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from typing import Any, TypedDict, Unpack

import yaml

from holdfast.errors import Unanswered
from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, Identity, State
from holdfast.ports import News, Put, Relisted, Removed, Unseen
from holdfast.testing import rbac
from holdfast.testing.apiserver import ApiServer
from holdfast.testing.clock import FrozenClock
from holdfast.testing.discovery import GIT_VERSION
from holdfast.testing.documents import Json, copied, decoded, merged
from holdfast.testing.rbac import ADMIN, Ask, User, a_user
from holdfast.testing.reading import Watch
from holdfast.testing.requests import Audited, Request
from holdfast.testing.resources import Resource
from holdfast.testing.status import StatusError

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Deleting(TypedDict, total=False):
    """What may be said about a deletion."""

    uid: str
    resource_version: str
    dry_run: bool
    grace_seconds: int
    orphan: bool


class SimulatedCluster:
    """One user's sight of a simulated cluster; `as_user` gives another's sight of the same."""

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: FrozenClock | None = None,
        user: User = ADMIN,
        server: ApiServer | None = None,
    ) -> None:
        self.server = server or ApiServer(clock or FrozenClock(), seed)
        self.clock: FrozenClock = self.server.clock
        self.user = user

    def as_user(self, name: str, *groups: str) -> "SimulatedCluster":
        """The same cluster with that user's rights, which are none until granted."""
        return SimulatedCluster(user=a_user(name, *groups), server=self.server)

    @property
    def audit(self) -> list[Audited]:
        """Every request so far, whoever sent it."""
        return self.server.audit

    # To look: the port.

    async def identity(self) -> Identity:
        """Which cluster this is; its uid is the one of kube-system, if this user may read it."""
        self.server.read_path(Request(who=self.user, ask=Ask(verb="get", path="/version")))
        try:
            uid = str(self.fetch("namespaces", "kube-system")["metadata"]["uid"])
        except StatusError:
            uid = ""
        return Identity(name="simulated", uid=uid, server="simulated", version=GIT_VERSION)

    async def now(self) -> datetime:
        """The time of the cluster's clock."""
        return self.clock.now()

    async def list[K: Object](self, kind: type[K], namespace: str | None = None) -> Capture[K]:
        """All objects of a kind that this user may list, as the real reader would show them."""
        return self._capture(kind, namespace)

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

    async def may(self, verb: str, kind: type[Object], namespace: str | None = None) -> bool:
        """Whether this user may do that."""
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {
                "resourceAttributes": {
                    "verb": verb,
                    "group": kind.api.group,
                    "resource": kind.api.plural,
                    "namespace": namespace or "",
                }
            },
        }
        return bool(self.create(review)["status"]["allowed"])

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

    # To change: the driver, with this user's rights.

    def create(
        self, manifest: Json, *, namespace: str | None = None, dry_run: bool = False
    ) -> Json:
        """Add an object; returns it as it was born."""
        return self._write("create", manifest, namespace, dry_run=dry_run)

    def replace(
        self, manifest: Json, *, namespace: str | None = None, dry_run: bool = False
    ) -> Json:
        """Change an object as a whole; its resourceVersion, if there is one, must be current."""
        return self._write("update", manifest, namespace, dry_run=dry_run)

    def update_status(self, manifest: Json, *, namespace: str | None = None) -> Json:
        """Change an object's status, and nothing else of it."""
        return self._write("update", manifest, namespace, subresource="status")

    def patch(
        self,
        resource: str,
        name: str,
        patch: Json,
        *,
        namespace: str = "",
        subresource: str = "",
        dry_run: bool = False,
    ) -> Json:
        """Merge a patch (RFC 7396) into an object."""
        return self._send(
            "patch",
            self._named(resource),
            namespace,
            name,
            subresource=subresource,
            query=_dry(dry_run),
            body=patch,
        )

    def delete(
        self, resource: str, name: str, *, namespace: str = "", **how: Unpack[Deleting]
    ) -> Json:
        """Remove an object, or mark it if finalizers or a kubelet hold it."""
        preconditions = {"uid": how.get("uid"), "resourceVersion": how.get("resource_version")}
        options: Json = {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "preconditions": {k: v for k, v in preconditions.items() if v is not None},
            "propagationPolicy": "Orphan" if how.get("orphan") else "Background",
            "dryRun": ["All"] if how.get("dry_run") else [],
        }
        if "grace_seconds" in how:
            options["gracePeriodSeconds"] = how["grace_seconds"]
        return self._send("delete", self._named(resource), namespace, name, body=options)

    def fetch(self, resource: str, name: str, *, namespace: str = "") -> Json:
        """One object as plain JSON."""
        return self._send("get", self._named(resource), namespace, name)

    def page(self, resource: str, *, namespace: str | None = None, **query: str) -> Json:
        """One page of a list as plain JSON; the query as on the wire: limit, labelSelector."""
        found = self._named(resource)
        where = (namespace or "") if found.namespaced else ""
        return self._answer("list", found, where, "", query=query)

    def apply_manifest(self, manifest: str | Json | Iterable[Json]) -> tuple[Json, ...]:
        """Create or change every object of a manifest, stamped as `kubectl apply` stamps it."""
        return tuple(self._apply(document) for document in _documents(manifest))

    def grant(
        self, role: Json, *, user: str = "", group: str = "", namespace: str | None = None
    ) -> None:
        """Make a role and bind it: everywhere, or in one namespace alone."""
        kind = role["kind"]
        where = namespace or ""
        if kind == "Role":
            role = {**role, "metadata": {**role["metadata"], "namespace": where}}
        self._make(role)
        name = role["metadata"]["name"]
        subject = {"kind": "User", "name": user} if user else {"kind": "Group", "name": group}
        self._make(
            {
                "apiVersion": f"{rbac.GROUP}/v1",
                "kind": "RoleBinding" if where else "ClusterRoleBinding",
                "metadata": {"name": f"{name}.{user or group}", "namespace": where},
                "roleRef": {"apiGroup": rbac.GROUP, "kind": kind, "name": name},
                "subjects": [{"apiGroup": rbac.GROUP, **subject}],
            }
        )

    def register(self, resource: Resource) -> None:
        """Serve a resource without a CustomResourceDefinition."""
        self.server.resources.register(resource)

    def unserve(self, resource: str) -> None:
        """Stop serving a resource, as a cluster does that never had it."""
        found = self._named(resource)
        self.server.resources.forget(found.group, found.plural)

    def compact(self) -> None:
        """Forget the history: whoever reads from the past gets 410 from now on."""
        self.server.store.compact()

    def dump(self) -> bytes:
        """The whole state as canonical JSON, to compare two clusters byte by byte."""
        state = [["/".join(key), document] for key, document in self.server.store.everything()]
        whole = {"version": self.server.store.version, "objects": state}
        return json.dumps(whole, sort_keys=True, ensure_ascii=False).encode()

    def _named(self, resource: str) -> Resource:
        return self.server.resources.named(resource)

    def _make(self, manifest: Json) -> Json:
        """PUT, which makes RBAC objects that are not there."""
        metadata = {k: v for k, v in manifest["metadata"].items() if v}
        return self._write("update", {**manifest, "metadata": metadata}, None)

    def _write(
        self,
        verb: str,
        manifest: Json,
        namespace: str | None,
        *,
        subresource: str = "",
        dry_run: bool = False,
    ) -> Json:
        metadata = manifest.get("metadata") or {}
        return self._send(
            verb,
            self.server.resources.of(manifest),
            namespace or metadata.get("namespace", ""),
            "" if verb == "create" else metadata.get("name", ""),
            subresource=subresource,
            query=_dry(dry_run),
            body=manifest,
        )

    def _send(self, verb: str, resource: Resource, namespace: str, name: str, **more: Any) -> Json:
        where = (namespace or "default") if resource.namespaced else ""
        return self._answer(verb, resource, where, name, **more)

    def _answer(
        self, verb: str, resource: Resource, namespace: str, name: str, **more: Any
    ) -> Json:
        ask = Ask(
            verb=verb,
            group=resource.group,
            resource=resource.plural,
            subresource=more.pop("subresource", ""),
            namespace=namespace,
            name=name,
        )
        request = Request(who=self.user, ask=ask, version=resource.version, **more)
        return copied(self.server.answer(request).body)

    def _apply(self, document: Json) -> Json:
        written = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        stamped = merged(document, {"metadata": {"annotations": {LAST_APPLIED: f"{written}\n"}}})
        try:
            return self.create(stamped)
        except StatusError as no:
            if no.reason != "AlreadyExists":
                raise
        metadata = document["metadata"]
        resource = self.server.resources.of(document)
        where = metadata.get("namespace", "")
        return self.patch(resource.qualified, metadata["name"], stamped, namespace=where)


def _is(resource: Resource, group: str, plural: str) -> bool:
    return (resource.group, resource.plural) == (group, plural)


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _state(no: StatusError) -> State:
    """Forbidden and absent are answers; anything else is a fault of the caller's request."""
    match no.code:
        case 403:
            return State.FORBIDDEN
        case 404:
            return State.ABSENT
        case _:
            raise no


def _documents(manifest: str | Json | Iterable[Json]) -> Iterator[Json]:
    match manifest:
        case str():
            documents: Iterable[Json] = [d for d in yaml.safe_load_all(manifest) if d]
        case dict():
            documents = [manifest]
        case _:
            documents = manifest
    for document in documents:
        if document.get("kind") == "List":
            yield from document["items"]
        else:
            yield document
