"""What goes well on the real control plane: starts, ends, nodes, disks."""

import pytest

from lab.control_plane import Lab
from tests.lab.manifests import (
    Json,
    container,
    create,
    deployment,
    events,
    pod,
    ready,
    template,
)

HTTP: Json = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 5}


def test_a_slow_start_is_not_ready_until_its_time(lab: Lab, lab_namespace: str) -> None:
    slow = {"lab.holdfast.dev/slow-start": "30s"}  # three seconds at this lab's pace
    create(
        lab,
        lab_namespace,
        deployment(template(container(readinessProbe=HTTP), annotations=slow), replicas=2),
    )
    lab.wait(lambda: events(lab, lab_namespace, "Unhealthy"), what="probes that fail")
    assert ready(lab, lab_namespace) == 0

    lab.wait(lambda: ready(lab, lab_namespace) == 2, what="both pods")


def test_a_job_completes(lab: Lab, lab_namespace: str) -> None:
    lab.kubectl("create", "job", "once", "--image=registry.example/job:1", "-n", lab_namespace)

    lab.kubectl("wait", "job/once", "--for=condition=Complete", "-n", lab_namespace)


def test_a_job_that_fails_uses_up_its_attempts(lab: Lab, lab_namespace: str) -> None:
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "bad"},
        "spec": {
            "backoffLimit": 0,
            "template": template(container(command=["false"]), restartPolicy="Never"),
        },
    }
    create(lab, lab_namespace, job)

    lab.kubectl("wait", "job/bad", "--for=condition=Failed", "-n", lab_namespace, "--timeout=30s")


def test_sets_of_pods_come_up(lab: Lab, lab_namespace: str) -> None:
    shared = {"selector": {"matchLabels": {"app": "web"}}, "template": template()}
    stateful = {"serviceName": "web", "replicas": 3}
    create(
        lab,
        lab_namespace,
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": "db"},
            "spec": shared | stateful,
        },
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": "agent"},
            "spec": shared
            | {
                "selector": {"matchLabels": {"app": "agent"}},
                "template": template() | {"metadata": {"labels": {"app": "agent"}}},
            },
        },
    )

    lab.kubectl("rollout", "status", "statefulset/db", "-n", lab_namespace, "--timeout=30s")
    lab.kubectl("rollout", "status", "daemonset/agent", "-n", lab_namespace, "--timeout=30s")


def test_a_deleted_pod_is_stopped_and_gone(lab: Lab, lab_namespace: str) -> None:
    create(lab, lab_namespace, pod(template()))
    lab.kubectl("wait", "pod/web", "--for=condition=Ready", "-n", lab_namespace)
    lab.kubectl("delete", "pod", "web", "-n", lab_namespace, "--timeout=20s")

    stopped = events(lab, lab_namespace, "Killing")
    assert [each["message"] for each in stopped] == ["Stopping container app"]


def test_a_namespace_can_be_deleted(lab: Lab, lab_namespace: str) -> None:
    create(lab, lab_namespace, deployment(template(), replicas=5))
    lab.wait(lambda: ready(lab, lab_namespace) == 5, what="five pods")

    lab.kubectl("delete", "namespace", lab_namespace, "--timeout=40s")
    lab.kubectl("create", "namespace", lab_namespace)


CONDITIONS = {
    "not-ready": ("Ready", "False", "KubeletNotReady", "NodeNotReady"),
    "memory-pressure": (
        "MemoryPressure",
        "True",
        "KubeletHasInsufficientMemory",
        "NodeHasInsufficientMemory",
    ),
    "disk-pressure": ("DiskPressure", "True", "KubeletHasDiskPressure", "NodeHasDiskPressure"),
    "pid-pressure": ("PIDPressure", "True", "KubeletHasInsufficientPID", "NodeHasInsufficientPID"),
}


@pytest.mark.parametrize("asked", CONDITIONS)
def test_a_node_is_what_its_annotation_asks_for(asked: str, lab: Lab) -> None:
    kind, status, reason, event = CONDITIONS[asked]
    healthy = _condition(lab, kind)
    lab.kubectl("annotate", "node", "node-2", f"lab.holdfast.dev/node={asked}")
    try:
        lab.wait(lambda: _condition(lab, kind)["status"] == status, what=asked)
        assert _condition(lab, kind)["reason"] == reason
        lab.wait(lambda: _taint(lab), what="the real controller's taint")
        lab.wait(
            lambda: any(each["source"]["component"] == "kubelet" for each in _events(lab, event)),
            what=event,
        )
    finally:
        lab.kubectl("annotate", "node", "node-2", "lab.holdfast.dev/node-")
    lab.wait(lambda: _condition(lab, kind)["reason"] == healthy["reason"], what="recovery")
    lab.wait(lambda: not _taint(lab), what="an untainted node")


def _condition(lab: Lab, kind: str) -> Json:
    conditions = lab.get("node", "node-2")["status"]["conditions"]
    return next(each for each in conditions if each["type"] == kind)


