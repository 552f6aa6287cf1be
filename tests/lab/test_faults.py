"""Faults on the real control plane: what is above the kubelet reacts, and only a repair heals."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lab.control_plane import Lab
from lab.errors import NotAllowed
from tests.lab.manifests import (
    IMAGE,
    Json,
    container,
    create,
    deployment,
    events,
    pod,
    ready,
    shell,
    template,
    waiting_reason,
)

HTTP: Json = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 2}
WRONG_PORT: Json = {"ports": [{"containerPort": 80}]}
RIGHT_PORT: Json = {"ports": [{"containerPort": 8080}]}


def replaces(pods: Json) -> Callable[[Lab, str], None]:
    def act(lab: Lab, namespace: str) -> None:
        create(lab, namespace, deployment(pods))

    return act


def runs(*args: str) -> Callable[[Lab, str], None]:
    def act(lab: Lab, namespace: str) -> None:
        lab.kubectl(*args, "-n", namespace)

    return act


sets_image = runs("set", "image", "deployment/web", f"app={IMAGE}")

FROM_MAP: Json = {
    "env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}}]
}
FROM_SECRET: Json = {"envFrom": [{"secretRef": {"name": "keys"}}]}

# What the spec says, what the kubelet then writes, and what heals it.
CASES: dict[str, tuple[Json, str, Callable[[Lab, str], None]]] = {
    "exits with a code": (
        template(shell("sleep 1; exit 3")), "CrashLoopBackOff", replaces(template()),
    ),
    "ends by a signal": (
        template(shell("kill -SEGV $$")), "CrashLoopBackOff", replaces(template()),
    ),
    "a variable is missing": (
        template(shell("app ${DATABASE_URL:?no database}")),
        "CrashLoopBackOff",
        runs("set", "env", "deployment/web", "DATABASE_URL=db:5432"),
    ),
    "uses more memory than it may": (
        template(
            container(args=["--uses-memory=512Mi"], resources={"limits": {"memory": "256Mi"}})
        ),
        "CrashLoopBackOff",
        runs("set", "resources", "deployment/web", "--limits=memory=1Gi"),
    ),
    "an image that does not exist": (
        template(container(image="app:does-not-exist")), "ImagePullBackOff", sets_image,
    ),
    "an image that needs credentials": (
        template(container(image="app:private"), imagePullSecrets=[{"name": "registry"}]),
        "ImagePullBackOff",
        runs("create", "secret", "generic", "registry", "--from-literal=.dockerconfigjson={}"),
    ),
    "a registry that limits": (
        template(container(image="app:rate-limited")), "ImagePullBackOff", sets_image,
    ),
    "a registry that nobody knows": (
        template(container(image="registry.invalid/app:1")), "ImagePullBackOff", sets_image,
    ),
    "an impossible name": (
        template(container(image="registry.example/App:1")), "InvalidImageName", sets_image,
    ),
    "a ConfigMap key that is missing": (
        template(container(**FROM_MAP)),
        "CreateContainerConfigError",
        runs("create", "configmap", "settings", "--from-literal=a=1"),
    ),
    "a Secret that is missing": (
        template(container(**FROM_SECRET)),
        "CreateContainerConfigError",
        runs("create", "secret", "generic", "keys", "--from-literal=a=1"),
    ),
    "a volume whose ConfigMap is missing": (
        template(volumes=[{"name": "files", "configMap": {"name": "site"}}]),
        "ContainerCreating",
        runs("create", "configmap", "site", "--from-literal=index=1"),
    ),
    "a liveness probe of the wrong port": (
        template(container(livenessProbe=HTTP, **WRONG_PORT)),
        "CrashLoopBackOff",
        replaces(template(container(livenessProbe=HTTP, **RIGHT_PORT))),
    ),
    "a startup probe of the wrong port": (
        template(container(startupProbe=HTTP, **WRONG_PORT)),
        "CrashLoopBackOff",
        replaces(template(container(startupProbe=HTTP, **RIGHT_PORT))),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_fails_as_the_spec_says_and_heals_when_repaired(
    case: str, lab: Lab, lab_namespace: str
) -> None:
    pods, reason, repair = CASES[case]
    create(lab, lab_namespace, deployment(pods))
    # What keeps ending is ready for a moment after each start.
    lab.wait(
        lambda: waiting_reason(lab, lab_namespace) == reason and ready(lab, lab_namespace) == 0,
        what=reason,
    )

    repair(lab, lab_namespace)
    lab.wait(lambda: ready(lab, lab_namespace) == 1, what="the repaired pod")


def test_a_readiness_probe_that_fails_keeps_the_pod_out_of_its_service(
    lab: Lab, lab_namespace: str
) -> None:
    create(lab, lab_namespace, deployment(template(container(readinessProbe=HTTP, **WRONG_PORT))))
    lab.kubectl("expose", "deployment", "web", "--port=80", "-n", lab_namespace)
    lab.wait(lambda: events(lab, lab_namespace, "Unhealthy"), what="a failed probe")

    assert not _endpoints_ready(lab, lab_namespace)
    replaces(template(container(readinessProbe=HTTP, **RIGHT_PORT)))(lab, lab_namespace)
    lab.wait(lambda: any(_endpoints_ready(lab, lab_namespace)), what="an endpoint")


def _endpoints_ready(lab: Lab, namespace: str) -> list[bool]:
    slices = lab.get("endpointslices", "-n", namespace)["items"]
    return [
        each["conditions"]["ready"]
        for every in slices
        for each in every.get("endpoints") or []
        if each["conditions"]["ready"]
    ]


def test_a_pod_that_is_deleted_fails_again(lab: Lab, lab_namespace: str) -> None:
    create(lab, lab_namespace, deployment(template(shell("exit 1"))))
    lab.wait(lambda: waiting_reason(lab, lab_namespace) == "CrashLoopBackOff")
    first = lab.get("pods", "-n", lab_namespace)["items"][0]["metadata"]["name"]
    lab.kubectl("delete", "pod", first, "-n", lab_namespace)

    lab.wait(lambda: waiting_reason(lab, lab_namespace) == "CrashLoopBackOff")
    names = [each["metadata"]["name"] for each in lab.get("pods", "-n", lab_namespace)["items"]]
    assert first not in names


def test_a_rollout_that_fails_runs_into_its_deadline_and_is_undone(
    lab: Lab, lab_namespace: str
) -> None:
    create(lab, lab_namespace, deployment(template(), replicas=3, deadline=2))
    lab.wait(lambda: ready(lab, lab_namespace) == 3, what="a healthy start")
    lab.kubectl("set", "image", "deployment/web", "app=app:does-not-exist", "-n", lab_namespace)
    lab.wait(lambda: "ProgressDeadlineExceeded" in _reasons(lab, lab_namespace), what="deadline")
    status = lab.get("deployment", "web", "-n", lab_namespace)["status"]
    assert status["updatedReplicas"] == 1
    assert status["unavailableReplicas"] == 1

    lab.kubectl("rollout", "undo", "deployment/web", "-n", lab_namespace)
    lab.kubectl("rollout", "status", "deployment/web", "-n", lab_namespace, "--timeout=30s")


def _reasons(lab: Lab, namespace: str) -> list[str]:
    conditions = lab.get("deployment", "web", "-n", namespace)["status"].get("conditions", [])
    return [each["reason"] for each in conditions]


def test_an_init_container_that_fails(lab: Lab, lab_namespace: str) -> None:
    init = container("migrate", command=["sh", "-c", "exit 4"])
    create(lab, lab_namespace, deployment(template(initContainers=[init])))
    lab.wait(
        lambda: waiting_reason(lab, lab_namespace, of="initContainerStatuses") == "CrashLoopBackOff"
    )
    assert "Init:CrashLoopBackOff" in lab.kubectl("get", "pods", "-n", lab_namespace)

    create(lab, lab_namespace, deployment(template(initContainers=[container("migrate")])))
    lab.wait(lambda: ready(lab, lab_namespace) == 1, what="the repaired pod")


def test_an_evicted_pod_stays_and_is_replaced(lab: Lab, lab_namespace: str) -> None:
    writes = container(args=["--writes=2Gi"], resources={"limits": {"ephemeral-storage": "1Gi"}})
    create(lab, lab_namespace, deployment(template(writes)))
    lab.wait(lambda: len(events(lab, lab_namespace, "Evicted")) >= 2, what="evictions")
    failed = lab.get("pods", "-n", lab_namespace, "--field-selector=status.phase=Failed")["items"]

    assert failed[0]["status"]["reason"] == "Evicted"
    create(lab, lab_namespace, deployment(template()))
    lab.wait(lambda: ready(lab, lab_namespace) == 1, what="the repaired pod")


def test_an_annotated_fault_heals_when_the_annotation_goes(lab: Lab, lab_namespace: str) -> None:
    fault = {"lab.holdfast.dev/fault": "crash-loop", "lab.holdfast.dev/signal": "ABRT"}
    create(lab, lab_namespace, pod(template(annotations=fault)))
    lab.wait(lambda: waiting_reason(lab, lab_namespace) == "CrashLoopBackOff")
    status = lab.get("pod", "web", "-n", lab_namespace)["status"]["containerStatuses"][0]
    assert status["lastState"]["terminated"]["exitCode"] == 134

    lab.kubectl("annotate", "pod", "web", "lab.holdfast.dev/fault-", "-n", lab_namespace)
    lab.kubectl("wait", "pod/web", "--for=condition=Ready", "-n", lab_namespace, "--timeout=20s")


def test_events_are_the_kubelet_s_and_are_counted(lab: Lab, lab_namespace: str) -> None:
    create(lab, lab_namespace, pod(template(shell("exit 1"))))
    lab.wait(
        lambda: any(each["count"] >= 2 for each in events(lab, lab_namespace, "BackOff")),
        what="a counted event",
    )
    found = events(lab, lab_namespace, "BackOff")[0]
    shown = lab.get("pod", "web", "-n", lab_namespace)
    node, uid = shown["spec"]["nodeName"], shown["metadata"]["uid"]

    assert found["source"] == {"component": "kubelet", "host": node}
    assert found["reportingComponent"] == "kubelet"
    assert found["reportingInstance"] == node
    assert found["type"] == "Warning"
    assert found["involvedObject"]["uid"] == uid
    assert found["involvedObject"]["fieldPath"] == "spec.containers{app}"
    assert found["message"] == (
        f"Back-off restarting failed container app in pod web_{lab_namespace}({uid})"
    )
    assert found["metadata"]["name"].startswith("web.")


def test_the_status_is_written_by_the_kubelet(lab: Lab, lab_namespace: str) -> None:
    create(lab, lab_namespace, pod(template()))
    lab.kubectl("wait", "pod/web", "--for=condition=Ready", "-n", lab_namespace, "--timeout=20s")
    shown = json.loads(
        lab.kubectl("get", "pod/web", "-n", lab_namespace, "-o", "json", "--show-managed-fields")
    )
    managers = {
        each["manager"]: each.get("subresource") for each in shown["metadata"]["managedFields"]
    }

    assert managers["kubelet"] == "status"
    assert shown["status"]["qosClass"] == "BestEffort"


def test_logs_are_served_for_this_run_and_the_one_before(lab: Lab, lab_namespace: str) -> None:
    recorded = {"lab.holdfast.dev/log": "connecting to db:5432\npanic: no such host"}
    create(
        lab,
        lab_namespace,
        pod(template(shell("exit 1"), annotations=recorded), "told"),
        pod(template(shell("kill -SEGV $$")), "untold"),
        pod(template(container(image="app:does-not-exist")), "unborn"),
        pod(template(), "well"),
    )

    def logs(*args: str) -> str:
        return lab.kubectl("logs", "-n", lab_namespace, *args)

    def restarted(name: str) -> bool:
        status: dict[str, Any] = lab.get("pod", name, "-n", lab_namespace)["status"]
        return any(each["restartCount"] for each in status.get("containerStatuses", ()))

    lab.wait(lambda: restarted("told") and restarted("untold"), what="restarts")
    lab.kubectl("wait", "pod/well", "--for=condition=Ready", "-n", lab_namespace)
    assert logs("told", "--previous") == "connecting to db:5432\npanic: no such host"
    assert logs("told", "--previous", "--tail=1") == "panic: no such host"
    assert "goroutine 1 [running]" in logs("untold", "--previous")
    assert "ready" in logs("well")
    with pytest.raises(NotAllowed, match=r'previous terminated container "app" in pod "well" not'):
        logs("well", "--previous")
    with pytest.raises(NotAllowed, match=r"is waiting to start: .*image"):
        logs("unborn")
