"""The life of an object: how it is born, changed and removed, whoever asks.

- A plain write leaves status alone, a status write everything else.
- generation counts what was asked for, resourceVersion every change; a write that changes
  nothing is no change.
- An object with finalizers stays, marked, until the last finalizer is gone.
- What only the removed object owned goes with it, at once: the garbage collector and the
  namespace controller are the only controllers that are simulated.
"""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID, uuid5

import msgspec

from holdfast.ports import Clock
from holdfast.testing.documents import Json, copied, rfc3339
from holdfast.testing.resources import Resource, Resources, resources_of_definition
from holdfast.testing.status import already_exists, conflict, invalid
from holdfast.testing.store import Key, Store
from holdfast.testing.validation import (
    late_finalizers,
    nameless,
    refuse_invalid,
    unversioned,
)

_HOLDFAST = UUID("6f1f2a0c-5d5e-5d55-9d0b-0f6d0a7b9c11")
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # what the API server makes names of
_POD_GRACE = 30

_DEFAULTS: dict[str, Json] = {
    "deployments.apps": {"replicas": 1, "progressDeadlineSeconds": 600},
    "replicasets.apps": {"replicas": 1},
    "statefulsets.apps": {"replicas": 1},
    "persistentvolumeclaims": {"volumeMode": "Filesystem"},
    "pods": {"restartPolicy": "Always", "schedulerName": "default-scheduler"},
}
"""The defaults of spec fields that are read here; the API server knows many more."""

_AT_BIRTH: dict[str, Json] = {
    "namespaces": {"phase": "Active"},
    "persistentvolumeclaims": {"phase": "Pending"},
    "pods": {"phase": "Pending", "qosClass": "BestEffort"},
}
"""The status that the API server itself gives a new object."""


class Deletion(msgspec.Struct, frozen=True, kw_only=True):
    """How to delete."""

    uid: str | None = None
    resource_version: str | None = None
    grace_seconds: int | None = None
    orphan: bool = False
    dry: bool = False


