"""More than one thing in a file: behind a patch that is allowed stands one that nobody allows.

Whoever reads a file to its first document only, and hands on the whole, has approved the rest.
"""

import json
from typing import Any

import pytest
import yaml

from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.conformance.scenes import a_deployment, sight
from holdfast.diagnosis.patching import action_of
from holdfast.errors import BadInput
from holdfast.model.asks import Refusal
from holdfast.model.patches import Form
from holdfast.model.repairs import Action

STAMP = "2026-01-01T12:00:00Z"
RESTART: dict[str, Any] = {
    "spec": {
        "template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": STAMP}}}
    }
}
ADMIN: dict[str, Any] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "everybody"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
    "subjects": [{"kind": "Group", "name": "system:authenticated"}],
}
MEANT, SMUGGLED = yaml.safe_dump(RESTART), yaml.safe_dump(ADMIN)
IN_JSON, ALSO = json.dumps(RESTART), json.dumps(ADMIN)
WEB = sight(a_deployment())


def read(text: str, form: Form = Form.STRATEGIC) -> Action | Refusal:
    return action_of(text, "patch.yaml", form, WEB)


FILES = {
    "a second document": f"{MEANT}---\n{SMUGGLED}",
    "a first document": f"{SMUGGLED}---\n{MEANT}",
    "after an end": f"{MEANT}...\n---\n{SMUGGLED}",
    "after empty ones": f"---\n---\n{MEANT}---\n---\n{SMUGGLED}",
    "under another line's end": f"{MEANT}---\n{SMUGGLED}".replace("\n", "\r\n"),
    "behind a comment": f"{MEANT}--- # that is all\n{SMUGGLED}",
    "under a directive": f"%YAML 1.2\n---\n{MEANT}...\n%YAML 1.2\n---\n{SMUGGLED}",
    "in JSON, in a row": f"{IN_JSON}{ALSO}",
    "in JSON, line by line": f"{IN_JSON}\n{ALSO}\n",
    "in JSON, behind a line": f"{IN_JSON}\n---\n{ALSO}",
    "in JSON, behind YAML": f"{MEANT}---\n{ALSO}",
    "in JSON, as a sequence": f"\x1e{IN_JSON}\n\x1e{ALSO}\n",
    "behind a byte that ends texts": f"{IN_JSON}\0{ALSO}",
    "in a list": yaml.safe_dump([RESTART, ADMIN]),
    "in a List": yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [RESTART, ADMIN]}),
    "beside the fields": yaml.safe_dump({**RESTART, "items": [ADMIN]}),
    "under the same name again": f"{IN_JSON[:-1]}, {ALSO[1:-1]}, {IN_JSON[1:]}",
    "as a merged key": f"x: &x\n  {ALSO}\n<<: *x\n{MEANT}",
}


def test_alone_it_is_a_restart() -> None:
    assert [RolloutRestart(stamp=STAMP)] * 2 == [read(MEANT), read(IN_JSON)]


@pytest.mark.parametrize("form", [Form.STRATEGIC, Form.MERGE])
@pytest.mark.parametrize("text", FILES.values(), ids=list(FILES))
def test_nothing_comes_of_a_file_that_holds_more_than_a_patch(text: str, form: Form) -> None:
    try:
        told = read(text, form)
    except BadInput:
        return
    assert isinstance(told, Refusal)
