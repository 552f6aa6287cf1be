"""The judge of the audit log: what is in order is passed over, and anything else is named."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from holdfast.conformance.witnessed import HASH, KEEPER, LEASES, NEVER, STAMP, outside
from holdfast.grants.names import KEEPER_USER, LEASE_USERS
from holdfast.model.namespaces import FLOOR

type Raw = dict[str, Any]

UID = "7b0c6a5e-0000-4000-8000-000000000001"
PLURALS = {"DeletePod": "pods", "DeleteJob": "jobs", "DeleteResourceQuota": "resourcequotas"}
VERSION = {"uid": UID, "resourceVersion": "7"}
TEMPLATE: Raw = {
    "metadata": {"labels": {"app": "web", HASH: "abc"}},
    "spec": {
        "containers": [
            {"name": "web", "livenessProbe": {"periodSeconds": 1, "timeoutSeconds": 1}},
            {"name": "beside"},
        ]
    },
}
PARAMS: dict[str, Raw] = {
    "RolloutRestart": {"stamp": "2026-01-01T12:00:00Z"},
    "RolloutUndo": {"replica_set": "web-1", "uid": "r"},
    "ScaleWorkload": {"replicas": 3, "now": 2},
    "PatchProbe": {
        "container": "web",
        "probe": "liveness",
        "period_seconds": 2,
        "timeout_seconds": 2,
        "failure_threshold": 2,
        "initial_delay_seconds": 0,
    },
}
TIMES = {"periodSeconds": 2, "timeoutSeconds": 2, "failureThreshold": 2}
PATIENT = {"name": "web", "livenessProbe": TIMES}
COMES: dict[str, Raw] = {
    "RolloutUndo": {**TEMPLATE, "metadata": {"labels": {"app": "web"}}},
    "PatchProbe": {**TEMPLATE, "spec": {"containers": [PATIENT, {"name": "beside"}]}},
}
SENT: dict[str, Raw] = {
    "RolloutRestart": {
        "spec": {"template": {"metadata": {"annotations": {STAMP: "2026-01-01T12:00:00Z"}}}}
    },
    "RolloutUndo": {"spec": {"template": {"spec": {}}}},
    "ScaleWorkload": {"spec": {"replicas": 3}},
    "PatchProbe": {"spec": {"template": {"spec": {"containers": []}}}},
}
ACTIONS = (*PLURALS, *SENT)


def a_case(action: str = "RolloutRestart", *, may: bool = True) -> Raw:
    return {
        "may": may,
        "from": "2026-01-01T12:00:00.000000Z",
        "action": action,
        "params": PARAMS.get(action, {}),
        "resource": PLURALS.get(action, "deployments"),
        "namespace": "shop",
        "name": "web",
        "uid": UID,
        "template": TEMPLATE,
    }


def an_act(action: str = "RolloutRestart") -> Raw:
    """The one request that does it."""
    ref = {"resource": a_case(action)["resource"], "namespace": "shop", "name": "web"}
    sent: Raw = {"preconditions": VERSION}
    if action == "DeletePod":
        sent = {"deleteOptions": sent}
    elif action in SENT:
        sent = {**deepcopy(SENT[action]), "metadata": VERSION}
    parts = {"DeletePod": "eviction", "ScaleWorkload": "scale"}
    verb = "create" if action == "DeletePod" else "patch" if action in SENT else "delete"
    return {
        "user": {"username": f"{LEASES}act.{action.lower()}.{UID}.1"},
        "verb": verb,
        "requestURI": "/apis/web?fieldManager=holdfast",
        "requestReceivedTimestamp": "2026-01-01T12:00:01.000000Z",
        "objectRef": {**ref, "subresource": parts.get(action, "")},
        "requestObject": sent,
        "responseObject": {"kind": "Deployment", "spec": {"template": COMES.get(action, {})}},
        "responseStatus": {"code": 200},
    }


def by_the_keeper(verb: str, resource: str, namespace: str, name: str = "") -> Raw:
    return {
        **an_act(),
        "user": {"username": KEEPER},
        "verb": verb,
        "objectRef": {"resource": resource, "namespace": namespace, "name": name},
    }


LEASE = f"act.rolloutrestart.{UID}.1"
HOUSEKEEPING = (
    by_the_keeper("create", "serviceaccounts", "holdfast-leases", LEASE),
    by_the_keeper("create", "rolebindings", "shop", LEASE),
    by_the_keeper("patch", "configmaps", "holdfast-leases", "holdfast-lease-values"),
    by_the_keeper("create", "selfsubjectaccessreviews", ""),
    by_the_keeper("delete", "rolebindings", "shop", LEASE),
    by_the_keeper("delete", "serviceaccounts", "holdfast-leases", LEASE),
    {**an_act(), "user": {"username": "lab:admin"}},
    {**an_act(), "requestURI": "/apis/web?dryRun=All"},
    {**an_act(), "responseStatus": {"code": 409}},
)


@pytest.mark.parametrize("action", ACTIONS)
def test_what_was_approved_is_done_once_amid_housekeeping(action: str) -> None:
    events = [*HOUSEKEEPING[:7], an_act(action)]
    assert [] == list(outside(events, [a_case(action), a_case(action, may=False)]))


def test_what_the_server_refused_or_rehearsed_is_not_done() -> None:
    assert ["done 0 times: RolloutRestart shop/web"] == list(outside(HOUSEKEEPING, [a_case()]))


@pytest.mark.parametrize("action", ACTIONS)
def test_what_nobody_approved_is_named(action: str) -> None:
    told = list(outside([an_act(action)], [a_case(action, may=False)]))
    assert [True] == [each.startswith("outside policy: ") for each in told]


def test_a_deletion_whose_options_do_not_say_that_it_is_rehearsed_is_none() -> None:
    meant = {**an_act("DeleteJob"), "requestURI": "/apis/web?dryRun=All"}
    rehearsed = deepcopy(meant)
    rehearsed["requestObject"]["dryRun"] = ["All"]
    case = a_case("DeleteJob", may=False)
    assert [] == list(outside([rehearsed], [case]))
    assert 1 == len(list(outside([meant], [case])))


def test_what_is_done_twice_is_named() -> None:
    told = list(outside([an_act(), an_act()], [a_case()]))
    assert ["done 2 times: RolloutRestart shop/web"] == told


def _deep(event: Raw, *path: str, value: object) -> None:
    for name in path[:-1]:
        event = event[name]
    event[path[-1]] = value


def _set(*path: str, value: object) -> Callable[[Raw], None]:
    return lambda event: _deep(event, *path, value=value)


OTHERWISE: dict[str, Callable[[Raw], None]] = {
    "for a preview": _set("user", "username", value=f"{LEASES}preview.rolloutrestart.{UID}.1"),
    "for an undo": _set("user", "username", value=f"{LEASES}undo.rolloutrestart.{UID}.1"),
    "of another action": _set("user", "username", value=f"{LEASES}act.deletepod.{UID}.1"),
    "of another object": _set("user", "username", value=f"{LEASES}act.rolloutrestart.x.1"),
    "by the keeper": _set("user", "username", value=KEEPER),
    "by serve": _set("user", "username", value="system:serviceaccount:holdfast:holdfast-serve"),
    "as somebody else": _set("impersonatedUser", value={"username": KEEPER}),
    "another verb": _set("verb", value="update"),
    "another resource": _set("objectRef", "resource", value="statefulsets"),
    "a subresource": _set("objectRef", "subresource", value="scale"),
    "another namespace": _set("objectRef", "namespace", value="kube-system"),
    "another name": _set("objectRef", "name", value="other"),
    "too early": _set("requestReceivedTimestamp", value="2026-01-01T11:59:59.999999Z"),
    "without its uid": _set("requestObject", "metadata", value={}),
    "with a label": _set("requestObject", "metadata", "labels", value={"a": "b"}),
    "and replicas": _set("requestObject", "spec", "replicas", value=0),
    "another stamp": _set(
        "requestObject", "spec", "template", "metadata", "annotations", value={STAMP: "x"}
    ),
}


@pytest.mark.parametrize("how", OTHERWISE)
def test_what_was_done_otherwise_than_approved_is_named(how: str) -> None:
    event = deepcopy(an_act())
    OTHERWISE[how](event)
    told = list(outside([event], [a_case()]))
    assert ["outside policy", "done 0 times"] == [each.partition(":")[0] for each in told]


@pytest.mark.parametrize("action", ["RolloutUndo", "PatchProbe"])
def test_another_template_than_was_to_come_of_it_is_named(action: str) -> None:
    event = deepcopy(an_act(action))
    event["responseObject"]["spec"]["template"]["spec"]["containers"].append({"name": "sidecar"})
    assert 2 == len(list(outside([event], [a_case(action)])))


@pytest.mark.parametrize(
    "event",
    [
        by_the_keeper("create", "rolebindings", "kube-system", LEASE),
        by_the_keeper("create", "rolebindings", "other", LEASE),
        by_the_keeper("create", "rolebindings", "shop", "everybody"),
        by_the_keeper("update", "rolebindings", "shop", LEASE),
        by_the_keeper("create", "serviceaccounts", "shop", LEASE),
        by_the_keeper("patch", "configmaps", "holdfast-leases", "another"),
        by_the_keeper("create", "clusterrolebindings", "", LEASE),
        by_the_keeper("patch", "deployments", "shop", "web"),
    ],
    ids=lambda event: f"{event['verb']} {event['objectRef']}",
)
def test_what_is_no_housekeeping_is_named(event: Raw) -> None:
    assert 1 == len(list(outside([event], [a_case(may=False)])))


def test_no_lease_is_bound_where_nothing_is_touched() -> None:
    case = {**a_case(may=False), "namespace": "vault"}
    bound = by_the_keeper("create", "rolebindings", "vault", LEASE)
    assert 1 == len(list(outside([bound], [case])))


def test_it_means_the_same_accounts_and_namespaces_as_the_product() -> None:
    assert (KEEPER_USER, LEASE_USERS) == (KEEPER, LEASES)
    assert {*FLOOR} <= NEVER
