"""What the cluster enforces by itself: a lease does its one act, and the cluster refuses the rest.

A refusal counts only if it is in the words of our policies or of RBAC; one of a policy only if the
same request of an administrator, as a dry run, would have succeeded and changed something. RBAC
comes before all else: where it refuses, the right itself was tried. Other objects, fields and
verbs, previews that are meant and the keeper's other requests are tried by the suites that ship
(test_conformance.py).
"""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.execution.lease_names import Purpose
from holdfast.grants.names import KEEPER, LEASES, OURS, RBAC
from holdfast.model.leases import SHOWING
from lab.audit import AuditEvent
from lab.client import MERGE
from lab.control_plane import Lab
from tests.cluster.fenced_acts import Act, acts, patch_probe, restart
from tests.cluster.fencing import (
    ACCOUNTS,
    BINDINGS,
    DRY,
    PARAMETERS,
    Fenced,
    binding_of,
    by_policy,
    refused,
    said,
)
from tests.tally import Count, Tally

SEED = 20
SHORT = 40
FREE = {"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"}
SERVER_WRITES = ("resourceVersion", "generation", "managedFields")


@pytest.fixture(scope="module")
def fenced(lab: Lab) -> Iterator[Fenced]:
    made = Fenced(lab)
    yield made
    made.remove()
    made.admin.close()


@pytest.fixture(autouse=True)
def hung_up(fenced: Fenced) -> Iterator[None]:
    """No connection of an account outlives its test."""
    yield
    fenced.hang_up()


@pytest.fixture
def every(fenced: Fenced, lab_namespace: str) -> list[Act]:
    """One act of each kind and sort of target, in a namespace of the test's own."""
    return list(acts(fenced, lab_namespace))


def _named(act: Act) -> str:
    return f"{act.action} {act.purpose} {act.path}"


def test_each_lease_does_its_own_act(fenced: Fenced, every: list[Act], tally: Tally) -> None:
    wrong = []
    for act in every:
        done = act.send(act.lease(fenced).client, dry=False)
        if not done.ok:
            wrong.append(f"{_named(act)}: {said(done)}")
    tally(Count("fences: acts of their own", len(every), len(wrong)))
    assert wrong == []


def test_a_lease_sets_no_other_value_and_gives_no_other_options(
    fenced: Fenced, every: list[Act], tally: Tally
) -> None:
    wrong, n = [], 0
    for act in every:
        lease = act.lease(fenced)
        tries: list[dict[str, Any]] = [{"body": each} for each in act.wrong]
        tries += [{"query": each} for each in act.wrong_queries]
        for other in tries:
            assert act.send(fenced.admin, **other).ok, other
            answer = act.send(lease.client, **other)
            n += 1
            if not by_policy(answer):
                wrong.append(f"{_named(act)} {other}: {answer.code} {said(answer)}")
    tally(Count("fences: other values", n, len(wrong)))
    assert wrong == []
    assert n >= 20


def test_a_dry_run_in_an_evictions_body_alone_is_no_preview(
    fenced: Fenced, every: list[Act]
) -> None:
    act = next(each for each in every if each.action == "DeletePod")
    preview = act.lease(fenced, Purpose.PREVIEW)
    body = copy.deepcopy(act.body)
    body["deleteOptions"]["dryRun"] = ["All"]

    assert by_policy(act.send(preview.client, dry=False, body=body))


def test_an_eviction_that_is_meant_is_no_dry_run(fenced: Fenced, every: list[Act]) -> None:
    """The API server would say that it is done, as a webhook that adds this would have it."""
    act = next(each for each in every if each.action == "DeletePod")
    body = copy.deepcopy(act.body)
    body["deleteOptions"]["dryRun"] = ["All"]
    lease = act.lease(fenced)

    assert by_policy(act.send(lease.client, dry=False, body=body))
    assert act.send(lease.client, dry=True, body=body).ok
    assert act.send(lease.client, dry=False).ok


