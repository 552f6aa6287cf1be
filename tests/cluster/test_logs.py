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
    def pod(name: str, command: str, **more: object) -> object:
        container = {"name": "app", "image": "app:1", "command": ["sh", "-c", command], **more}
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": lab_namespace},
            "spec": {"containers": [container]},
        }

    # Ready for a moment in each of its lives, it would be well in those.
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    pods = [
        pod("crashes", "sleep 1; exit 3", readinessProbe=never),
        pod("runs", "while true; do sleep 9; done"),
    ]
    lab.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(pods))
    lab.kubectl("-n", lab_namespace, "wait", "pod/runs", "--for=condition=Ready", "--timeout=60s")
    lab.wait(lambda: _waits(lab, lab_namespace), what="a long wait for the next life")
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


def _waits(lab: Lab, namespace: str) -> bool:
    """It has ended thrice, and is not begun again at once."""
    statuses = lab.get("pod", "crashes", "-n", namespace)["status"].get("containerStatuses") or ()
    return any(each["restartCount"] > 1 and "waiting" in each["state"] for each in statuses)
