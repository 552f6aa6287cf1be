"""The life of an object: how it is born and changed, whoever asks.

- A plain write leaves status alone, a status write everything else.
- generation counts what was asked for, resourceVersion every change; a write that changes
  nothing is no change.
"""

from hashlib import sha256
from uuid import UUID, uuid5

from holdfast.ports import Clock
from holdfast.testing.documents import Json, copied, rfc3339
from holdfast.testing.managers import without_what_went
from holdfast.testing.removal import Removal, may_go
from holdfast.testing.resources import Resource, Resources, resources_of_definition
from holdfast.testing.status import already_exists, conflict
from holdfast.testing.store import Key, Store
from holdfast.testing.validation import (
    late_finalizers,
    nameless,
    refuse_invalid,
    unversioned,
)

_HOLDFAST = UUID("6f1f2a0c-5d5e-5d55-9d0b-0f6d0a7b9c11")
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # what the API server makes names of

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


class Lifecycle:
    """Births and changes in one store."""

    def __init__(
        self, store: Store, resources: Resources, clock: Clock, seed: int, removal: Removal
    ) -> None:
        self._store = store
        self._resources = resources
        self._clock = clock
        self._removal = removal
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
        self._keep(resource, key, document)
        return document

    def _keep(self, resource: Resource, key: Key, document: Json) -> None:
        """Store it, and serve what it defines."""
        document["metadata"]["resourceVersion"] = str(self._store.next_version())
        self._store.put(key, document)
        if resource.kind == "CustomResourceDefinition":
            for served in resources_of_definition(document):
                self._resources.register(served)

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
            if managers := after["metadata"].get("managedFields"):
                after["metadata"]["managedFields"] = without_what_went(managers, before, after)
            refuse_invalid(resource, after)
            self._refuse_late_finalizers(resource, before, after)
        return self._commit(resource, key, before, after, dry=dry)

    def _hold_to_preconditions(self, resource: Resource, before: Json, metadata: Json) -> None:
        current = before["metadata"]
        name = current["name"]
        uid, version = metadata.get("uid"), metadata.get("resourceVersion")
        if uid and uid != current["uid"]:
            where = f"/registry/{resource.plural}/{current.get('namespace', '')}/{name}"
            because = (
                f"StorageError: invalid object, Code: 4, Key: {where}, ResourceVersion: 0, "
                f"AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in "
                f"object meta: {current['uid']}"
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
        if "deletionTimestamp" in metadata and may_go(after):
            self._removal.remove(resource, key)  # nothing is written: watches hear of the end
            return after
        self._keep(resource, key, after)
        return after


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