def test_a_lease_is_recorded_for_what_it_sets_and_for_nothing_else(
    fenced: Fenced, every: list[Act], tally: Tally
) -> None:
    wrong, n = [], 0
    for act in every:
        if act.method != "PATCH" or act.path.endswith("/scale"):
            continue
        lease = act.lease(fenced).client
        for other in _claims(fenced, act):
            done = act.send(fenced.admin, **other)
            assert done.ok, (other, said(done))
            n += 1
            answer = act.send(lease, dry=False, **other)
            if not by_policy(answer):
                wrong.append(f"{_named(act)} {other}: {answer.code} {said(answer)}")
        before = _managers(fenced.admin.get(act.whole).json())
        done = act.send(lease, dry=False)
        after = _managers(done.json())
        added = {each for each in after if each not in before}  # of what is taken away, nobody
        if not done.ok or not added <= {("holdfast", "Update")}:
            wrong.append(f"{_named(act)}: {said(done) if not done.ok else after}")
    tally(Count("fences: records of managers", n, len(wrong)))
    assert wrong == []
    assert n >= 20


def test_what_one_lease_has_set_does_not_keep_the_next_from_its_own(
    fenced: Fenced, lab_namespace: str
) -> None:
    """Both are recorded as one manager of one object."""
    first = patch_probe(fenced, lab_namespace, "deployments")
    assert first.send(first.lease(fenced).client, dry=False).ok
    second = restart(fenced, lab_namespace, "deployments", first.path)
    done = second.send(second.lease(fenced).client, dry=False)
    assert done.ok, said(done)


def _managers(there: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["manager"], each["operation"]) for each in there["metadata"]["managedFields"]]


def _claims(fenced: Fenced, act: Act) -> Iterator[dict[str, Any]]:
    """The act itself, in ways that record more, or somebody else."""
    for manager in ("evil", "kubectl-client-side-apply", ""):
        yield {"query": {"fieldManager": manager}}
    there = fenced.admin.get(act.whole).json()
    for manager in ("evil", "holdfast") if act.action != "RolloutUndo" else ():
        yield {  # of a rollback there are signs in it that no YAML takes
            "query": {"fieldManager": manager, "force": "true"},
            "kind": "application/apply-patch+yaml",
            "body": _applied(fenced, act, there),
        }
    at = len(there["metadata"]["managedFields"])
    known = there["metadata"]["managedFields"][0]
    more: dict[str, Any] = {"f:metadata": {"f:labels": {"f:app": {}}}}
    for record in (
        {**known, "manager": "evil"},
        {**known, "manager": "holdfast", "fieldsV1": more},
        {**known, "manager": "evil", "fieldsV1": more},
    ):
        add = {"op": "add", "path": f"/metadata/managedFields/{at}", "value": record}
        yield {"body": [*act.body, add]}
    rewritten = {"op": "replace", "path": "/metadata/managedFields/0/fieldsV1", "value": more}
    yield {"body": [*act.body, rewritten]}


def _applied(fenced: Fenced, act: Act, there: dict[str, Any]) -> dict[str, Any]:
    """What the act makes of it, and all the rest of the object, as somebody would apply it."""
    path, query = act.path, {**DRY, "fieldManager": "holdfast"}
    done = fenced.admin.send("PATCH", path, body=act.body, kind=act.kind, query=query).json()
    metadata = {name: there["metadata"][name] for name in ("name", "labels")}
    head = {name: there[name] for name in ("apiVersion", "kind")}
    return {**head, "metadata": metadata, "spec": done["spec"]}


