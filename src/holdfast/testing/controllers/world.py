"""The simulated cluster as its controllers see and change it: with all rights, and by its clock."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from holdfast.testing import manifests
from holdfast.testing.documents import Json
from holdfast.testing.rbac import User
from holdfast.testing.simulated import Deleting, SimulatedCluster
from holdfast.testing.status import StatusError

CONTROLLERS = User(name="system:kube-controller-manager", groups=("system:masters",))
Due = datetime
"""A moment at which somebody wants to look again."""

type Reconcile = Callable[["World"], Iterator[Due]]
"""What one controller does to all that is its own, until it would change nothing any more."""


class World:
    """Reads and writes of the controllers."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = SimulatedCluster(user=CONTROLLERS, server=cluster.server)
        self._api = cluster.server
        self._seen: dict[str, tuple[int, Sequence[Json]]] = {}

    @property
    def now(self) -> datetime:
        """The cluster's time."""
        return self._api.clock.now()

    @property
    def version(self) -> int:
        """Moves with every change."""
        return self._api.store.version

    def all(self, resource: str) -> Sequence[Json]:
        """Every object of a resource, with its kind; copy what is to be changed."""
        version, seen = self._seen.get(resource, (0, ()))
        if version != self.version:
            found = self._api.resources.named(resource)
            head = {"kind": found.kind, "apiVersion": found.api_version}
            seen = [{**head, **each} for _, each in self._api.store.listing(found.qualified)]
            self._seen[resource] = self.version, seen
        return seen

    def owned(self, resource: str, owner: Json) -> Sequence[Json]:
        """Those that this object controls and that nobody has deleted, oldest first."""
        found = controlled(self.all(resource), owner)
        return sorted(
            (each for each in found if not leaving(each)),
            key=lambda each: (each["metadata"]["creationTimestamp"], each["metadata"]["name"]),
        )

    def create(self, manifest: Json) -> Json:
        """Add an object. Raises what the API server says against it."""
        return self._cluster.create(manifest)

    def change(self, document: Json, patch: Json) -> None:
        """Merge a patch into an object."""
        name, namespace = document["metadata"]["name"], document["metadata"].get("namespace", "")
        self._cluster.patch(document["kind"], name, patch, namespace=namespace)

    def tell(self, document: Json, status: Json) -> None:
        """Write its status, if it is another one; who is gone by now is told nothing."""
        if status != document.get("status"):
            metadata = {**document["metadata"]}
            del metadata["resourceVersion"]
            self._cluster.update_status({**document, "metadata": metadata, "status": status})

    def delete(self, document: Json, *, grace: int | None = None) -> None:
        """Delete an object, at once if there is no time left."""
        metadata, where = document["metadata"], document["metadata"]["namespace"]
        how = Deleting() if grace is None else Deleting(grace_seconds=grace)
        self._cluster.delete(document["kind"], metadata["name"], namespace=where, **how)

    def event(self, about: Json, reason: str, message: str, component: str) -> None:
        """A warning about an object, counted if it was told before."""
        made = manifests.event(about, self.now, reason, message, component=component)
        try:
            self._cluster.create(made)
        except StatusError:
            name, namespace = made["metadata"]["name"], made["metadata"]["namespace"]
            there = self._cluster.fetch("events", name, namespace=namespace)
            told = {key: made[key] for key in ("message", "lastTimestamp", "involvedObject")}
            self._cluster.replace({**there, **told, "count": there["count"] + 1})


def leaving(document: Json) -> bool:
    """Whether somebody has deleted it."""
    return "deletionTimestamp" in document["metadata"]


def controlled(documents: Sequence[Json], owner: Json) -> Sequence[Json]:
    """Those that this object controls."""
    uid = owner["metadata"]["uid"]
    return [each for each in documents if _controller(each) == uid]


def _controller(document: Json) -> str:
    owners = document["metadata"].get("ownerReferences") or ()
    return next((str(each["uid"]) for each in owners if each.get("controller")), "")


def ready(pod: Json) -> bool:
    """Whether a pod says that it is ready."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def over(pod: Json) -> bool:
    """Whether a pod has ended."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def with_condition(conditions: Sequence[Json], new: Json) -> list[Json]:
    """The conditions with this one: the same word for the same reason is not said again."""
    old = next((each for each in conditions if each["type"] == new["type"]), None)
    if old is not None and (old["status"], old.get("reason")) == (new["status"], new.get("reason")):
        return [*conditions]
    if old is not None and old["status"] == new["status"]:
        new = {**new, "lastTransitionTime": old["lastTransitionTime"]}
    return [*(each for each in conditions if each["type"] != new["type"]), new]


def moment(written: str) -> datetime:
    """A time as Kubernetes writes it."""
    return datetime.fromisoformat(written)
