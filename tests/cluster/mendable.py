"""Trials whose repair is in the closed set: what is broken, and which action mends it.

Some are of the library; the others are made here, several faults of each sort. What is broken does
not heal by itself: each is also left alone for as long, and must still be broken then.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from holdfast.model.baseline import API_VERSION
from holdfast.testing.trials.library import Filed, library
from holdfast.testing.trials.trial import KIND, Condition, Step, Trial
from holdfast.testing.trials.wording import NAMESPACE
from lab.trials.objects import MANAGER

type Raw = dict[str, Any]

IMAGE = "registry.example/web:1"
SELECTED: Raw = {"matchLabels": {"app": "web"}}
READY: Raw = {"of": "Deployment/web", "where": {"status": {"availableReplicas": 2}}}
CONFIG: Raw = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}


@dataclass(frozen=True, kw_only=True)
class Mendable:
    """One trial, and what mends it."""

    filed: Filed
    action: str
    code: str = ""  # empty: whatever it is offered for
    well: tuple[Condition, ...] = ()  # what holds again afterwards
    then: tuple[Step, ...] = ()  # what others do as soon as it is done
    by: str = MANAGER  # who breaks it
    of: str = ""  # its target's name, where others of the kind stand in the same place

    @property
    def name(self) -> str:
        return self.filed.name

    def own(self, namespace: str) -> str:
        """The name of what is meant in that namespace; empty where nothing else could be."""
        return self.of.replace(NAMESPACE, namespace)


def mendable() -> Iterator[Mendable]:
    """All of them; each kind has several."""
    yield from _of_the_library()
    for name, change in RELEASES.items():
        yield _release(name, change)
    for name, hard in QUOTAS.items():
        yield _quota(name, hard)
    for name, change in STUCK.items():
        yield _stuck_job(name, change)
    for kind in ("Deployment", "StatefulSet", "DaemonSet"):
        yield _one_sick_pod(kind)
        yield _all_sick(kind)
    for kind in ("Deployment", "StatefulSet"):
        yield _budget(kind)
    yield _start_that_takes_long()


FROM_THE_LIBRARY = {
    "image_not_found": "RolloutUndo",
    "image_tag_mistyped": "RolloutUndo",
    "readiness_path_gone_stops_rollout": "RolloutUndo",
    "auth-migration-init-fails": "RolloutUndo",
    "budget_lets_nobody_go": "ScaleWorkload",
    "budget-asks-for-every-replica": "ScaleWorkload",
    "quota_chain": "DeleteResourceQuota",
}


def _of_the_library() -> Iterator[Mendable]:
    for filed in library():
        if filed.name in FROM_THE_LIBRARY:
            yield Mendable(filed=filed, action=FROM_THE_LIBRARY[filed.name])


def _probe(sort: str, path: str = "/broken") -> Raw:
    asked = {"httpGet": {"path": path, "port": 80}, "periodSeconds": 1, "failureThreshold": 1}
    return {"containers": [{"name": "app", sort: asked}]}


def _app(**change: object) -> Raw:
    return {"containers": [{"name": "app", **change}]}


RELEASES: Mapping[str, Raw] = {
    "release_of_a_private_image": _app(image="registry.example/web:private"),
    "release_of_a_name_that_none_has": _app(image="registry.example/Web:2"),
    "release_that_crashes": _app(command=["sh", "-c", "exit 3"]),
    "release_that_is_shot": _app(command=["sh", "-c", "kill -SEGV $$"]),
    "release_that_eats_memory": _app(
        args=["--uses-memory=512Mi"], resources={"limits": {"memory": "128Mi"}}
    ),
    "release_that_is_never_ready": _probe("readinessProbe"),
    "release_that_dies_of_its_probe": _probe("livenessProbe"),
    "release_without_its_config": _app(
        env=[{"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "nobody", "key": "a"}}}]
    ),
    "release_whose_init_fails": {
        "initContainers": [{"name": "first", "image": IMAGE, "command": ["sh", "-c", "exit 1"]}]
    },
}


def _release(name: str, change: Raw) -> Mendable:
    """A rollout that gets stuck, with the old pods still up: what is ready for a moment between two
    ends is not available yet, so that nobody takes the old pods down for it.
    """
    fault = {
        "patch": {"of": "Deployment/web", "with": {"spec": {"template": {"spec": change}}}},
    }
    stuck = {"of": "Deployment/web", "where": {"status": {"unavailableReplicas": 1}}}
    there = {"of": "Deployment/web", "where": {"status": {"replicas": 2, "availableReplicas": 2}}}
    made = workload("Deployment")
    made["spec"]["minReadySeconds"] = 10
    return Mendable(
        filed=_filed(name, [made], [READY], [fault], [stuck]),
        action="RolloutUndo",
        well=_conditions(there),
    )


QUOTAS: Mapping[str, Raw] = {
    "quota_of_one_pod": {"pods": "1"},
    "quota_of_cores": {"requests.cpu": "150m"},
    "quota_of_memory": {"requests.memory": "150Mi"},
}


def _quota(name: str, hard: Raw) -> Mendable:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "tight"},
        "spec": {"hard": hard},
    }
    counted = {"of": "ResourceQuota/tight", "where": {"status": {"hard": hard}}}
    asks = _app(image=IMAGE, resources={"requests": {"cpu": "100m", "memory": "100Mi"}})
    refused = {
        "of": "ReplicaSet/web-*",
        "where": {"status": {"conditions": [{"type": "ReplicaFailure", "status": "True"}]}},
    }
    made = workload("Deployment", asks)
    return Mendable(
        filed=_filed(name, [quota], [counted], [{"apply": made}], [refused]),
        action="DeleteResourceQuota",
    )


STUCK: Mapping[str, Raw] = {
    "run_of_an_image_that_is_not_there": _app(image="registry.example/web:does-not-exist"),
    "run_for_no_node": {"nodeSelector": {"nobody": "has"}},
    "run_without_its_config": _app(envFrom=[{"configMapRef": {"name": "nobody"}}]),
}


def _stuck_job(name: str, change: Raw) -> Mendable:
    """Its CronJob was repaired since, but runs must not overlap, and this one does not end."""
    pod = {"restartPolicy": "Never", "nodeSelector": {}, **_app(image=IMAGE, envFrom=[])}
    schedule = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "web"},
        "spec": {
            "schedule": "* * * * *",
            "suspend": True,
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {"spec": {"template": {"spec": _merged(pod, change)}}},
        },
    }
    # As if runs had been due: its controller makes up for the last of them at once.
    due = {"of": "CronJob/web", "with": {"status": {"lastScheduleTime": "$ago(5m)"}}}
    runs = {"of": "CronJob/web", "with": {"spec": {"suspend": False}}}
    repaired = {
        "of": "CronJob/web",
        "with": {"spec": {"jobTemplate": {"spec": {"template": {"spec": _repaired(change)}}}}},
    }
    hangs = {"of": "Job/web-*", "where": {"status": {"active": 1, "ready": 0}}}
    steps = [{"status": due}, {"patch": runs}, {"await": hangs}, {"patch": repaired}]
    return Mendable(
        filed=_filed(name, [schedule], [], [*steps, {"status": due}], [hangs]),
        action="DeleteJob",
        code="HF-WRK-071",
    )


def _repaired(change: Raw) -> Raw:
    if "nodeSelector" in change:
        return {"nodeSelector": None}
    return _app(image=IMAGE, envFrom=None)


def _one_sick_pod(kind: str) -> Mendable:
    """One that keeps ending where another would do well, as after a bad start."""
    on_one = {"nodeSelector": {"kubernetes.io/hostname": "node-1"}}
    made = workload(kind, _merged(_asked_whether_ready(), on_one), replicas=1)
    return Mendable(
        filed=_filed(f"sick_pod_of_a_{kind.lower()}", [made], [available(kind, 1)], *_sick()),
        action="DeletePod",
        code="HF-WRK-020",
        well=_conditions(available(kind, 1)),
    )


def _all_sick(kind: str) -> Mendable:
    """All pods keep ending, and new ones would do well."""
    made = workload(kind, _asked_whether_ready())
    if kind == "StatefulSet":  # else it waits for a sick one before it goes on
        made["spec"]["podManagementPolicy"] = "Parallel"
    count = 3 if kind == "DaemonSet" else 2
    return Mendable(
        filed=_filed(f"sick_{kind.lower()}", [made], [available(kind, count)], *_sick()),
        action="RolloutRestart",
        code="HF-WRK-020",
        well=_conditions(available(kind, count)),
    )


def _asked_whether_ready() -> Raw:
    return _merged(_app(image=IMAGE), _probe("readinessProbe", "/ready"))


def _sick() -> tuple[list[Raw], list[Raw]]:
    """Each time it ends before it is ready: one that is ready for a moment is still of use."""
    faults = {"fault": "crash-loop", "slow-start": "60s"}
    marked = {
        "metadata": {
            "annotations": {f"lab.holdfast.dev/{name}": each for name, each in faults.items()}
        }
    }
    loops = {
        "of": "Pod/web-*",
        "where": {"status": {"containerStatuses": [{"state": {"waiting": {}}}]}},
    }
    return [{"patch": {"of": "Pod/web-*", "with": marked}}], [loops]


def _budget(kind: str) -> Mendable:
    """A budget that lets nobody go, which one more replica would."""
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web"},
        "spec": {"minAvailable": 2, "selector": SELECTED},
    }
    nobody = {"expectedPods": 2, "currentHealthy": 2, "disruptionsAllowed": 0}
    held = {"of": "PodDisruptionBudget/web", "where": {"status": nobody}}
    return Mendable(
        filed=_filed(
            f"budget_of_a_{kind.lower()}",
            [workload(kind)],
            [available(kind, 2)],
            [{"apply": budget}],
            [held],
        ),
        action="ScaleWorkload",
        well=_conditions(available(kind, 3)),
    )


# Longer to start than the probe below waits, and not twice as long; in nominal seconds, of which a
# machine on which much else runs must not lose too many.
PERIOD, FAILURES, SLOW = 30, 2, 90


def _start_that_takes_long() -> Mendable:
    """It needs longer to start than its probe gives it."""
    asked = {
        "httpGet": {"path": "/started", "port": 80},
        "periodSeconds": PERIOD,
        "failureThreshold": FAILURES,
    }
    made = workload("Deployment", _app(image=IMAGE, startupProbe=asked), replicas=1)
    made["spec"]["template"]["metadata"]["annotations"] = {
        "lab.holdfast.dev/slow-start": f"{SLOW}s"
    }
    killed = {"containerStatuses": [{"started": False, "lastState": {"terminated": {}}}]}
    until = {"of": "Pod/web-*", "where": {"status": killed}}
    return Mendable(
        filed=_filed("start_that_takes_long", [], [], [{"apply": made}], [until]),
        action="PatchProbe",
        code="HF-WRK-025",
        well=_conditions(available("Deployment", 1)),
    )


NODE = f"{NAMESPACE}-node"
LONELY = {"lab.holdfast.dev/of": "a-test"}


def cordoned_node() -> Mendable:
    """A person has cordoned it. None of `mendable`: its target lies in none of their namespaces."""
    cordoned = {"spec": {"unschedulable": True}}
    follows = {"taints": [{"key": "node.kubernetes.io/unschedulable"}]}
    seen = {"of": f"Node/{NODE}", "where": {"spec": cordoned["spec"] | follows}}
    opened = {"of": f"Node/{NODE}", "where": {"spec": {"unschedulable": None}}}
    fault: list[Raw] = [{"patch": {"of": f"Node/{NODE}", "with": cordoned}}]
    given, ready = [_node_of_its_own()], [NODE_READY]
    return Mendable(
        filed=_filed("cordoned_node", given, ready, fault, [seen]),
        action="Uncordon",
        well=_conditions(opened, NODE_READY),
        by="kubectl",
        of=NODE,
    )


NODE_READY: Raw = {
    "of": f"Node/{NODE}",
    "where": {"status": {"conditions": [{"type": "Ready", "status": "True"}]}},
}


def lonely_node() -> Filed:
    """One that does well."""
    return _filed("node", [_node_of_its_own()], [NODE_READY], [], [NODE_READY])


def _node_of_its_own() -> Raw:
    """No pod of anybody's comes to it."""
    room = {"cpu": "16", "memory": "64Gi", "pods": "110", "ephemeral-storage": "200Gi"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": NODE,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": LONELY,
        },
        "spec": {"taints": [{"key": "lab.holdfast.dev/nobody", "effect": "NoSchedule"}]},
        "status": {"capacity": room, "allocatable": room},
    }


