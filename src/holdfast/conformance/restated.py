"""What may be done, said a second time by somebody who shares no code with the product.

It reads a plain description of a case and names every layer that must refuse it. Where this and the
product differ, one of them is wrong. It imports nothing of ours, on purpose.
"""

import json
import re
from typing import Any

Case = dict[str, Any]

MINUTE = 60
HOUR = 60 * MINUTE
OFF = {"RolloutUndo", "ScaleWorkload", "DeleteResourceQuota", "PatchProbe", "Uncordon"}
ON = {"RolloutRestart", "DeletePod", "DeleteJob", "DeleteCertificateRequest", "DeleteACMEOrder"}
CLASS = {
    "RolloutRestart": "restart",
    "DeletePod": "restart",
    "DeleteJob": "remove",
    "DeleteResourceQuota": "remove",
    "RolloutUndo": "rollback",
    "ScaleWorkload": "scale",
    "PatchProbe": "tune",
    "DeleteCertificateRequest": "reissue",
    "DeleteACMEOrder": "reissue",
    "Uncordon": "node",
}
DONE_TO = {
    "RolloutRestart": {"apps/v1 Deployment", "apps/v1 StatefulSet", "apps/v1 DaemonSet"},
    "DeletePod": {"v1 Pod"},
    "DeleteJob": {"batch/v1 Job"},
    "DeleteResourceQuota": {"v1 ResourceQuota"},
    "RolloutUndo": {"apps/v1 Deployment"},
    "ScaleWorkload": {"apps/v1 Deployment", "apps/v1 StatefulSet"},
    "PatchProbe": {"apps/v1 Deployment", "apps/v1 StatefulSet", "apps/v1 DaemonSet"},
    "DeleteCertificateRequest": {"cert-manager.io/v1 CertificateRequest"},
    "DeleteACMEOrder": {"acme.cert-manager.io/v1 Order"},
    "Uncordon": {"v1 Node"},
}
IN_NO_NAMESPACE = {"v1 Node"}
MAY_CHANGE = {
    "RolloutRestart": ["spec/template/metadata/annotations/kubectl.kubernetes.io~restartedAt"],
    "RolloutUndo": ["spec/template"],
    "ScaleWorkload": ["spec/replicas"],
    "Uncordon": ["spec/unschedulable"],
    "PatchProbe": [
        f"spec/template/spec/containers/name=web/{probe}Probe/{field}"
        for probe in ("liveness", "readiness", "startup")
        for field in ("periodSeconds", "timeoutSeconds", "failureThreshold", "initialDelaySeconds")
    ],
}
DAY, HOURS = "(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", "([01][0-9]|2[0-3])"
STAMP = re.compile(f"[0-9]{{4}}-{DAY}T{HOURS}:[0-5][0-9]:[0-5][0-9]Z")
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
PROBE = re.compile("liveness|readiness|startup")
TIMES = {"period_seconds": (1, 120), "timeout_seconds": (1, 60), "failure_threshold": (1, 30)}
# Each parameter: a form that a text must have, or the least and the most of a number.
PARAMS: dict[str, dict[str, Any]] = {
    "RolloutRestart": {"stamp": STAMP},
    "RolloutUndo": {"replica_set": NAME, "uid": NAME},
    "ScaleWorkload": {"replicas": (1, 1000), "now": (0, 1000)},
    "PatchProbe": TIMES | {"initial_delay_seconds": (0, 600), "container": LABEL, "probe": PROBE},
}
NEVER = {
    *("kube-system", "kube-public", "kube-node-lease", "rook-ceph", "vault", "external-secrets"),
    *("cnpg-system", "calico-system", "tigera-operator", "holdfast", "holdfast-leases"),
}
RISKS = ("low", "medium", "high")


def refusers(case: Case) -> set[str]:
    """Every layer that must refuse to have this executed now."""
    no = {
        "closed_set": not _in_the_set(case),
        "target_scope": not _in_scope(case),
        "protected_namespaces": case["namespace"] in NEVER | case["protected"],
        "kept_elsewhere": not _may_be_changed_here(case),
        "signed_approval": not _approved(case),
        "two_people": not _by_two(case),
        "audit_first": case["chain"] != "sealed",
        "budget": any(yes["person"] not in case["paid"] for yes in case["assents"]),
        "freeze": case["frozen"],
        "cooldown": case["cooling"] > case["now"],
        "breaker": case["broken"],
        "operator_policy": not case["operator"],
    }
    return {layer for layer, refuses in no.items() if refuses}


def plan_refusers(steps: list[Case], at: int, verified: int) -> set[str]:
    """The same, of a step of a plan of which so many are verified; `plan`, if it is none."""
    shared = all(len({each[name] for each in steps}) == 1 for name in ("requester", "proposed"))
    if len(steps) > 5 or len({each["uid"] for each in steps}) < len(steps) or not shared:
        return {"plan"}
    if at != verified + 1:
        return {"turn"}
    hardest = max((each["risk"] for each in steps), key=RISKS.index)
    hard = [{**each, "risk": hardest} for each in steps]
    last = max((yes["at"] for each in steps for yes in each["assents"]), default=0)
    if at > 1:
        return refusers(hard[at - 1])
    if not all(_said(each, last) for each in hard[1:]):
        return {"words"}
    return refusers({**hard[0], "its_turn": last})