def test_a_preview_sees_what_others_add_and_nothing_of_it_is_ever_kept(
    fenced: Fenced, every: list[Act], tally: Tally
) -> None:
    wrong, n = [], 0
    for act in (each for each in every if each.method == "PATCH"):
        preview, other = act.lease(fenced, Purpose.PREVIEW).client, act.lease(fenced).client
        shows: dict[str, Any] = {"query": {"fieldManager": SHOWING}}
        for body in act.wrong:
            n += 1
            if not act.send(preview, body=body, **shows).ok:
                wrong.append(f"{_named(act)}: {body} is not shown")
            for client, dry, told in (
                (preview, True, {}),
                (preview, False, {}),
                (preview, False, shows),
                (other, True, shows),
                (other, False, shows),
            ):
                answer = act.send(client, dry=dry, body=body, **told)
                if not by_policy(answer):
                    wrong.append(f"{_named(act)} {body} {dry} {told}: {answer.code} {said(answer)}")
    tally(Count("fences: what others add, shown and never kept", n, len(wrong)))
    assert wrong == []


def test_without_its_value_and_without_its_binding_a_lease_is_cut_off(
    fenced: Fenced, lab: Lab, lab_namespace: str
) -> None:
    act = restart(fenced, lab_namespace, "deployments")
    lease, bound = act.lease(fenced), act.lease(fenced)

    fenced.set_down(lease.name, None)
    lab.wait(lambda: by_policy(act.send(lease.client)), within=10, what="the value to be missed")

    assert fenced.keeper.send("DELETE", bound.binding).ok
    lab.wait(lambda: refused(act.send(bound.client)), within=10, what="the binding to be missed")


