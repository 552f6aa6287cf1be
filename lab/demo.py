"""The story of `holdfast demo` on a real control plane: `make demo LAB=1`.

The same commands, keeper and leases, behind the fences that `holdfast rbac install` puts up; what
pods do is played by the lab's kubelet, as `lab/README.md` says.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from holdfast.surfaces.cli.stage import Stage
from holdfast.surfaces.cli.story import HEALED, HOPELESS, KEPT, SHOP, tell, troubles
from holdfast.wiring.stages import Beside, emptied, on_stage
from lab.control_plane import Lab
from lab.parts import Options

GRACE = 0.02
PATIENCE = 120.0  # seconds for the faults to be there, and old enough to be told
WITHOUT = "does-not-exist"


def run(folder: Path) -> int:
    """Start a lab, break a shop on it, and tell the story."""
    emptied(folder)
    with Lab.start(Options(pace=0.1)) as lab:
        admin = folder / "kubeconfig"
        admin.write_text(lab.kubeconfig().read_text())
        admin.chmod(0o600)
        _install(admin, folder / "accounts")
        _break(lab)
        beside = Beside(
            cluster="a real control plane whose kubelets are played",
            person=admin,
            keeper=folder / "accounts" / "keeper.kubeconfig",
            settings={"GRACE_SCALE": str(GRACE)},
            timings=f"Graces of a scan are scaled by {GRACE}.",
        )
        with on_stage(folder, beside) as stage:
            _await_troubles(stage)
            return tell(stage)


def _install(admin: Path, accounts: Path) -> None:
    command = ["rbac", "install", "--apply", "--kubeconfigs", str(accounts)]
    subprocess.run(
        [sys.executable, "-m", "holdfast", *command, "--kubeconfig", str(admin)], check=True
    )


def _break(lab: Lab) -> None:
    """Three deployments that did well, each given a new version that does not."""
    lab.kubectl("create", "namespace", SHOP)
    lab.kubectl("create", "configmap", "payments", "--from-literal=url=db", "-n", SHOP)
    needs = {"name": "URL", "valueFrom": {"configMapKeyRef": {"name": "payments", "key": "url"}}}
    for name in (HEALED, KEPT, HOPELESS):
        _apply(lab, _deployment(name, "1.0", env=[needs] if name == HOPELESS else []))
    for name in (HEALED, KEPT, HOPELESS):
        lab.kubectl("rollout", "status", f"deployment/{name}", "-n", SHOP, "--timeout=60s")
    # Who runs keeps what he has read; new pods of the old version find it no more.
    lab.kubectl("delete", "configmap", "payments", "-n", SHOP)
    for name in (HEALED, KEPT):
        _apply(lab, _deployment(name, WITHOUT))
    _apply(lab, _deployment(HOPELESS, "1.1", command=["sh", "-c", "exit 1"]))


def _apply(lab: Lab, manifest: dict[str, object]) -> None:
    lab.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))


def _deployment(name: str, tag: str, **container: object) -> dict[str, object]:
    labels = {"app": name}
    tracked = {"argocd.argoproj.io/tracking-id": f"shop:apps/Deployment:{SHOP}/{name}"}
    app = {"name": "app", "image": f"registry.example/{name}:{tag}", **container}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": SHOP,
            "annotations": tracked if name == KEPT else {},
        },
        "spec": {
            "replicas": 4,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [app]}},
        },
    }


def _await_troubles(stage: Stage) -> None:
    until = time.monotonic() + PATIENCE
    while {HEALED, KEPT, HOPELESS} - troubles(stage).keys() and time.monotonic() < until:
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1] if len(sys.argv) > 1 else ".demo")))