class Lifecycle:
    """Births, changes and removals in one store."""

    def __init__(self, store: Store, resources: Resources, clock: Clock, seed: int) -> None:
        self._store = store
        self._resources = resources
        self._clock = clock
        self._seed = seed
        self._born = 0

    def _now(self) -> str:
        return rfc3339(self._clock.now())

    def _uid(self) -> str:
        return str(uuid5(_HOLDFAST, f"{self._seed}/{self._born}"))

    def _suffix(self) -> str:
        dice = sha256(f"{self._seed}/{self._born}/{self._store.version}".encode()).digest()
        return "".join(_LETTERS[byte % len(_LETTERS)] for byte in dice[:5])

    def create(self, resource: Resource, namespace: str, manifest: Json, *, dry: bool) -> Json:
        """Add an object; a dry run returns it and keeps nothing, not even its uid."""
        document = copied(manifest)
        document.pop("apiVersion", None)
        document.pop("kind", None)
        metadata = document["metadata"] = self._metadata_at_birth(
            resource, namespace, document.get("metadata") or {}
        )
        if resource.status:
            document.pop("status", None)
        self._default(resource, document)
        refuse_invalid(resource, document)
        key = (resource.qualified, namespace, str(metadata["name"]))
        if self._store.get(key) is not None:
            raise already_exists(resource.group, resource.plural, key[2])
        if dry:
            return document
        self._born += 1
        metadata["resourceVersion"] = str(self._store.next_version())
        self._store.put(key, document)
        if resource.kind == "CustomResourceDefinition":
            for served in resources_of_definition(document):
                self._resources.register(served)
        return document

    def _metadata_at_birth(self, resource: Resource, namespace: str, given: Json) -> Json:
        metadata = {k: v for k, v in given.items() if k in _PEOPLES_METADATA and v is not None}
        if not metadata.get("name"):
            if not metadata.get("generateName"):
                raise nameless(resource)
            metadata["name"] = f"{metadata['generateName'][:58]}{self._suffix()}"
        if namespace:
            metadata["namespace"] = namespace
        metadata["uid"] = self._uid()
        metadata["creationTimestamp"] = self._now()
        if resource.generation:
            metadata["generation"] = 1
        elif given.get("generation"):
            metadata["generation"] = given["generation"]  # nobody counts it, nobody clears it
        if resource.plural == "namespaces":
            named = {"kubernetes.io/metadata.name": metadata["name"]}
            metadata["labels"] = {**named, **(metadata.get("labels") or {})}
        return metadata

    def _default(self, resource: Resource, document: Json) -> None:
        if resource.qualified in _DEFAULTS:
            given = {k: v for k, v in (document.get("spec") or {}).items() if v is not None}
            document["spec"] = {**_DEFAULTS[resource.qualified], **given}
        if resource.qualified in _AT_BIRTH:
            document["status"] = copied(_AT_BIRTH[resource.qualified])
        if resource.plural == "namespaces":
            document["spec"] = {"finalizers": ["kubernetes"]}
        if resource.kind == "CustomResourceDefinition":
            document["status"] = {
                "conditions": [
                    {"type": kind, "status": "True", "lastTransitionTime": self._now()}
                    for kind in ("NamesAccepted", "Established")
                ]
            }

    def replace(
        self, resource: Resource, key: Key, manifest: Json, *, subresource: str, dry: bool
    ) -> Json:
        """Change an object as a whole, or its status alone."""
        before = self._store.get(key)
        assert before is not None  # noqa: S101  # the caller has found it
        metadata = manifest.get("metadata") or {}
        self._hold_to_preconditions(resource, before, metadata)
        document = copied(manifest)
        document.pop("apiVersion", None)
        document.pop("kind", None)
        if subresource == "status":
            after = {**before, "status": document.get("status") or {}}
        else:
            after = document
            after["metadata"] = self._metadata_after(before, metadata)
            self._keep_status(resource, before, after)
            refuse_invalid(resource, after)
            self._refuse_late_finalizers(resource, before, after)
        return self._commit(resource, key, before, after, dry=dry)

    def _hold_to_preconditions(self, resource: Resource, before: Json, metadata: Json) -> None:
        current = before["metadata"]
        name = current["name"]
        uid, version = metadata.get("uid"), metadata.get("resourceVersion")
        if uid and uid != current["uid"]:
            because = (
                f"Precondition failed: UID in precondition: {uid}, "
                f"UID in object meta: {current['uid']}"
            )
            raise conflict(resource.group, resource.plural, name, because)
        if version and version != current["resourceVersion"]:
            raise conflict(resource.group, resource.plural, name)
        if resource.custom and not version:
            raise unversioned(resource, name)

    def _metadata_after(self, before: Json, given: Json) -> Json:
        kept = {k: v for k, v in before["metadata"].items() if k not in _PEOPLES_METADATA}
        asked = {k: v for k, v in given.items() if k in _PEOPLES_METADATA and v is not None}
        named = {k: before["metadata"][k] for k in _NAMES if k in before["metadata"]}
        return {**kept, **asked, **named}

    def _keep_status(self, resource: Resource, before: Json, after: Json) -> None:
        if not resource.status:
            return
        after.pop("status", None)
        if "status" in before:
            after["status"] = before["status"]

    def _refuse_late_finalizers(self, resource: Resource, before: Json, after: Json) -> None:
        if "deletionTimestamp" not in before["metadata"]:
            return
        had = before["metadata"].get("finalizers") or []
        added = [f for f in after["metadata"].get("finalizers") or [] if f not in had]
        if added:
            raise late_finalizers(resource, before["metadata"]["name"], added)

    def _commit(
        self, resource: Resource, key: Key, before: Json, after: Json, *, dry: bool
    ) -> Json:
        if after == before:
            return before
        metadata = dict(after["metadata"])
        if resource.generation and _asks_for_more(resource, before, after):
            metadata["generation"] = metadata["generation"] + 1
        after = {**after, "metadata": metadata}
        if dry:
            return after
        if "deletionTimestamp" in metadata and _may_go(after):
            self._remove(resource, key)  # nothing is written any more: watches hear of the end
            return after
        metadata["resourceVersion"] = str(self._store.next_version())
        self._store.put(key, after)
        if resource.kind == "CustomResourceDefinition":
            for served in resources_of_definition(after):
                self._resources.register(served)
        return after

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
            self._remove(resource, key)
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

    def _remove(self, resource: Resource, key: Key) -> None:
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
        self._commit(
            self._resource(key), key, dependent, {**dependent, "metadata": metadata}, dry=False
        )

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


_NAMES = ("name", "namespace", "generateName")
_PEOPLES_METADATA = (
    "name",
    "generateName",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
    "managedFields",
)
"""What people and controllers write in metadata; the rest is the server's."""


def _may_go(document: Json) -> bool:
    metadata = document["metadata"]
    return (
        not metadata.get("finalizers")
        and not metadata.get("deletionGracePeriodSeconds")
        and document.get("spec", {}).get("finalizers") is None  # a namespace waits for its content
    )


def _asks_for_more(resource: Resource, before: Json, after: Json) -> bool:
    """Whether the change is one of what was asked for, which generation counts."""

    def asked(document: Json) -> Json:
        return {k: v for k, v in document.items() if k not in ("metadata", "status")}

    if asked(before) != asked(after):
        return True
    if resource.qualified != "deployments.apps":
        return False
    # Deployments alone count their annotations too: revisions are kept in them.
    return bool(
        before["metadata"].get("annotations", {}) != after["metadata"].get("annotations", {})
    )


def refuse_foreground(policy: str) -> None:
    """Foreground deletion is not simulated; saying so beats doing something else."""
    if policy in ("", "Background", "Orphan"):
        return
    message = f'Unsupported value: "{policy}": only Background and Orphan are simulated'
    cause = ("propagationPolicy", "FieldValueNotSupported", message)
    raise invalid("meta.k8s.io", "DeleteOptions", "", cause)