def available(kind: str, count: int) -> Raw:
    """All pods of the workload are."""
    field = "numberAvailable" if kind == "DaemonSet" else "availableReplicas"
    return {"of": f"{kind}/web", "where": {"status": {field: count}}}


def workload(kind: str, pod: Raw | None = None, replicas: int = 2, name: str = "web") -> Raw:
    """One that does well."""
    spec: Raw = {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": pod or _app(image=IMAGE)},
    }
    if kind != "DaemonSet":
        spec["replicas"] = replicas
    if kind == "StatefulSet":
        spec["serviceName"] = name
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def filed(
    name: str, given: list[Raw], ready: list[Raw], fault: list[Raw], until: list[Raw] | None = None
) -> Filed:
    """A trial of a test's own. Without `until`, its fault is seen when somebody says so."""
    return _filed(name, given, ready, fault, until or ready)


def _filed(
    name: str, given: list[Raw], ready: list[Raw], fault: list[Raw], until: list[Raw]
) -> Filed:
    told = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "says": name.replace("_", " "),
        "author": "house",
        "area": "workloads",
        "given": given,
        "ready": ready,
        "fault": fault,
        "until": until,
        "expect": "nothing",
    }
    return Filed(name=name, trial=msgspec.convert(told, Trial))


def steps(told: list[Raw]) -> tuple[Step, ...]:
    """What is done, in this order."""
    return msgspec.convert(told, tuple[Step, ...])


def _conditions(*told: Raw) -> tuple[Condition, ...]:
    return msgspec.convert(told, tuple[Condition, ...])


def _merged(pod: Raw, change: Raw) -> Raw:
    """A pod with a change to its one container, or to itself."""
    if "containers" not in change:
        return {**pod, **change}
    container = {**pod["containers"][0], **change["containers"][0]}
    return {**pod, "containers": [container]}
