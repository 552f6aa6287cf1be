"""How an object goes: marked, held, removed, and what goes with it.

- An object with finalizers stays, marked, until the last finalizer is gone.
- A pod on a node stays, marked, until somebody deletes it with no time left, as its kubelet
  would: there is no kubelet here unless `testing.controllers` play one.
- What only the removed object owned goes with it, at once: so work the garbage collector and the
  namespace controller here.
"""

from datetime import timedelta

import msgspec

from holdfast.ports import Clock
from holdfast.testing.documents import Json, rfc3339
from holdfast.testing.resources import Resource, Resources
from holdfast.testing.status import conflict
from holdfast.testing.store import Key, Store

_POD_GRACE = 30


class Deletion(msgspec.Struct, frozen=True, kw_only=True):
    """How to delete."""

    uid: str | None = None
    resource_version: str | None = None
    grace_seconds: int | None = None
    orphan: bool = False
    propagation: str = ""
    dry: bool = False


class Removal:
    """Removals from one store."""

    def __init__(self, store: Store, resources: Resources, clock: Clock) -> None:
        self._store = store
        self._resources = resources
        self._clock = clock

    def delete(self, resource: Resource, key: Key, how: Deletion) -> Json | None:
        """Remove an object, or mark it; returns what still stands, if anything does."""
        before = self._store.get(key)
        assert before is not None  # noqa: S101  # the caller has found it
        metadata = before["metadata"]
        self._hold_to_deletion_preconditions(resource, metadata, how)
        grace = self._grace(resource, before, how)
        stays = bool(metadata.get("finalizers")) or grace > 0 or resource.plural == "namespaces"
        if how.dry:
            return before if stays else None
        if how.orphan:
            self._orphan(str(metadata["uid"]))
        said = "deletionTimestamp" in metadata and grace >= metadata["deletionGracePeriodSeconds"]
        if not said and (stays or resource.qualified == "pods"):
            self._mark(resource, key, before, grace)  # a pod is always marked before it goes
        if not stays:
            self.remove(resource, key)
        if resource.plural == "namespaces":
            self._empty(key[2])
        return self._store.get(key)

    def _hold_to_deletion_preconditions(
        self, resource: Resource, metadata: Json, how: Deletion
    ) -> None:
        name, uid, version = metadata["name"], metadata["uid"], metadata["resourceVersion"]
        if how.uid is not None and how.uid != uid:
            because = (
                f"the UID in the precondition ({how.uid}) does not match the UID in record "
                f"({uid}). The object might have been deleted and then recreated"
            )
            raise conflict(resource.group, resource.kind, name, because)
        if how.resource_version is not None and how.resource_version != version:
            because = (
                f"the ResourceVersion in the precondition ({how.resource_version}) does not match "
                f"the ResourceVersion in record ({version}). The object might have been modified"
            )
            raise conflict(resource.group, resource.kind, name, because)

    def _grace(self, resource: Resource, before: Json, how: Deletion) -> int:
        if resource.qualified != "pods":
            return 0
        scheduled = bool(before["spec"].get("nodeName"))
        over = (before.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        if over or not scheduled:
            return 0  # no kubelet has to be waited for
        if how.grace_seconds is not None:
            return how.grace_seconds
        return int(before["spec"].get("terminationGracePeriodSeconds") or _POD_GRACE)

    def _mark(self, resource: Resource, key: Key, before: Json, grace: int) -> None:
        metadata = dict(before["metadata"])
        moment = self._clock.now() + timedelta(seconds=grace)
        if "generation" in metadata and "deletionTimestamp" not in metadata:
            metadata["generation"] += 1  # controllers must look again, so it counts as asked for
        metadata["deletionTimestamp"] = rfc3339(moment)
        metadata["deletionGracePeriodSeconds"] = grace
        metadata["resourceVersion"] = str(self._store.next_version())
        after = {**before, "metadata": metadata}
        if resource.plural == "namespaces":
            after["status"] = {**(before.get("status") or {}), "phase": "Terminating"}
        self._store.put(key, after)

    def remove(self, resource: Resource, key: Key) -> None:
        """Take an object away, and with it what was its own."""
        gone = self._store.remove(key)
        if resource.kind == "CustomResourceDefinition":
            self._unserve(gone)
        self._collect(str(gone["metadata"]["uid"]))
        if key[1]:
            self._finish(key[1])

    def _unserve(self, definition: Json) -> None:
        group, plural = definition["spec"]["group"], definition["spec"]["names"]["plural"]
        for key, _ in self._store.listing(f"{plural}.{group}"):
            self._store.remove(key)
        self._resources.forget(group, plural)

    def _dependents(self, uid: str) -> list[tuple[Key, Json]]:
        return [
            (key, document)
            for key, document in self._store.everything()
            if any(o.get("uid") == uid for o in document["metadata"].get("ownerReferences") or ())
        ]

    def _collect(self, uid: str) -> None:
        for key, dependent in self._dependents(uid):
            others = [o for o in dependent["metadata"]["ownerReferences"] if o["uid"] != uid]
            if any(self._lives(str(owner["uid"])) for owner in others):
                self._owned_by(key, dependent, others)
            else:
                self.delete(self._resource(key), key, Deletion())

    def _orphan(self, uid: str) -> None:
        for key, dependent in self._dependents(uid):
            others = [o for o in dependent["metadata"]["ownerReferences"] if o["uid"] != uid]
            self._owned_by(key, dependent, others)

    def _lives(self, uid: str) -> bool:
        return any(d["metadata"]["uid"] == uid for _, d in self._store.everything())

    def _owned_by(self, key: Key, dependent: Json, owners: list[Json]) -> None:
        metadata = {k: v for k, v in dependent["metadata"].items() if k != "ownerReferences"}
        if owners:
            metadata["ownerReferences"] = owners
        metadata["resourceVersion"] = str(self._store.next_version())
        self._store.put(key, {**dependent, "metadata": metadata})

    def _resource(self, key: Key) -> Resource:
        plural, _, group = key[0].partition(".")
        return self._resources.find(group, plural)

    def _empty(self, namespace: str) -> None:
        for key, _ in self._store.everything():
            if key[1] == namespace and self._store.get(key) is not None:
                self.delete(self._resource(key), key, Deletion(grace_seconds=0))
        self._finish(namespace)

    def _finish(self, namespace: str) -> None:
        """A namespace on its way out goes when the last thing in it is gone."""
        key = ("namespaces", "", namespace)
        document = self._store.get(key)
        if document is None or "deletionTimestamp" not in document["metadata"]:
            return
        empty = not any(k[1] == namespace for k, _ in self._store.everything())
        if empty and not document["metadata"].get("finalizers"):
            self._store.remove(key)


def may_go(document: Json) -> bool:
    """Whether nothing holds a marked object any more."""
    metadata = document["metadata"]
    return (
        not metadata.get("finalizers")
        and not metadata.get("deletionGracePeriodSeconds")
        and document.get("spec", {}).get("finalizers") is None  # a namespace waits for its content
    )