def test_the_keeper_made_an_administrator_by_mistake_still_only_hands_out_leases(
    fenced: Fenced, lab: Lab, lab_namespace: str
) -> None:
    act = restart(fenced, lab_namespace, "deployments")
    bindings = f"/apis/{RBAC}/v1/clusterrolebindings"
    mistake = {
        "metadata": {"name": "mistake"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": KEEPER, "namespace": OURS}],
    }
    again = {**mistake, "metadata": {"name": "again"}}
    assert fenced.admin.send("POST", bindings, body=mistake).ok
    try:
        lab.wait(
            lambda: fenced.keeper.get("/api/v1/secrets").ok, within=10, what="the mistake to work"
        )
        answers = [
            fenced.keeper.send("PATCH", act.path, body={"spec": {"replicas": 0}}, kind=MERGE),
            fenced.keeper.send("DELETE", act.path),
            fenced.keeper.send("POST", bindings, body=again),
            fenced.keeper.send("DELETE", f"{bindings}/mistake"),
        ]
    finally:
        assert fenced.admin.send("DELETE", f"{bindings}/mistake").ok
    assert all(by_policy(each) for each in answers), [said(each) for each in answers]


def test_nobody_changes_a_fence_that_is_up_not_even_an_administrator(
    fenced: Fenced, lab_namespace: str, tally: Tally
) -> None:
    lease = restart(fenced, lab_namespace, "deployments").lease(fenced)
    roles = f"/apis/{RBAC}/v1/clusterroles"
    inside = f"/api/v1/namespaces/{LEASES}"
    token = {
        "metadata": {
            "name": "forever",
            "annotations": {"kubernetes.io/service-account.name": lease.name},
        },
        "type": "kubernetes.io/service-account-token",
    }
    pod = {
        "metadata": {"name": "as-a-lease"},
        "spec": {
            "serviceAccountName": lease.name,
            "containers": [{"name": "a", "image": "web:1"}],
        },
    }
    wide = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    tries: list[tuple[str, str, Any]] = [
        ("PATCH", f"{roles}/holdfast-action-rolloutrestart", {"rules": wide}),
        ("PATCH", f"{roles}/{KEEPER}", {"rules": wide}),
        ("DELETE", f"{roles}/holdfast-action-deletejob", None),
        ("DELETE", inside, None),
        ("DELETE", PARAMETERS, None),
        ("PATCH", PARAMETERS, {"data": {lease.name: "[1]"}}),
        ("PATCH", PARAMETERS, {"immutable": True}),
        ("POST", f"{inside}/secrets", token),
        ("POST", f"{inside}/pods", pod),
        ("POST", f"{ACCOUNTS}/{lease.name}/token", {"spec": {"expirationSeconds": 600}}),
        ("POST", ACCOUNTS, {"metadata": {"name": f"{lease.name}1"}}),
        ("DELETE", f"{ACCOUNTS}/{lease.name}", None),
        ("POST", BINDINGS % LEASES, {**binding_of("x", "y"), "metadata": {"name": "x"}}),
        ("POST", BINDINGS % lab_namespace, binding_of("somebody", "RolloutRestart")),
        ("POST", BINDINGS % "kube-system", binding_of(lease.name, "RolloutRestart")),
    ]
    wrong = []
    for method, path, body in tries:
        kind = MERGE if method == "PATCH" else "application/json"
        answer = fenced.admin.send(method, path, body=body, kind=kind, query=dict(DRY))
        if not by_policy(answer):
            wrong.append(f"{method} {path}: {answer.code} {said(answer)}")
    tally(Count("fences: an administrator at the fences", len(tries), len(wrong)))
    assert wrong == []
    fenced.apply()  # what changes nothing passes


def test_a_bystanders_writes_pass_as_before(
    fenced: Fenced, lab: Lab, every: list[Act], lab_namespace: str, tally: Tally
) -> None:
    mark, written = lab.audit_mark(), 0
    for act in every:
        assert act.send(fenced.admin).ok
        for other in act.wrong:
            assert act.send(fenced.admin, body=other).ok
        assert act.send(fenced.admin, dry=False).ok
        written += 2 + len(act.wrong)
    role = {"metadata": {"name": "mine"}, "rules": []}
    there = f"/apis/{RBAC}/v1/namespaces/{lab_namespace}/roles"
    assert fenced.admin.send("POST", there, body=role).ok
    lab.wait(
        lambda: fenced.admin.get(f"/api/v1/namespaces/{lab_namespace}/pods").json()["items"],
        what="pods, which controllers make",
    )
    # Controllers, kubelets and the scheduler write all the time; no policy stops any of them.
    stopped = [each for each in lab.audit_events(mark) if "ValidatingAdmissionPolicy" in _why(each)]
    tally(Count("fences: a bystander's writes", written + 1, len(stopped)))
    assert stopped == []


def _why(event: AuditEvent) -> str:
    return str((event.raw.get("responseStatus") or {}).get("message", ""))


def test_without_the_lease_policy_nothing_else_refuses_another_field(
    fenced: Fenced, lab: Lab, lab_namespace: str
) -> None:
    act = restart(fenced, lab_namespace, "deployments")
    lease = act.lease(fenced)
    more = [*act.body, {"op": "add", "path": "/metadata/labels/more", "value": "x"}]
    assert by_policy(act.send(lease.client, body=more))
    bindings = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"

    assert fenced.admin.send("DELETE", f"{bindings}/holdfast-lease").ok

    lab.wait(lambda: act.send(lease.client, body=more).ok, what="the lease to be unfenced")
    fenced.install()
    lab.wait(lambda: by_policy(act.send(lease.client, body=more)), what="the fence to be back")


def test_without_the_policy_of_previews_what_is_shown_is_still_not_kept(
    fenced: Fenced, lab: Lab, lab_namespace: str
) -> None:
    act = restart(fenced, lab_namespace, "deployments")
    preview = act.lease(fenced, Purpose.PREVIEW).client
    shows: dict[str, Any] = {"query": {"fieldManager": SHOWING}}
    assert by_policy(act.send(preview, dry=False))
    bindings = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"

    assert fenced.admin.send("DELETE", f"{bindings}/holdfast-preview").ok

    lab.wait(lambda: act.send(preview, dry=False).ok, what="the preview to be let through")
    more = [*act.body, {"op": "add", "path": "/metadata/labels/more", "value": "x"}]
    assert act.send(preview, body=more, **shows).ok
    assert by_policy(act.send(preview, dry=False, body=more, **shows))
    assert by_policy(act.send(preview, dry=False, body=act.wrong[0], **shows))
    fenced.install()
    lab.wait(lambda: by_policy(act.send(preview, dry=False)), what="the fence to be back")
