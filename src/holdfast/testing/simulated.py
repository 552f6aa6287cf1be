"""A whole cluster in memory: the `Cluster` port to look at it, and a driver to change it.

    cluster = SimulatedCluster()
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    reader = cluster.as_user("reader")      # the same cluster, seen with somebody's rights
    await reader.list(Pod)                  # a Capture, FORBIDDEN until something is granted

Deterministic: the same seed and the same calls give the same uids, names, versions and bytes.
There is no kubelet, and no controller but the garbage collector, unless `testing.controllers` are
put to work: a status is what somebody wrote.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, TypedDict, Unpack

import yaml

from holdfast.testing import rbac
from holdfast.testing.apiserver import ApiServer
from holdfast.testing.clock import FrozenClock
from holdfast.testing.documents import Json, copied, merged
from holdfast.testing.rbac import ADMIN, Ask, User, a_user
from holdfast.testing.requests import Audited, Request
from holdfast.testing.resources import Resource
from holdfast.testing.sight import Sight
from holdfast.testing.status import StatusError

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Deleting(TypedDict, total=False):
    """What may be said about a deletion."""

    uid: str
    resource_version: str
    dry_run: bool
    grace_seconds: int
    orphan: bool


class SimulatedCluster(Sight):
    """One user's sight of a simulated cluster; `as_user` gives another's sight of the same."""

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: FrozenClock | None = None,
        user: User = ADMIN,
        server: ApiServer | None = None,
    ) -> None:
        super().__init__(server or ApiServer(clock or FrozenClock(), seed), user)

    def as_user(self, name: str, *groups: str) -> "SimulatedCluster":
        """The same cluster with that user's rights, which are none until granted."""
        return SimulatedCluster(user=a_user(name, *groups), server=self.server)

    @property
    def audit(self) -> list[Audited]:
        """Every request so far, whoever sent it."""
        return self.server.audit

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


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


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
