"""A snapshot keeps what containers that are not well said last, when it is asked to."""

import json
import subprocess
import sys
from pathlib import Path

import yaml

from lab.control_plane import Lab


def test_logs_of_a_crashing_container_are_kept_and_others_are_not(
    lab: Lab, lab_namespace: str, tmp_path: Path
) -> None:
    def pod(name: str, command: str) -> object:
        container = {"name": "app", "image": "app:1", "command": ["sh", "-c", command]}
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": lab_namespace},
            "spec": {"containers": [container]},
        }

    pods = [pod("crashes", "sleep 1; exit 3"), pod("runs", "while true; do sleep 9; done")]
    lab.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(pods))
    lab.kubectl("-n", lab_namespace, "wait", "pod/runs", "--for=condition=Ready", "--timeout=60s")
    lab.wait(lambda: _restarts(lab, lab_namespace) > 0, what="a restart")
    said = lab.kubectl("-n", lab_namespace, "logs", "crashes", "--previous")

    command = [sys.executable, "-m", "holdfast", "snapshot", str(tmp_path / "taken"), "--logs"]
    options = ["--kubeconfig", str(lab.kubeconfig()), "-n", lab_namespace]
    subprocess.run([*command, *options], check=True, capture_output=True)

    kept = tmp_path / "taken" / "logs" / lab_namespace
    assert [path.relative_to(kept) for path in kept.rglob("*.log")] == [Path("crashes/app.log")]
    assert said.strip()
    assert said.strip().splitlines()[-1] in (kept / "crashes" / "app.log").read_text()
    manifest = json.loads((tmp_path / "taken" / "manifest.json").read_text())
    assert manifest["kinds"]["pods"]["count"] == 2


def _restarts(lab: Lab, namespace: str) -> int:
    (status,) = lab.get("pod", "crashes", "-n", namespace)["status"].get("containerStatuses") or (
        {"restartCount": 0},
    )
    return int(status["restartCount"])
