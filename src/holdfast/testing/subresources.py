"""The parts of an object that are asked for by a path of their own: its scale, and its eviction."""

from collections.abc import Iterator

import msgspec

from holdfast.model.objects import Selector
from holdfast.testing.documents import Json
from holdfast.testing.resources import Resource
from holdfast.testing.status import StatusError, bad_request, details, invalid
from holdfast.testing.store import Key, Store

BUDGETS = "poddisruptionbudgets.policy"
_UNPROTECTED = ("Pending", "Succeeded", "Failed")  # nothing is disrupted when these go


def scale_of(document: Json) -> Json:
    """How many a workload wants, as an object with the workload's own uid and version."""
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    metadata = document["metadata"]
    replicas = {"replicas": (document.get("status") or {}).get("replicas", 0)}
    chosen = (document["spec"].get("selector") or {}).get("matchLabels") or {}
    if chosen:
        replicas["selector"] = ",".join(f"{name}={chosen[name]}" for name in sorted(chosen))
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in kept if name in metadata},
        "spec": {"replicas": document["spec"].get("replicas", 0)},
        "status": replicas,
    }


def scaled(resource: Resource, document: Json, scale: Json) -> Json:
    """The workload as that scale would have it, with its preconditions."""
    given = scale.get("metadata") or {}
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int):
        raise bad_request(f"json: cannot unmarshal {replicas!r} into Go struct field of type int32")
    if replicas < 0:
        message = f"Invalid value: {replicas}: must be greater than or equal to 0"
        cause = ("spec.replicas", "FieldValueInvalid", message)
        raise invalid(resource.group, resource.kind, str(document["metadata"]["name"]), cause)
    said = {name: given[name] for name in ("uid", "resourceVersion") if given.get(name)}
    return {
        **document,
        "metadata": {**document["metadata"], **said},
        "spec": {**document["spec"], "replicas": replicas},
    }


def budget_for(store: Store, pod: Json) -> tuple[Key, Json] | None:
    """The budget that has a word in a pod's eviction. Raises what says that it may not go."""
    gone = "deletionTimestamp" in pod["metadata"]
    if gone or (pod.get("status") or {}).get("phase") in _UNPROTECTED:
        return None
    found = [*_budgets(store, pod)]
    if len(found) > 1:
        raise StatusError(
            500,
            "",
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does "
            "not support.",
        )
    if not found or _goes_anyway(pod, found[0][1]):
        return None
    if found[0][1].get("status", {}).get("disruptionsAllowed", 0) <= 0:
        raise _exhausted(found[0][1])
    return found[0]


def _goes_anyway(pod: Json, budget: Json) -> bool:
    """An unready pod does not count, where as many as are needed are healthy without it."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    if any(each["type"] == "Ready" and each["status"] == "True" for each in conditions):
        return False
    status = budget.get("status") or {}
    needs, has = int(status.get("desiredHealthy", 0)), int(status.get("currentHealthy", 0))
    always = budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow"
    return bool(always) or has >= needs > 0


def one_less(budget: Json) -> Json:
    """The budget after a disruption."""
    status = budget["status"]
    return {**budget, "status": {**status, "disruptionsAllowed": status["disruptionsAllowed"] - 1}}


def _budgets(store: Store, pod: Json) -> Iterator[tuple[Key, Json]]:
    labels = pod["metadata"].get("labels") or {}
    for key, budget in store.listing(BUDGETS):
        selector = msgspec.convert(budget["spec"].get("selector") or {}, Selector)
        if key[1] == pod["metadata"]["namespace"] and selector.matches(labels):
            yield key, budget


def _exhausted(budget: Json) -> StatusError:
    name, status = budget["metadata"]["name"], budget.get("status") or {}
    needs, has = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
    cause = {
        "reason": "DisruptionBudget",
        "message": f"The disruption budget {name} needs {needs} healthy pods and has {has} "
        "currently",
    }
    return StatusError(
        429,
        "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
        details=details("", "", causes=[cause]),
    )