def _said(case: Case, now: int) -> bool:
    """Whether everybody who must has said yes to it, when the last word for its plan came."""
    told = {**case, "now": now}
    yeses = case["assents"]
    return bool(yeses) and all(_counts(told, yes) for yes in yeses) and _by_two(told)


def _in_the_set(case: Case) -> bool:
    if case["smuggled"]:
        return False
    return case["action"] in ON or (case["action"] in OFF and case["action"] in case["switched_on"])


def _in_scope(case: Case) -> bool:
    fits = case["target"] in DONE_TO[case["action"]]
    same = case["uid"] != "" and case["uid"] == case["read_uid"]
    there = (case["namespace"] == "") == (case["target"] in IN_NO_NAMESPACE)
    seen = not case["blind"] and case["as_it_must_be"]
    return fits and same and there and seen and _stays_inside(case)


def _stays_inside(case: Case) -> bool:
    if case["effect"] is None:
        return False
    allowed = MAY_CHANGE.get(case["action"], [])
    return all(
        any(path == each or path.startswith(each + "/") for each in allowed)
        for path in case["effect"]
    )


def _may_be_changed_here(case: Case) -> bool:
    if case["managed"] is None:
        return False
    if not case["managed"]:
        return True
    return CLASS[case["action"]] == "restart" and case["restarts_of_managed"]


def _approved(case: Case) -> bool:
    if not case["assents"]:
        return False
    if max(case["its_turn"], *(yes["at"] for yes in case["assents"])) + 15 * MINUTE < case["now"]:
        return False
    return all(_counts(case, yes) for yes in case["assents"])


def _counts(case: Case, yes: dict[str, Any]) -> bool:
    of_class = CLASS[case["action"]]
    wanted = case["approvers"].get(of_class)
    return (
        yes["digest"] == case["digest"]
        and yes["person"] != case["requester"]
        and (wanted is None or any(group in wanted for group in yes["groups"]))
        and (of_class not in case["signed"] or yes["proof"] in ("ssh", "webauthn"))
        and case["proposed"] <= yes["at"] < case["proposed"] + 4 * HOUR
        and yes["at"] <= case["now"] < yes["until"]
    )


def _by_two(case: Case) -> bool:
    of_class = CLASS[case["action"]]
    apart = case["distance"].get(of_class)
    wanted = (
        case["namespace"] == ""
        or case["risk"] == "high"
        or of_class in case["two_people"]
        or apart is not None
    )
    if not wanted:
        return True
    first: dict[str, int] = {}
    for yes in case["assents"]:
        first.setdefault(yes["person"], yes["at"])
    times = list(first.values())
    return len(times) >= 2 and (apart is None or times[1] - times[0] >= apart)


def meant(text: str) -> Case | None:
    """The action that a text means; None where it means nothing, or could mean two things."""
    try:
        told = json.loads(text, object_pairs_hook=_once, parse_int=_whole, parse_constant=_no)
    except (ValueError, RecursionError):
        return None
    if "\\" in text or not isinstance(told, dict) or set(told) != {"kind", "params"}:
        return None
    kind, params = told["kind"], told["params"]
    if not isinstance(kind, str) or kind not in ON | OFF or not isinstance(params, dict):
        return None
    forms = PARAMS.get(kind, {})
    fits = set(params) == set(forms) and all(_fits(forms[name], params[name]) for name in forms)
    return told if fits else None


def _fits(form: Any, value: Any) -> bool:
    if isinstance(form, tuple):
        return type(value) is int and form[0] <= value <= form[1]
    return isinstance(value, str) and form.fullmatch(value) is not None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError
    return dict(pairs)


def _whole(digits: str) -> int:
    if not re.fullmatch("0|-?[1-9][0-9]{0,15}", digits):
        raise ValueError
    return int(digits)


def _no(_: str) -> None:
    raise ValueError


def ticket_counts(case: Case) -> bool:
    """Whether a ticket is worth something: here, now, and as it was issued."""
    return bool(
        case["forged"] == ""
        and case["signed_by"] == "tickets"
        and case["audience"] == case["here"]
        and case["begins"] <= case["now"] < case["ends"]
    )


def word_counts(case: Case) -> bool:
    """Whether what somebody handed in is that person's yes to this, now."""
    revoked = case["revoked"]
    return (
        case["forged"] == ""
        and case["signed_by"] == "ana"
        and case["purpose"] == "holdfast-approval"
        and all(
            case[each] == case["of_" + each] for each in ("cluster", "proposal", "digest", "step")
        )
        and case["decision"] == "approve"
        and (revoked is None or case["now"] < revoked)
        and case["now"] < case["until"] == case["open_until"]
    )
