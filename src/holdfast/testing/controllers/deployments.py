"""The Deployment controller: one ReplicaSet for each template, and a rolling change between them.

Left out: `Recreate`, scaling in proportion while a rollout moves, and forgetting old revisions.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from holdfast.testing.controllers.templates import HASH, bare, code_of
from holdfast.testing.controllers.world import (
    Due,
    World,
    leaving,
    moment,
    with_condition,
)
from holdfast.testing.documents import Json, copied, rfc3339
from holdfast.testing.manifests import condition, owner

REVISION = "deployment.kubernetes.io/revision"


def deployments(world: World) -> Iterator[Due]:
    """One step of each rollout at a time, until there is none left."""
    for deployment in world.all("deployments"):
        if not leaving(deployment):
            yield from _Rollout(world, deployment).go_on()


class _Rollout:
    """One Deployment with its ReplicaSets."""

    def __init__(self, world: World, deployment: Json) -> None:
        self._world = world
        self._deployment = deployment
        self._spec = deployment["spec"]
        self._sets = world.owned("replicasets", deployment)
        wanted = bare(self._spec["template"])
        same = [each for each in self._sets if bare(each["spec"]["template"]) == wanted]
        self._new = same[0] if same else None
        self._old = [each for each in self._sets if each is not self._new]

    def go_on(self) -> Iterator[Due]:
        """One step, and what there was of it before."""
        if self._new is None:
            if not self._spec.get("paused"):
                self._begin()
            return
        yield from self._tell(self._new)
        if not self._counted(self._new):
            self._scale(self._new)

    def _begin(self) -> None:
        template: Json = copied(self._spec["template"])
        code = code_of(template)
        labels = {**template["metadata"]["labels"], HASH: code}
        template["metadata"]["labels"] = labels
        metadata = self._deployment["metadata"]
        selector = {**self._spec["selector"]["matchLabels"], HASH: code}
        made: Json = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{metadata['name']}-{code}",
                "namespace": metadata["namespace"],
                "labels": labels,
                "annotations": {REVISION: str(_latest(self._sets) + 1)},
                "ownerReferences": [owner(self._deployment)],
            },
            "spec": {"replicas": 0, "selector": {"matchLabels": selector}, "template": template},
        }
        self._world.create(made)
        message = f'Created new replica set "{made["metadata"]["name"]}"'
        self._say("NewReplicaSetCreated", message)

    def _say(self, reason: str, message: str) -> None:
        status = self._deployment.get("status") or {}
        conditions = with_condition(
            status.get("conditions") or [], self._progressing("True", reason, message)
        )
        self._world.tell(self._deployment, {**status, "conditions": conditions})

    def _progressing(self, status: str, reason: str, message: str) -> Json:
        made = condition("Progressing", status, self._world.now, reason, message)
        return {**made, "lastUpdateTime": rfc3339(self._world.now)}

    def _counted(self, new: Json) -> bool:
        """Whether the revision had to be numbered: the one that is wanted has the highest."""
        annotations = self._deployment["metadata"].get("annotations") or {}
        said = str(annotations.get(REVISION, 0))
        number = _revision(new) or int(said)
        if number <= _latest(self._old):
            number = _latest(self._old) + 1
        numbered = {"metadata": {"annotations": {REVISION: str(number)}}}
        moved = False
        for each, known in ((new, _revision(new)), (self._deployment, int(said))):
            if known != number:
                self._world.change(each, numbered)
                moved = True
        return moved

    def _scale(self, new: Json) -> None:
        """One ReplicaSet at a time: up within the surge, down as far as is safe."""
        wanted, size = self._spec["replicas"], new["spec"]["replicas"]
        if self._spec.get("paused") and self._old_pods:
            return
        surge, unavailable = _bounds(self._spec)
        room = wanted + surge - size - self._old_pods
        target = min(wanted, size + max(0, room))
        if target != size:
            self._world.change(new, {"spec": {"replicas": target}})
            return
        spare = size + self._old_pods - (wanted - unavailable) - (size - _available(new))
        self._shrink(spare, wanted - unavailable)

    @property
    def _old_pods(self) -> int:
        return sum(each["spec"]["replicas"] for each in self._old)

    def _shrink(self, spare: int, least: int) -> None:
        """First what is not available anyway, then what can be spared."""
        above = sum(map(_available, self._sets)) - least
        for each in self._old:
            size = each["spec"]["replicas"]
            for cut in (min(spare, size - _available(each)), min(spare, size, above)):
                if cut > 0:
                    self._world.change(each, {"spec": {"replicas": size - cut}})
                    return

    def _tell(self, new: Json) -> Iterator[Due]:
        before = self._deployment.get("status") or {}
        counts = {
            "replicas": _sum(self._sets, "replicas"),
            "updatedReplicas": _sum([new], "replicas"),
            "readyReplicas": _sum(self._sets, "readyReplicas"),
            "availableReplicas": sum(map(_available, self._sets)),
        }
        asked = sum(each["spec"]["replicas"] for each in self._sets)
        counts["unavailableReplicas"] = max(0, asked - counts["availableReplicas"])
        said = with_condition(before.get("conditions") or [], self._available(counts))
        conditions = [*_failures(self._moved(new, before, counts, said), new)]
        status = {
            "observedGeneration": self._deployment["metadata"]["generation"],
            **{name: n for name, n in counts.items() if n},
            "conditions": conditions,
        }
        self._world.tell(self._deployment, status)
        deadline = _deadline(self._spec, conditions)
        if deadline is not None and deadline > self._world.now:
            yield deadline

    def _available(self, counts: Json) -> Json:
        enough = counts["availableReplicas"] >= self._spec["replicas"] - _bounds(self._spec)[1]
        told = (
            ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
            if enough
            else (
                "False",
                "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.",
            )
        )
        made = condition("Available", told[0], self._world.now, *told[1:])
        return {**made, "lastUpdateTime": rfc3339(self._world.now)}

    def _moved(
        self, new: Json, before: Json, counts: Json, conditions: Sequence[Json]
    ) -> Sequence[Json]:
        """Whether the rollout is through, moves, or has not moved in its time."""
        said = next((c for c in conditions if c["type"] == "Progressing"), None)
        name, wanted = new["metadata"]["name"], self._spec["replicas"]
        whole = counts["updatedReplicas"] == counts["replicas"] == wanted
        through = whole and counts["availableReplicas"] == wanted
        if through:
            message = f'ReplicaSet "{name}" has successfully progressed.'
            done = self._progressing("True", "NewReplicaSetAvailable", message)
            return with_condition(conditions, done)
        if whole and said is not None and said["reason"] == "NewReplicaSetAvailable":
            return conditions  # it was through: what it lacks by now is no matter of the rollout
        deadline = _deadline(self._spec, conditions)
        if said is None or _moves(before, counts):
            message = f'ReplicaSet "{name}" is progressing.'
            goes_on = self._progressing("True", "ReplicaSetUpdated", message)
            if said is not None and said["status"] == "True":
                goes_on["lastTransitionTime"] = said["lastTransitionTime"]
            return [*(c for c in conditions if c["type"] != "Progressing"), goes_on]
        if deadline is not None and self._world.now >= deadline:
            message = f'ReplicaSet "{name}" has timed out progressing.'
            late = self._progressing("False", "ProgressDeadlineExceeded", message)
            return with_condition(conditions, late)
        return conditions


def _moves(before: Json, counts: Json) -> bool:
    def was(name: str) -> int:
        return int(before.get(name, 0))

    fewer_old = counts["replicas"] - counts["updatedReplicas"] < was("replicas") - was(
        "updatedReplicas"
    )
    names = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return fewer_old or any(counts[name] > was(name) for name in names)


def _deadline(spec: Json, conditions: Sequence[Json]) -> Due | None:
    """When a rollout that does not move any more is late; none if it is through or late already."""
    said = next((c for c in conditions if c["type"] == "Progressing"), None)
    if said is None or said["reason"] in ("NewReplicaSetAvailable", "ProgressDeadlineExceeded"):
        return None
    since = said.get("lastUpdateTime") or said["lastTransitionTime"]
    return moment(since) + timedelta(seconds=spec["progressDeadlineSeconds"])


def _failures(conditions: Sequence[Json], new: Json) -> Iterator[Json]:
    """What the ReplicaSet says of pods that it may not make stands in its Deployment too."""
    yield from (each for each in conditions if each["type"] != "ReplicaFailure")
    said = (new.get("status") or {}).get("conditions") or ()
    yield from (each for each in said if each["type"] == "ReplicaFailure")


def _bounds(spec: Json) -> tuple[int, int]:
    """How many more than wanted there may be, and how many fewer."""
    rolling = (spec.get("strategy") or {}).get("rollingUpdate") or {}
    wanted = spec["replicas"]
    surge = _of(rolling.get("maxSurge", "25%"), wanted, up=True)
    unavailable = _of(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    return surge, unavailable if surge or unavailable else 1


def _of(value: object, wanted: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    part = int(str(value).removesuffix("%")) * wanted
    return -(-part // 100) if up else part // 100


def _revision(document: Json) -> int:
    return int((document["metadata"].get("annotations") or {}).get(REVISION, 0))


def _latest(replica_sets: Sequence[Json]) -> int:
    return max(map(_revision, replica_sets), default=0)


def _available(replica_set: Json) -> int:
    return _sum([replica_set], "availableReplicas")


def _sum(replica_sets: Sequence[Json], name: str) -> int:
    return sum((each.get("status") or {}).get(name, 0) for each in replica_sets)
