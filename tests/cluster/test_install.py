"""`holdfast rbac install` on a real control plane: up, checked, put right, and down again.

On a lab of its own: after the fences are removed, an API server follows no values until it starts
again.
"""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast import wiring
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.kubernetes.kubeconfig import connect_to
from holdfast.errors import CouldNotLook, SinkFailed
from holdfast.grants.fences import compared, fences
from holdfast.grants.names import CHECKPOINTS, KEEPER, KINDS, LEASES, OURS, RBAC, VALUES, role_of
from holdfast.grants.policies import GROUP
from holdfast.ports import Shelf
from holdfast.ports.leases import Lent
from holdfast.wiring import fencing
from lab.client import MERGE, Client
from lab.control_plane import Lab
from lab.parts import Options
from tests.cluster.fenced_acts import Act, restart, uncordon
from tests.cluster.fencing import Fenced, left_over, path_of
from tests.cluster.lending import as_keeper, fresh_of, lender, loan_of, step_of
from tests.tally import Count, Tally

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("install"), pytest.mark.timeout(600)]

BINDINGS = f"/apis/{GROUP}/v1/validatingadmissionpolicybindings"
POLICIES = f"/apis/{GROUP}/v1/validatingadmissionpolicies"
ROLES = f"/apis/{RBAC}/v1/clusterroles"
POD = {
    "metadata": {"name": "keeper"},
    "spec": {"containers": [{"name": "a", "image": "web:1"}]},
}
TRUE = [{"expression": "true", "message": "nothing"}]
WIDE = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]


@pytest.fixture(scope="module")
def bare(lab_built: None) -> Iterator[Lab]:
    with Lab.start(Options(pace=0.1)) as lab:
        yield lab


@pytest.fixture(scope="module")
def admin(bare: Lab) -> Iterator[Client]:
    client = bare.client()
    yield client
    client.close()


@pytest.fixture
def ordered(bare: Lab, capsys: pytest.CaptureFixture[str]) -> Any:
    """Give an order as an administrator types it; what was said, and the exit code."""

    return partial(_ordered, bare, capsys)


def _ordered(
    lab: Lab, capsys: pytest.CaptureFixture[str], *orders: str, as_: str = "admin"
) -> tuple[int, list[str]]:
    code = wiring.main(["rbac", "install", *orders, "--kubeconfig", str(lab.kubeconfig(as_))])
    told = capsys.readouterr()
    return code, (told.out + told.err).splitlines()


@pytest.fixture
def up(ordered: Any) -> Any:
    """The fences stand; the same orders."""
    code, said = ordered("--apply")
    assert code == 0, said
    return ordered


def _amiss(bare: Lab, kubeconfig: Path) -> list[str]:
    """What the keeper finds."""

    async def look() -> list[str]:
        connection = connect_to(environ={}, kubeconfig=kubeconfig, home=bare.folder)
        async with fencing.fences(connection, SystemClock()) as found:
            return [*await found.amiss()]

    return asyncio.run(look())


async def _lent(fenced: Fenced, act: Act) -> None:
    """A lease that nobody takes back."""
    fresh = fresh_of(fenced, act)
    loan = loan_of(act, step_of(act, fresh))
    async with lender(as_keeper(fenced)) as leases:
        assert isinstance(await leases.lend(loan, fresh), Lent)


def test_applied_twice_changes_nothing_the_second_time(up: Any, bare: Lab, admin: Client) -> None:
    before = [admin.get(path_of(each)).json()["metadata"]["resourceVersion"] for each in fences()]
    mark = bare.audit_mark()
    code, said = up("--apply")
    assert (code, said) == (0, ["All of it stands as it was made: nothing to do."])
    wrote = [
        each.uri
        for each in bare.audit_events(mark)
        if each.user == "admin" and each.verb not in ("get", "list") and "dryRun" not in each.uri
    ]
    assert wrote == []
    after = [admin.get(path_of(each)).json()["metadata"]["resourceVersion"] for each in fences()]
    assert before == after
    assert up("--check") == (0, ["The fences stand as they were made."])


