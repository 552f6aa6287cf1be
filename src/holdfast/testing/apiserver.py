"""The simulated API server: every request comes through here, is authorised and is audited.

The order is the real one: who may not ask is told so before anyone looks whether the thing is
there.
"""

import msgspec

from holdfast.testing import rbac, reading, selectors
from holdfast.testing.clock import FrozenClock
from holdfast.testing.documents import Json, copied, merged
from holdfast.testing.lifecycle import Deletion, Lifecycle, refuse_foreground
from holdfast.testing.rbac import Ask
from holdfast.testing.reading import Watch
from holdfast.testing.requests import Answer, Audited, PatchForm, Request, said_dry
from holdfast.testing.resources import Resource, Resources
from holdfast.testing.status import (
    StatusError,
    bad_request,
    details,
    not_found,
    not_served,
    qualified,
    unsupported_media,
)
from holdfast.testing.store import Key, Store

_COLLECTIVE = ("list", "watch", "deletecollection")
_BORN_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


class ApiServer:
    """State, rules and rights behind one door."""

    def __init__(self, clock: FrozenClock, seed: int) -> None:
        self.clock = clock
        self.store = Store()
        self.resources = Resources()
        self.audit: list[Audited] = []
        self._lifecycle = Lifecycle(self.store, self.resources, clock, seed)
        for name in _BORN_NAMESPACES:
            self._bear("namespaces", {"metadata": {"name": name}})
        for born in rbac.bootstrap_roles():
            self._bear(self.resources.of(born).qualified, born)

    def _bear(self, resource: str, document: Json) -> None:
        self._lifecycle.create(self.resources.named(resource), "", document, dry=False)

    def answer(self, request: Request) -> Answer:
        """Do what is asked for, or raise the StatusError that says why not."""
        try:
            answer = self._answer(request)
        except StatusError as no:
            self._record(request, no.code)
            raise
        self._record(request, answer.code)
        return answer

    def watch(self, request: Request) -> Watch:
        """Open a watch."""
        try:
            watch = Watch(self.store, self._authorised(request), request)
        except StatusError as no:
            self._record(request, no.code)
            raise
        self._record(request, 200)
        return watch

    def read_path(self, request: Request) -> None:
        """A path that is no resource: discovery, version, health."""
        try:
            self.authorise(request)
        except StatusError as no:
            self._record(request, no.code)
            raise
        self._record(request, 200)

    def authorise(self, request: Request) -> None:
        """403 for what no rule grants."""
        ask = request.ask
        if ask.verb in _COLLECTIVE:
            name = selectors.exact_name(request.query.get("fieldSelector", ""))
            ask = msgspec.structs.replace(ask, name=name)
        if not rbac.allowed(self.store, request.who, ask):
            raise rbac.forbidden(request.who, ask)

    def _record(self, request: Request, code: int) -> None:
        ask = request.ask
        what = qualified(ask.group, ask.resource) if ask.resource else ask.path
        self.audit.append(
            Audited(
                verb=ask.verb,
                resource=f"{what}/{ask.subresource}" if ask.subresource else what,
                namespace=ask.namespace,
                name=ask.name,
                user=request.who.name,
                code=code,
                dry_run=request.query.get("dryRun") == "All",
            )
        )

    def _authorised(self, request: Request) -> Resource:
        self.authorise(request)
        ask = request.ask
        resource = self.resources.find(ask.group, ask.resource, request.version)
        if ask.subresource and not (ask.subresource == "status" and resource.status):
            raise not_served()
        if ask.namespace and not resource.namespaced:
            raise not_served()
        return resource

    def _answer(self, request: Request) -> Answer:
        resource = self._authorised(request)
        if resource.answers_only and request.ask.verb != "create":
            raise not_allowed()
        verbs = {
            "get": self._get,
            "list": self._list,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_all,
        }
        act = verbs.get(request.ask.verb)
        if act is None or not _addressed(request.ask):
            raise not_allowed()
        return act(request, resource)

    def _get(self, request: Request, resource: Resource) -> Answer:
        return self._shown(request, resource, self._found(request, resource))

    def _list(self, request: Request, resource: Resource) -> Answer:
        return Answer(code=200, body=reading.page(self.store, resource, request))

    def _shown(
        self, request: Request, resource: Resource, document: Json, *, code: int = 200
    ) -> Answer:
        body = reading.shown(resource, document, metadata_only=request.metadata_only)
        return Answer(code=code, body=body)

    def _key(self, request: Request, resource: Resource) -> Key:
        return (resource.qualified, request.ask.namespace, request.ask.name)

    def _found(self, request: Request, resource: Resource) -> Json:
        document = self.store.get(self._key(request, resource))
        if document is None:
            raise not_found(resource.group, resource.plural, request.ask.name)
        return document

    def _manifest(self, request: Request, resource: Resource) -> Json:
        body = request.body or {}
        metadata = body.get("metadata") or {}
        given = (body.get("apiVersion"), body.get("kind"))
        if given not in ((None, None), (resource.api_version, resource.kind)):
            raise bad_request(
                f"the API version in the data ({given[0]}) or the kind ({given[1]}) does not "
                f"match the expected one ({resource.api_version}, {resource.kind})"
            )
        named = metadata.get("namespace")
        if named and named != request.ask.namespace:
            raise bad_request(
                "the namespace of the provided object does not match the namespace sent on the "
                "request"
            )
        return body

    def _create(self, request: Request, resource: Resource) -> Answer:
        body = self._manifest(request, resource)
        dry = request.dry
        if resource.answers_only:
            return Answer(code=201, body=self._reviewed(request, body))
        if (body.get("metadata") or {}).get("resourceVersion"):
            raise StatusError(500, "", "resourceVersion should not be set on objects to be created")
        if resource.namespaced:
            self._refuse_homeless(request, resource, body)
        document = self._lifecycle.create(resource, request.ask.namespace, body, dry=dry)
        return self._shown(request, resource, document, code=201)

    def _refuse_homeless(self, request: Request, resource: Resource, body: Json) -> None:
        where = request.ask.namespace
        home = self.store.get(("namespaces", "", where))
        if home is None:
            raise not_found("", "namespaces", where)
        if "deletionTimestamp" not in home["metadata"]:
            return
        name = (body.get("metadata") or {}).get("name", "")
        because = f"namespace {where} is being terminated"
        raise StatusError(
            403,
            "Forbidden",
            f'{resource.qualified} "{name}" is forbidden: unable to create new content in '
            f"namespace {where} because it is being terminated",
            details=details(
                resource.group,
                resource.plural,
                name,
                causes=[
                    {
                        "reason": "NamespaceTerminating",
                        "message": because,
                        "field": "metadata.namespace",
                    }
                ],
            ),
        )

    def _reviewed(self, request: Request, review: Json) -> Json:
        spec = review.get("spec") or {}
        if asked := spec.get("resourceAttributes"):
            ask = Ask(
                verb=asked.get("verb", ""),
                group=asked.get("group", ""),
                resource=asked.get("resource", ""),
                subresource=asked.get("subresource", ""),
                namespace=asked.get("namespace", ""),
                name=asked.get("name", ""),
            )
        else:
            asked = spec.get("nonResourceAttributes") or {}
            ask = Ask(verb=asked.get("verb", ""), path=asked.get("path", ""))
        granted = rbac.allowed(self.store, request.who, ask)
        return {**copied(review), "status": {"allowed": granted}}

    def _update(self, request: Request, resource: Resource) -> Answer:
        body = self._manifest(request, resource)
        name = (body.get("metadata") or {}).get("name")
        if name and name != request.ask.name:
            raise bad_request(
                f"the name of the object ({name}) does not match the name on the URL "
                f"({request.ask.name})"
            )
        key = self._key(request, resource)
        if self.store.get(key) is None and resource.creates_on_update:
            return self._create(request, resource)
        self._found(request, resource)
        after = self._lifecycle.replace(
            resource, key, body, subresource=request.ask.subresource, dry=request.dry
        )
        return self._shown(request, resource, after)

    def _patch(self, request: Request, resource: Resource) -> Answer:
        patch = request.body or {}
        if request.patch == PatchForm.STRATEGIC and (resource.custom or _beyond_us(patch)):
            raise unsupported_media(PatchForm.MERGE)
        if request.patch not in tuple(PatchForm):
            raise unsupported_media(", ".join(PatchForm))
        before = self._found(request, resource)
        after = merged(before, patch)
        name = (after.get("metadata") or {}).get("name")
        if name != request.ask.name:
            raise bad_request(
                f"the name of the object ({name}) does not match the name on the URL "
                f"({request.ask.name})"
            )
        changed = self._lifecycle.replace(
            resource,
            self._key(request, resource),
            after,
            subresource=request.ask.subresource,
            dry=request.dry,
        )
        return self._shown(request, resource, changed)

    def _how(self, request: Request) -> Deletion:
        # A body, where there is one, is all that counts: upstream reads the query only without it.
        options = request.body or {}
        if not options:
            query = request.query
            options = {
                "dryRun": [query["dryRun"]] if query.get("dryRun") else None,
                "propagationPolicy": query.get("propagationPolicy"),
            }
            if query.get("gracePeriodSeconds"):
                options["gracePeriodSeconds"] = int(query["gracePeriodSeconds"])
        policy = str(options.get("propagationPolicy") or "")
        refuse_foreground(policy)
        preconditions = options.get("preconditions") or {}
        return Deletion(
            uid=preconditions.get("uid"),
            resource_version=preconditions.get("resourceVersion"),
            grace_seconds=options.get("gracePeriodSeconds"),
            orphan=policy == "Orphan" or bool(options.get("orphanDependents")),
            dry=said_dry(options.get("dryRun")),
        )

    def _delete(self, request: Request, resource: Resource) -> Answer:
        how = self._how(request)
        before = self._found(request, resource)
        left = self._lifecycle.delete(resource, self._key(request, resource), how)
        if left is not None:
            return self._shown(request, resource, left)
        metadata = before["metadata"]
        about = details(resource.group, resource.plural, metadata["name"], uid=metadata["uid"])
        return Answer(
            code=200,
            body={
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Success",
                "details": about,
            },
        )

    def _delete_all(self, request: Request, resource: Resource) -> Answer:
        how = self._how(request)
        listing = reading.page(self.store, resource, request)
        wants = reading.wanted(request, resource)
        for key, document in self.store.listing(resource.qualified):
            if wants(key, document):
                self._lifecycle.delete(resource, key, how)
        return Answer(code=200, body=listing)


def _addressed(ask: Ask) -> bool:
    """Whether the verb fits the path: collections are created in, objects are changed."""
    match ask.verb:
        case "get" | "update" | "patch" | "delete":
            return bool(ask.name)
        case "create":
            return not ask.name
        case _:
            return True


def _beyond_us(patch: object) -> bool:
    """Lists merge by keys that only the API's schema knows, and directives are its own language."""
    match patch:
        case dict():
            return any(k.startswith("$") or _beyond_us(v) for k, v in patch.items())
        case list():
            return True
        case _:
            return False


def not_allowed() -> StatusError:
    """405: a verb that the resource does not know."""
    return StatusError(
        405,
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
        details={},
    )
