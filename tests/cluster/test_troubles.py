"""Troubles on the real control plane: none is lost or merged by its name, and causes come first."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from lab.control_plane import Lab
from lab.parts import Options
from tests.cluster.shapes import namespace, plain, service, workload

PROTECTED = "vault"  # of the floor that is compiled in
PLAIN = ("crash-one", "crash-two", "crash-three", "crash-four")


@pytest.fixture(scope="module")
def troubled(lab_built: None) -> Iterator[Lab]:
    """A lab of its own, for its namespaces have names that others may want to be free of."""
    with Lab.start(Options(pace=0.1)) as lab:
        yield lab


def scan(lab: Lab, *words: str) -> dict[str, Any]:
    """By the command itself, in a process of its own, with graces that are a tenth."""
    told = [sys.executable, "-m", "holdfast", "scan", "--kubeconfig", str(lab.kubeconfig())]
    done = subprocess.run(
        [*told, "-o", "json", *words],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(lab.folder), "HOLDFAST_GRACE_SCALE": "0.05"},
    )
    assert done.returncode in (0, 1), done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def apply(lab: Lab, *objects: object) -> None:
    lab.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(objects))


@pytest.mark.slow
@pytest.mark.xdist_group("troubles")
def test_five_crash_loops_of_one_name_are_five_findings_and_the_protected_one_is_the_worst(
    troubled: Lab,
) -> None:
    crashing = {
        "containers": [{"name": "app", "image": "web:1", "command": ["sh", "-c", "exit 3"]}]
    }
    spaces = (*PLAIN, PROTECTED)
    apply(
        troubled,
        *(namespace(name) for name in spaces),
        *(workload("Deployment", "web", name, pod=crashing, replicas=1) for name in spaces),
    )

    told: list[dict[str, Any]] = []

    def five() -> bool:
        told[:] = [f for f in scan(troubled)["findings"] if f["code"] == "HF-WRK-020"]
        return len(told) >= len(spaces)

    troubled.wait(five, what="five crash loops")
    severities = {f["about"]["namespace"]: f["severity"] for f in told}
    assert 5 == len(told) == len({f["id"] for f in told})
    assert dict.fromkeys(PLAIN, "warning") | {PROTECTED: "critical"} == severities
    assert PROTECTED == told[0]["about"]["namespace"]  # findings come worst first


@pytest.mark.slow
@pytest.mark.xdist_group("troubles")
def test_a_quota_fault_is_one_trouble_from_the_quota_up_to_the_ingress(troubled: Lab) -> None:
    space = "shop"
    rules = {
        "host": "shop.example",
        "http": {
            "paths": [
                {
                    "path": "/",
                    "pathType": "Prefix",
                    "backend": {"service": {"name": "web", "port": {"number": 80}}},
                }
            ]
        },
    }
    networking = "networking.k8s.io/v1"
    apply(
        troubled,
        namespace(space),
        plain(networking, "IngressClass", "lab", spec={"controller": "example.com/lab"}),
        plain("v1", "ResourceQuota", "tight", space, spec={"hard": {"count/pods": "0"}}),
        workload("Deployment", "web", space, replicas=2),
        service("web", space, "web"),
        plain(
            networking, "Ingress", "web", space, spec={"ingressClassName": "lab", "rules": [rules]}
        ),
    )

    def chain() -> list[str]:
        told = scan(troubled, "-n", space)
        findings = {f["id"]: f["about"]["kind"] for f in told["findings"]}
        if len(told["troubles"]) != 1:
            return []
        trouble = told["troubles"][0]
        links = [findings[link["finding"]] for link in trouble["symptoms"]]
        return [findings[trouble["cause"]], *links]

    expected = ["ResourceQuota", "ReplicaSet", "Deployment", "Service", "Ingress"]
    troubled.wait(lambda: len(chain()) == len(expected), what="the whole chain")
    assert expected == chain()