def _taint(lab: Lab) -> object:
    return lab.get("node", "node-2")["spec"].get("taints")


def _events(lab: Lab, reason: str) -> list[Json]:
    return events(lab, "default", reason)


def test_a_node_that_is_not_ready_does_nothing_with_its_pods(lab: Lab, lab_namespace: str) -> None:
    create(lab, lab_namespace, pod(template(nodeName="node-1")))
    lab.kubectl("wait", "pod/web", "--for=condition=Ready", "-n", lab_namespace)
    lab.kubectl("annotate", "node", "node-1", "lab.holdfast.dev/node=not-ready")
    try:
        lab.kubectl("wait", "node/node-1", "--for=condition=Ready=false", "--timeout=30s")
        lab.kubectl("delete", "pod", "web", "-n", lab_namespace, "--wait=false")
        create(lab, lab_namespace, pod(template(nodeName="node-0"), "other"))
        lab.kubectl("wait", "pod/other", "--for=condition=Ready", "-n", lab_namespace)
        assert "Terminating" in lab.kubectl("get", "pod", "web", "-n", lab_namespace)
    finally:
        lab.kubectl("annotate", "node", "node-1", "lab.holdfast.dev/node-")
    lab.kubectl("wait", "pod/web", "--for=delete", "-n", lab_namespace, "--timeout=30s")


def test_a_kubelet_knows_better_than_who_contradicts_it(lab: Lab, lab_namespace: str) -> None:
    """The node controller marks the pods of a lost node so; their kubelet takes it back."""
    create(lab, lab_namespace, pod(template()))
    lab.kubectl("wait", "pod/web", "--for=condition=Ready", "-n", lab_namespace)
    not_ready = '{"status":{"conditions":[{"type":"Ready","status":"False"}]}}'
    patch = ("patch", "pod/web", "--subresource=status", "-p", not_ready)
    assert "patched" in lab.kubectl(*patch, "-n", lab_namespace)

    lab.kubectl("wait", "pod/web", "--for=condition=Ready", "-n", lab_namespace, "--timeout=20s")


@pytest.mark.slow
def test_a_silent_kubelet_s_node_is_lost_and_comes_back(lab: Lab, lab_namespace: str) -> None:
    create(lab, lab_namespace, pod(template(nodeName="node-1")))
    lab.kubectl("wait", "pod/web", "--for=condition=Ready", "-n", lab_namespace)
    lab.kubectl("label", "node", "node-1", "lab.holdfast.dev/kubelet=silent")
    try:
        lab.kubectl("wait", "node/node-1", "--for=condition=Ready=Unknown", "--timeout=90s")
        not_ready = ("wait", "pod/web", "--for=condition=Ready=false", "--timeout=30s")
        lab.kubectl(*not_ready, "-n", lab_namespace)
    finally:
        lab.kubectl("label", "node", "node-1", "lab.holdfast.dev/kubelet-")
    lab.kubectl("wait", "node/node-1", "--for=condition=Ready", "--timeout=60s")
    lab.kubectl("wait", "pod/web", "--for=condition=Ready", "-n", lab_namespace, "--timeout=30s")


def _claim(storage_class: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {
            "storageClassName": storage_class,
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }


def _phase(lab: Lab, namespace: str) -> str:
    return str(lab.get("pvc", "data", "-n", namespace)["status"]["phase"])


def test_a_disk_is_made_at_once_and_removed_with_its_claim(lab: Lab, lab_namespace: str) -> None:
    create(lab, lab_namespace, _claim("lab-immediate"))
    lab.wait(lambda: _phase(lab, lab_namespace) == "Bound", what="a bound claim")
    volume = lab.get("pvc", "data", "-n", lab_namespace)["spec"]["volumeName"]

    lab.kubectl("delete", "pvc", "data", "-n", lab_namespace, "--timeout=20s")
    lab.kubectl("wait", f"pv/{volume}", "--for=delete", "--timeout=30s")


def test_a_disk_is_made_where_its_first_pod_goes(lab: Lab, lab_namespace: str) -> None:
    create(lab, lab_namespace, _claim("lab-late"))
    lab.wait(lambda: events(lab, lab_namespace, "WaitForFirstConsumer"), what="waiting")
    assert _phase(lab, lab_namespace) == "Pending"
    disk = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    create(lab, lab_namespace, pod(template(volumes=disk)))

    lab.kubectl("wait", "pod/web", "--for=condition=Ready", "-n", lab_namespace, "--timeout=30s")
    assert _phase(lab, lab_namespace) == "Bound"


def test_nobody_makes_a_disk_of_the_class_without_a_provisioner(
    lab: Lab, lab_namespace: str
) -> None:
    create(lab, lab_namespace, _claim("lab-nobody"))
    lab.wait(lambda: events(lab, lab_namespace, "ExternalProvisioning"), what="the event")

    assert _phase(lab, lab_namespace) == "Pending"
