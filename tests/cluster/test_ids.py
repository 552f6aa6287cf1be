"""The same fault has the same ids, however and however often it is looked at."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import yaml

from lab.control_plane import Lab


class Ids(NamedTuple):
    """What a scan calls the fault: the pod that misses its ConfigMap, and the trouble it is."""

    findings: frozenset[str]
    troubles: frozenset[str]


WEB = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "web:1",
                        "envFrom": [{"configMapRef": {"name": "missing"}}],
                    }
                ]
            },
        },
    },
}


def _run(*words: str) -> str:
    """A process of its own, as after a restart; graces are nearly none."""
    environment = {**os.environ, "HOLDFAST_GRACE_SCALE": "0.001"}
    done = subprocess.run(
        [sys.executable, "-m", "holdfast", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def _ids(*words: str) -> Ids:
    told = json.loads(_run("scan", "-o", "json", *words))
    findings = [f for f in told["findings"] if f["name"] == "container_config_missing"]
    named = {f["id"] for f in findings}
    troubles = [t["id"] for t in told["troubles"] if named & {t["cause"], *t["alike"]}]
    return Ids(frozenset(named), frozenset(troubles))


def _waits(lab: Lab, namespace: str, *, besides: str = "") -> str:
    """The uid of a pod other than that one, when its kubelet has said that it waits."""
    found: list[str] = []

    def met() -> bool:
        for pod in lab.get("-n", namespace, "pods")["items"]:
            statuses = pod.get("status", {}).get("containerStatuses", [])
            reasons = [s["state"].get("waiting", {}).get("reason") for s in statuses]
            uid = pod["metadata"]["uid"]
            if reasons == ["CreateContainerConfigError"] and uid != besides:
                found.append(uid)
                return True
        return False

    lab.wait(met, what="a pod that waits for its ConfigMap")
    return found[-1]


def test_a_fault_keeps_its_ids_and_a_recreated_object_has_others(
    lab: Lab, lab_namespace: str, tmp_path: Path
) -> None:
    here = ("-n", lab_namespace)
    there = (*here, "--kubeconfig", str(lab.kubeconfig()))
    lab.kubectl(*here, "apply", "-f", "-", stdin=yaml.safe_dump(WEB))
    pod = _waits(lab, lab_namespace)

    first = _ids(*there)
    again = _ids(*there)
    _run("snapshot", str(tmp_path / "taken"), *there)
    taken = _ids("--snapshot", str(tmp_path / "taken"), *here)
    lab.kubectl(*here, "delete", "pods", "--all", "--grace-period=0", "--force")
    _waits(lab, lab_namespace, besides=pod)
    replaced = _ids(*there)
    lab.kubectl(*here, "delete", "deployment/web", "--cascade=foreground")
    lab.kubectl(*here, "apply", "-f", "-", stdin=yaml.safe_dump(WEB))
    _waits(lab, lab_namespace)
    recreated = _ids(*there)

    assert (1, 1) == (len(first.findings), len(first.troubles))
    assert first == again == taken
    assert first.findings != replaced.findings  # another pod
    assert first.troubles == replaced.troubles  # of the same workload
    assert first.findings.isdisjoint(recreated.findings)
    assert first.troubles.isdisjoint(recreated.troubles)