def _altered(admin: Client) -> dict[str, tuple[str, Any]]:
    """Ways to weaken a fence, each with what a check must name."""
    role = role_of(KINDS[0])
    everywhere = {"matchLabels": {"nobody": "has"}}
    return {
        "policy": (f"{POLICIES}/holdfast-lease", {"spec": {"validations": TRUE}}),
        "condition": (
            f"{POLICIES}/holdfast-minter",
            {"spec": {"matchConditions": [{"name": "never", "expression": "false"}]}},
        ),
        "ignore": (f"{POLICIES}/holdfast-preview", {"spec": {"failurePolicy": "Ignore"}}),
        "selector": (
            f"{POLICIES}/holdfast-lease-values",
            {"spec": {"matchConstraints": {"namespaceSelector": everywhere}}},
        ),
        "audit only": (
            f"{BINDINGS}/holdfast-lease",
            {"spec": {"validationActions": ["Audit"]}},
        ),
        "bound elsewhere": (
            f"{BINDINGS}/holdfast-bindings",
            {"spec": {"matchResources": {"namespaceSelector": everywhere}}},
        ),
        "parameters": (
            f"{BINDINGS}/holdfast-lease-values",
            {"spec": {"paramRef": {"parameterNotFoundAction": "Allow"}}},
        ),
        "role": (f"{ROLES}/{role}", {"rules": WIDE}),
        "keeper": (f"{ROLES}/{KEEPER}", {"rules": WIDE}),
        "label": (f"{POLICIES}/holdfast-fences", {"metadata": {"labels": None}}),
    }


def test_whatever_was_altered_is_named_by_a_check_and_put_right_in_place(
    up: Any, bare: Lab, admin: Client, tmp_path: Path, tally: Tally
) -> None:
    assert up("--kubeconfigs", str(tmp_path))[0] == 0
    keepers = tmp_path / "keeper.kubeconfig"
    assert _amiss(bare, keepers) == []
    wrong = []
    for what, (path, body) in _altered(admin).items():
        name = path.rpartition("/")[2]
        if "/clusterroles/" in path:
            assert admin.send("DELETE", f"{BINDINGS}/holdfast-fences").ok
        bare.wait(partial(_patched, admin, path, body), what=f"{what} to be altered")
        uid = admin.get(path).json()["metadata"]["uid"]
        code, said = up("--check")
        named = code == 1 and any(f" {name} is not as it was made" in each for each in said)
        seen = any(name in each for each in _amiss(bare, keepers))
        seen = seen or name == KEEPER  # it cannot read its own role; a check does
        assert up("--apply")[0] == 0
        kept = admin.get(path).json()["metadata"]["uid"] == uid
        if not (named and seen and kept and up("--check")[0] == 0):
            wrong.append(f"{what}: named {named}, seen {seen}, kept {kept}")
    tally(Count("install: alterations named and put right", len(_altered(admin)), len(wrong)))
    assert wrong == []


def test_whatever_is_missing_is_named_and_made_again(
    up: Any, bare: Lab, admin: Client, tmp_path: Path, tally: Tally, prove: bool
) -> None:
    assert up("--kubeconfigs", str(tmp_path))[0] == 0
    keepers = tmp_path / "keeper.kubeconfig"
    read = {path_of(each) for each in compared()}
    wrong = []
    tried = [each for each in fences() if _goes_alone(each)][:: 1 if prove else 3]
    for each in tried:
        path = path_of(each)
        admin.send("DELETE", f"{BINDINGS}/holdfast-fences")
        bare.wait(partial(_deleted, admin, path), what=f"{path} to go")
        name = str(each["metadata"]["name"])  # type: ignore[index]
        code, said = up("--check")
        named = code == 1 and any(one.endswith(f"{name} is missing.") for one in said)
        if not named:
            wrong.append(f"{path}: {said}")
        if path in read:  # rights that it got again just now take a moment
            bare.wait(partial(_sees, bare, keepers, name), what=f"the keeper to miss {path}")
        if up("--apply")[0] != 0 or up("--check")[0] != 0:
            wrong.append(f"{path}: not made again")
    tally(Count("install: what is missing named and made again", len(tried), len(wrong)))
    assert wrong == []


def _sees(bare: Lab, kubeconfig: Path, name: str) -> bool:
    try:
        return any(each.endswith(f"{name} is missing.") for each in _amiss(bare, kubeconfig))
    except CouldNotLook:
        return False


def _goes_alone(manifest: Any) -> bool:
    """Others take something along: a namespace all in it, the values that they are followed."""
    values = manifest["metadata"]["name"] in (VALUES, "holdfast-lease-values")
    return manifest["kind"] not in ("Namespace", "ServiceAccount") and not values


def _patched(admin: Client, path: str, body: Any) -> bool:
    return admin.send("PATCH", path, body=body, kind=MERGE).ok


def _deleted(admin: Client, path: str) -> bool:
    return admin.send("DELETE", path).code in (200, 404)


