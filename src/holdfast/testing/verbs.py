"""What each verb does, once it is known that it may."""

from collections.abc import Callable, Mapping

import msgspec

from holdfast.ports import Clock
from holdfast.testing import account_tokens, bodies, reading, reviews
from holdfast.testing.changes import Changes, key_of
from holdfast.testing.documents import Json, merged
from holdfast.testing.removal import Removal
from holdfast.testing.requests import Answer, PatchForm, Request
from holdfast.testing.resources import Resource
from holdfast.testing.status import (
    StatusError,
    bad_request,
    details,
    not_allowed,
    not_found,
    unsupported_media,
)
from holdfast.testing.store import Store
from holdfast.testing.subresources import scale_of
from holdfast.testing.validation import another_uid

type Act = Callable[[Request, Resource], Answer]


class Verbs:
    """Reads and writes on one store."""

    def __init__(self, store: Store, changes: Changes, removal: Removal, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._changes = changes
        self._removal = removal
        self._acts: Mapping[str, Act] = {
            "get": self._get,
            "list": self._list,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_all,
        }
        self._parts: Mapping[str, Act] = {"eviction": self._evict, "token": self._issue}

    def do(self, request: Request, resource: Resource) -> Answer:
        """What is asked for; 405 for a verb that does not fit the path."""
        ask = request.ask
        act = self._parts.get(ask.subresource) or self._acts.get(ask.verb)
        if act is None or not _fits(request, resource):
            raise not_allowed()
        if request.fault is not None:
            raise request.fault
        return act(request, resource)

    def _get(self, request: Request, resource: Resource) -> Answer:
        document = self._found(request, resource)
        if request.ask.subresource == "scale":
            return Answer(code=200, body=scale_of(document))
        return _shown(request, resource, document)

    def _list(self, request: Request, resource: Resource) -> Answer:
        return Answer(code=200, body=reading.page(self._store, resource, request))

    def _found(self, request: Request, resource: Resource) -> Json:
        document = self._store.get(key_of(request, resource))
        if document is None:
            raise not_found(resource.group, resource.plural, request.ask.name)
        return document

    def _create(self, request: Request, resource: Resource) -> Answer:
        body = bodies.manifest(request, resource)
        if resource.answers_only:
            return Answer(code=201, body=reviews.answered(self._store, request.who, body))
        metadata = bodies.metadata_of(body)
        if metadata.get("resourceVersion"):
            raise StatusError(500, "", "resourceVersion should not be set on objects to be created")
        if resource.namespaced:
            self._refuse_homeless(request, resource, metadata.get("name") or "")
        document = self._changes.create(request, resource, body)
        return _shown(request, resource, document, code=201)

    def _refuse_homeless(self, request: Request, resource: Resource, name: str) -> None:
        where = request.ask.namespace
        home = self._store.get(("namespaces", "", where))
        if home is None:
            raise not_found("", "namespaces", where)
        if "deletionTimestamp" not in home["metadata"]:
            return
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {where} is being terminated",
            "field": "metadata.namespace",
        }
        raise StatusError(
            403,
            "Forbidden",
            f'{resource.qualified} "{name}" is forbidden: unable to create new content in '
            f"namespace {where} because it is being terminated",
            details=details(resource.group, resource.plural, name, causes=[cause]),
        )

    def _update(self, request: Request, resource: Resource) -> Answer:
        body = bodies.manifest(request, resource)
        bodies.refuse_another_name(request, body)
        bodies.refuse_odd_version(body)
        if self._store.get(key_of(request, resource)) is None and resource.creates_on_update:
            return self._create(request, resource)
        before = self._found(request, resource)
        return self._changed(request, resource, before, body)

    def _changed(self, request: Request, resource: Resource, before: Json, after: Json) -> Answer:
        if request.ask.subresource == "scale":
            return Answer(code=200, body=self._changes.scale(request, resource, before, after))
        changed = self._changes.replace(request, resource, before, after)
        return _shown(request, resource, changed)

    def _patch(self, request: Request, resource: Resource) -> Answer:
        patch = request.body or {}
        beyond_us = resource.custom or _has_lists(patch)
        if request.patch == PatchForm.STRATEGIC and beyond_us:
            raise unsupported_media(PatchForm.MERGE)
        if request.patch not in tuple(PatchForm):
            raise StatusError(
                415, "UnsupportedMediaType", "415: Unsupported Media Type", details={}
            )
        before = self._found(request, resource)
        scale = request.ask.subresource == "scale"
        whole = {"kind": resource.kind, "apiVersion": resource.api_version, **before}
        named = merged(scale_of(before) if scale else whole, patch)
        after = bodies.manifest(msgspec.structs.replace(request, body=named), resource)
        bodies.refuse_another_name(request, after)
        bodies.refuse_odd_version(after)
        uid = after["metadata"].get("uid")
        if uid and uid != before["metadata"]["uid"]:
            raise another_uid(resource, request.ask.name, uid)
        return self._changed(request, resource, before, after)

    def _delete(self, request: Request, resource: Resource) -> Answer:
        how = bodies.deletion(request)
        before = self._found(request, resource)
        left = self._changes.delete(request, resource, before, how)
        if left is not None:
            return _shown(request, resource, left)
        name, uid = before["metadata"]["name"], before["metadata"]["uid"]
        success = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": details(resource.group, resource.plural, name, uid=uid),
        }
        return Answer(code=200, body=success)

    def _evict(self, request: Request, resource: Resource) -> Answer:
        eviction = request.body or {}
        if bodies.metadata_of(eviction).get("name") != request.ask.name:
            raise bad_request("name in URL does not match name in Eviction object")
        options = eviction.get("deleteOptions") or {}
        how = bodies.deletion(msgspec.structs.replace(request, body=options))
        how = msgspec.structs.replace(how, dry=how.dry or request.dry)
        self._changes.evict(request, resource, self._found(request, resource), how)
        success = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return Answer(code=201, body={**success, "code": 201})

    def _issue(self, request: Request, resource: Resource) -> Answer:
        account = self._found(request, resource)
        body = account_tokens.issued(account, request.body or {}, self._clock.now())
        return Answer(code=201, body=body)

    def _delete_all(self, request: Request, resource: Resource) -> Answer:
        how = bodies.deletion(request)
        listing = reading.page(self._store, resource, request)
        wants = reading.wanted(request, resource)
        for key, document in self._store.listing(resource.qualified):
            if wants(key, document):
                self._removal.delete(resource, key, how)
        return Answer(code=200, body=listing)


def _shown(request: Request, resource: Resource, document: Json, *, code: int = 200) -> Answer:
    body = reading.shown(resource, document, metadata_only=request.metadata_only)
    return Answer(code=code, body=body)


def _fits(request: Request, resource: Resource) -> bool:
    """Whether the verb fits the path: collections are created in, objects are changed."""
    ask = request.ask
    homeless = resource.namespaced and not ask.namespace
    if ask.subresource in ("eviction", "token"):
        return ask.verb == "create"
    match ask.verb:
        case "list":
            return not resource.answers_only
        case "create" | "deletecollection":
            return not ask.name and not homeless
        case _:
            return bool(ask.name) and not resource.answers_only


def _has_lists(patch: object) -> bool:
    """Lists merge by keys that only the API's schema knows, and directives are its own language."""
    match patch:
        case dict():
            return any(k.startswith("$") or _has_lists(v) for k, v in patch.items())
        case list():
            return True
        case _:
            return False
