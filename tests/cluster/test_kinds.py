"""Custom kinds, and what is new, still there or gone: under generated roles of a real cluster."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast.grants.reader import reader_role
from lab.control_plane import Lab
from tests.contracts.driver import a_definition

WHO = "keeper"  # one of the lab's accounts that no other test gives rights to

type Scan = Callable[..., Any]


@pytest.fixture
def gadgets(lab: Lab, lab_namespace: str) -> Iterator[str]:
    """A custom kind that nobody knows, with one object that is not well; its name."""
    group = f"{lab_namespace}.holdfast.dev"
    resource = f"gadgets.{group}"
    lab.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(a_definition(group, status=False)))
    lab.kubectl("wait", f"crd/{resource}", "--for=condition=Established", "--timeout=60s")
    condition = {
        "type": "Ready",
        "status": "False",
        "reason": "BackendGone",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    gadget = {
        "apiVersion": f"{group}/v1",
        "kind": "Gadget",
        "metadata": {"name": "pump", "namespace": lab_namespace},
        "status": {"conditions": [condition]},
    }
    lab.wait(lambda: _applied(lab, gadget), what="the kind to be served")
    yield resource
    lab.kubectl("delete", f"crd/{resource}", "--wait=false")


def _applied(lab: Lab, document: object) -> bool:
    lab.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(document))
    return True


@pytest.fixture
def grant(lab: Lab, gadgets: str) -> Iterator[Callable[..., None]]:
    """Give the account exactly the generated role, with these custom kinds in it."""
    group = gadgets.partition(".")[2]

    def may_list() -> bool:
        with closing(lab.client(WHO)) as client:
            return client.get(f"/apis/{group}/v1/gadgets").ok

    def grant(*named: str) -> None:
        binding = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "kinds-reader"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "kinds-reader",
            },
            "subjects": [{"kind": "User", "name": WHO}],
        }
        documents = [reader_role(name="kinds-reader", named=named), binding]
        lab.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(documents))
        lab.wait(lambda: may_list() == (gadgets in named), what="the role to be in force")

    yield grant
    lab.kubectl("delete", "clusterrolebinding/kinds-reader", "clusterrole/kinds-reader")


@pytest.fixture
def scan(lab: Lab, lab_namespace: str, tmp_path: Path) -> Scan:
    """One scan of the test's namespace as that account, as JSON; graces pass at once."""

    def scan(*options: str) -> Any:
        kubeconfig = str(lab.kubeconfig(WHO))
        place = ["--kubeconfig", kubeconfig, "-n", lab_namespace, "--state", str(tmp_path)]
        done = subprocess.run(
            [sys.executable, "-m", "holdfast", "scan", "-o", "json", *place, *options],
            env={**os.environ, "HOLDFAST_GRACE_SCALE": "0.000001"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        assert done.stderr == ""
        return json.loads(done.stdout)

    return scan


def unwell(told: Any) -> list[str]:
    return [t["standing"] or "first" for t in told["troubles"] if t["code"] == "HF-OPR-001"]


def test_a_custom_kind_is_judged_when_the_role_and_the_scan_name_it(
    gadgets: str, grant: Callable[..., None], scan: Scan
) -> None:
    grant()
    unasked, forbidden = scan(), scan("--kind", gadgets)
    grant(gadgets)
    named = scan("--kind", gadgets)

    assert gadgets in unasked["coverage"]["notAsked"]
    assert [] == unwell(unasked) + unwell(forbidden)
    states = {blind["plural"]: blind["state"] for blind in forbidden["blind"]}
    assert states["gadgets"] == "forbidden"
    assert ["new"] == unwell(named)
    assert gadgets not in named["coverage"]["notAsked"]


def test_what_is_mended_is_gone_and_what_nobody_may_see_any_more_is_unknown(
    lab: Lab,
    lab_namespace: str,
    gadgets: str,
    grant: Callable[..., None],
    scan: Scan,
) -> None:
    grant(gadgets)
    first, second = scan("--kind", gadgets), scan("--kind", gadgets)
    grant()
    third = scan("--kind", gadgets)
    grant(gadgets)
    fourth = scan("--kind", gadgets)
    mended = json.dumps({"status": {"conditions": []}})
    lab.kubectl("patch", gadgets, "pump", "-n", lab_namespace, "--type=merge", "-p", mended)
    fifth = scan("--kind", gadgets)

    assert (["first"], ["still"], []) == (unwell(first), unwell(second), unwell(third))
    assert ["HF-OPR-001"] == [lost["trouble"]["code"] for lost in third["since"]["unknown"]]
    assert [] == third["since"]["gone"]
    assert ["still"] == unwell(fourth)
    assert ["HF-OPR-001"] == [gone["code"] for gone in fifth["since"]["gone"]]