def test_what_stands_besides_is_named(up: Any, admin: Client) -> None:
    made = {
        f"/apis/{RBAC}/v1/clusterrolebindings": {
            "metadata": {"name": "mistake"},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "ServiceAccount", "name": KEEPER, "namespace": OURS}],
        },
        ROLES: {
            "metadata": {
                "name": "holdfast-action-older",
                "labels": {"app.kubernetes.io/part-of": "holdfast"},
            },
            "rules": [],
        },
    }
    for path, body in made.items():
        assert admin.send("POST", path, body=body).ok
    code, said = up("--check")
    assert code == 1
    assert sorted(said) == [
        "ClusterRole holdfast-action-older is left of another version.",
        f"ClusterRoleBinding mistake gives {KEEPER} rights besides its own.",
    ]
    for path, body in made.items():
        assert admin.send("DELETE", f"{path}/{body['metadata']['name']}").ok  # type: ignore[index]


def test_without_rights_it_says_so_and_changes_nothing(up: Any, bare: Lab) -> None:
    mark = bare.audit_mark()
    for order in ("--apply", "--check", "--remove"):
        code, said = up(order, as_="nobody")
        assert code == 2, said
    assert not [
        each
        for each in bare.audit_events(mark)
        if each.verb in ("create", "update", "patch", "delete")
        and each.code < 300
        and each.user.startswith("nobody")
    ]


def test_kubeconfigs_work_for_their_process_and_are_private(
    up: Any, bare: Lab, tmp_path: Path
) -> None:
    folder = tmp_path / "passes"
    code, said = up("--kubeconfigs", str(folder))
    assert code == 0
    assert all("is good until 20" in each for each in said)
    for process in ("serve", "keeper"):
        path = folder / f"{process}.kubeconfig"
        assert path.stat().st_mode & 0o777 == 0o600
        written = yaml.safe_load(path.read_text())
        assert written["current-context"] == f"holdfast-{process}"
        who = bare.kubectl("auth", "whoami", "-o", "json", f"--kubeconfig={path}")
        assert f"system:serviceaccount:{OURS}:holdfast-{process}" in who


def test_the_keeper_keeps_checkpoints_in_their_own_place_and_nobody_overwrites_another_object(
    up: Any, bare: Lab, admin: Client, tmp_path: Path
) -> None:
    def of(process: str) -> Shelf:
        passes = tmp_path / f"{process}.kubeconfig"
        return fencing.on_cluster(connect_to(environ={}, kubeconfig=passes, home=tmp_path))

    assert up("--kubeconfigs", str(tmp_path))[0] == 0
    shelf = of("keeper")
    for note in (b"first\n", b"second\n"):
        shelf.keep(note, "shop.note", lambda there: there.get("shop.note") != b"third\n")
    assert shelf.notes() == {"shop.note": b"second\n"}
    shelf.keep(b"older\n", "shop.note", lambda _: False)
    path = f"/api/v1/namespaces/{OURS}/configmaps/{CHECKPOINTS}"
    assert admin.get(path).json()["data"] == {"shop.note": "second\n"}
    assert up("--check")[0] == 0
    with pytest.raises(SinkFailed, match="403"):
        of("serve").keep(b"third\n", "shop.note", lambda _: True)


def test_from_nothing_to_fences_with_a_lease_and_back_to_nothing(
    lab_built: None, capsys: pytest.CaptureFixture[str], tally: Tally
) -> None:
    with Lab.start(Options(pace=0.1)) as lab:
        ordered = partial(_ordered, lab, capsys)
        code, said = ordered("--check")
        assert code == 1
        assert len(said) == len(fences())
        assert f"ConfigMap {LEASES}/{VALUES} is missing." in said
        assert ordered("--kubeconfigs", str(lab.folder / "passes"))[0] == 2
        assert ordered("--apply")[0] == 0

        fenced = Fenced(lab)
        act = restart(fenced, "default", "deployments")
        asyncio.run(_lent(fenced, act))
        asyncio.run(_lent(fenced, uncordon(fenced)))
        assert ordered("--check")[0] == 0
        pods = f"/api/v1/namespaces/{OURS}/pods"
        assert fenced.admin.send("POST", pods, body=POD).ok
        code, said = ordered("--remove")
        assert code == 2
        assert "Pods run in the namespace holdfast" in said[0]
        assert fenced.admin.send("DELETE", f"{pods}/keeper", query={"gracePeriodSeconds": 0}).ok
        lab.wait(lambda: not fenced.admin.get(pods).json()["items"], what="the pod to be gone")

        code, said = ordered("--remove")

        assert code == 0, said
        assert [*left_over(fenced.admin)] == []
        bindings = f"/apis/{RBAC}/v1/namespaces/default/rolebindings"
        assert fenced.admin.get(bindings).json()["items"] == []
        assert act.send(fenced.admin).ok
        assert ordered("--remove") == (0, ["There was nothing to remove."])
        tally(Count("install: objects removed", len(said)))
        fenced.hang_up()
        fenced.admin.close()
