"""Every change of an object: computed first, shown to the fences if there are any, then kept.

A rehearsal goes the same way and is not kept.
"""

from collections.abc import Callable, Sequence

import msgspec

from holdfast.testing import reading
from holdfast.testing.admission import Admission, Change, Operation, Webhook
from holdfast.testing.documents import Json
from holdfast.testing.lifecycle import Lifecycle
from holdfast.testing.removal import Deletion, Removal
from holdfast.testing.requests import Request
from holdfast.testing.resources import Resource
from holdfast.testing.status import StatusError, details
from holdfast.testing.store import Key, Store
from holdfast.testing.subresources import budget_for, one_less, scale_of, scaled


class Changes:
    """Changes of one store."""

    def __init__(
        self,
        store: Store,
        lifecycle: Lifecycle,
        removal: Removal,
        fences: Sequence[Admission],
        webhooks: Sequence[Webhook] = (),
    ) -> None:
        self._store = store
        self._lifecycle = lifecycle
        self._removal = removal
        self._fences = fences
        self._webhooks = webhooks

    def create(self, request: Request, resource: Resource, body: Json) -> Json:
        """A new object."""
        where, dry = request.ask.namespace, request.dry
        if self._fences:
            born = self._lifecycle.create(resource, where, body, dry=True)
            name = str(born["metadata"]["name"])
            change = _change(request, resource, Operation.CREATE, after=_whole(resource, born))
            self._judge(msgspec.structs.replace(change, name=name))
        return self._lifecycle.create(resource, where, body, dry=dry)

    def replace(self, request: Request, resource: Resource, before: Json, after: Json) -> Json:
        """An object as a whole, or its status alone."""
        return self._replace(request, resource, before, after, lambda it: _whole(resource, it))

    def scale(self, request: Request, resource: Resource, before: Json, scale: Json) -> Json:
        """How many it wants; returns its scale."""
        after = scaled(resource, before, scale)
        return scale_of(self._replace(request, resource, before, after, scale_of))

    def _replace(
        self,
        request: Request,
        resource: Resource,
        before: Json,
        after: Json,
        shown: Callable[[Json], Json],
    ) -> Json:
        key, part = key_of(request, resource), request.ask.subresource
        for webhook in self._webhooks:
            after = webhook(resource, after)

        def replaced(*, dry: bool) -> Json:
            return self._lifecycle.replace(resource, key, after, subresource=part, dry=dry)

        if self._fences:
            was, now = shown(before), shown(replaced(dry=True))
            self._judge(_change(request, resource, Operation.UPDATE, before=was, after=now))
        return replaced(dry=request.dry)

    def delete(
        self, request: Request, resource: Resource, before: Json, how: Deletion
    ) -> Json | None:
        """Returns what still stands, if anything does."""
        key = key_of(request, resource)
        if self._fences:
            self._removal.delete(resource, key, msgspec.structs.replace(how, dry=True))
            was = _whole(resource, before)
            change = _change(request, resource, Operation.DELETE, before=was)
            told = {"propagation": how.propagation, "dry": how.dry}
            self._judge(msgspec.structs.replace(change, **told))
        return self._removal.delete(resource, key, how)

    def evict(self, request: Request, resource: Resource, pod: Json, how: Deletion) -> None:
        """A pod, as far as its budget allows."""
        eviction = request.body or {}
        self._judge(_change(request, resource, Operation.CREATE, after=eviction))
        budget = budget_for(self._store, pod)
        self._removal.delete(resource, key_of(request, resource), how)
        if budget is not None and not how.dry:
            key, before = budget
            metadata = {**before["metadata"], "resourceVersion": str(self._store.next_version())}
            self._store.put(key, {**one_less(before), "metadata": metadata})

    def _judge(self, change: Change) -> None:
        for fence in self._fences:
            if why := fence(change):
                of = change.resource
                raise StatusError(
                    403,
                    "Forbidden",
                    f'{of.qualified} "{change.name}" is forbidden: {why}',
                    details=details(of.group, of.plural, change.name),
                )


def key_of(request: Request, resource: Resource) -> Key:
    """Where the object of a request is kept."""
    return (resource.qualified, request.ask.namespace, request.ask.name)


def _change(
    request: Request,
    resource: Resource,
    operation: Operation,
    *,
    before: Json | None = None,
    after: Json | None = None,
) -> Change:
    return Change(
        who=request.who,
        operation=operation,
        resource=resource,
        subresource=request.ask.subresource,
        namespace=request.ask.namespace,
        name=request.ask.name,
        before=before,
        after=after,
        manager=request.query.get("fieldManager", ""),
        dry=request.dry,
    )


def _whole(resource: Resource, document: Json) -> Json:
    return reading.shown(resource, document, metadata_only=False)
