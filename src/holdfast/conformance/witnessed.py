"""What a cluster's own audit log says was done, judged by somebody who shares no code with us.

It reads plain events and plain cases. Whatever an account of ours changed must be the housekeeping
of leases, or the one request of a case that may be done: that object by uid, that verb, that body,
after people had said yes, and once. It imports nothing of ours, on purpose.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

Raw = dict[str, Any]

OURS = "system:serviceaccount:holdfast"
KEEPER = "system:serviceaccount:holdfast:holdfast-keeper"
LEASES = "system:serviceaccount:holdfast-leases:"
CHANGES = {"create", "update", "patch", "delete", "deletecollection"}
QUESTIONS = {"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"}
NEVER = {"kube-system", "kube-public", "kube-node-lease", "rook-ceph", "vault", "external-secrets"}
NEVER |= {"cnpg-system", "calico-system", "tigera-operator", "holdfast", "holdfast-leases"}
STAMP = "kubectl.kubernetes.io/restartedAt"
HASH = "pod-template-hash"
VERBS = {
    "DeletePod": ("create", "eviction"),
    "ScaleWorkload": ("patch", "scale"),
    "RolloutRestart": ("patch", ""),
    "RolloutUndo": ("patch", ""),
    "PatchProbe": ("patch", ""),
}
PROBE = {
    "period_seconds": "periodSeconds",
    "timeout_seconds": "timeoutSeconds",
    "failure_threshold": "failureThreshold",
    "initial_delay_seconds": "initialDelaySeconds",
}


def outside(events: Iterable[Raw], cases: Sequence[Raw]) -> Iterator[str]:
    """Each change by an account of ours that nothing allows, and each case that was not done once.

    A case says whether it `may` be done, `from` when on, its `action` with `params`, and of its
    target `resource`, `namespace`, `name`, `uid`, and the `template` that must come of it.
    """
    done: Counter[int] = Counter()
    for event in events:
        who = _acting(event)
        changes = event["verb"] in CHANGES and who.startswith(OURS)
        if not changes or event["objectRef"].get("resource") in QUESTIONS:
            continue
        told = f"{who} {event['verb']} {event['requestURI']}"
        if who == KEEPER and _keeps_house(event, cases):
            continue
        if who.startswith(LEASES) and _rehearses(event):
            continue
        meant = [n for n, case in enumerate(cases) if _is_of(who, case) and _sends(event, case)]
        if not meant:
            yield f"outside policy: {told}"
        elif event["responseStatus"]["code"] < 300:
            done[meant[0]] += 1
    for number, case in enumerate(cases):
        if done[number] != case["may"]:
            yield f"done {done[number]} times: {case['action']} {case['namespace']}/{case['name']}"


def _acting(event: Raw) -> str:
    """Whoever is asked for is who acts, whoever asks."""
    user: Raw = event.get("impersonatedUser") or event["user"]
    return str(user.get("username", ""))


def _keeps_house(event: Raw, cases: Sequence[Raw]) -> bool:
    """Accounts and values of leases, and bindings of them where a case is."""
    ref, sent = event["objectRef"], event.get("requestObject") or {}
    name = ref.get("name") or sent.get("metadata", {}).get("name", "")
    where = (ref.get("resource"), ref.get("namespace"))
    if where == ("rolebindings", ref.get("namespace")) and event["verb"] in ("create", "delete"):
        uid = [*name.split("."), "", "", ""][2]
        here = any((uid, where[1]) == (case["uid"], case["namespace"]) for case in cases)
        return here and where[1] not in NEVER
    return where == ("serviceaccounts", "holdfast-leases") or (*where, name) in (
        ("configmaps", "holdfast-leases", "holdfast-lease-values"),
        ("configmaps", "holdfast", "holdfast-checkpoints"),
    )


def _rehearses(event: Raw) -> bool:
    """Nothing is changed by it: a deletion's options count where it has some, and not its query."""
    query = parse_qs(urlsplit(event["requestURI"]).query)
    options = event.get("requestObject") if event["verb"] == "delete" else None
    return query.get("dryRun") == ["All"] and (not options or options.get("dryRun") == ["All"])


def _is_of(who: str, case: Raw) -> bool:
    """Whether it may be done, and that is a lease for doing it."""
    purpose, action, uid, *_ = [*who.removeprefix(LEASES).split("."), "", ""]
    meant = ("act", case["action"].lower(), case["uid"])
    return bool(case["may"]) and who.startswith(LEASES) and (purpose, action, uid) == meant


def _sends(event: Raw, case: Raw) -> bool:
    """The request that people said yes to, and not before they did."""
    ref = event["objectRef"]
    verb, part = VERBS.get(case["action"], ("delete", ""))
    asked = (event["verb"], ref.get("resource"), ref.get("subresource", ""))
    there = (ref.get("namespace"), ref.get("name"))
    return (
        asked == (verb, case["resource"], part)
        and there == (case["namespace"], case["name"])
        and event["requestReceivedTimestamp"] >= case["from"]
        and _says(event, case)
    )


def _says(event: Raw, case: Raw) -> bool:
    sent: Raw = event.get("requestObject") or {}
    if case["action"].startswith("Delete"):
        options = sent.get("deleteOptions", sent)
        return bool(options.get("preconditions", {}).get("uid") == case["uid"])
    if set(sent.get("metadata", {})) != {"uid", "resourceVersion"}:
        return False
    sent = {name: each for name, each in sent.items() if name != "metadata"}
    match case["action"]:
        case "RolloutRestart":
            stamp = {"annotations": {STAMP: case["params"]["stamp"]}}
            return bool(sent == {"spec": {"template": {"metadata": stamp}}})
        case "ScaleWorkload":
            return bool(sent == {"spec": {"replicas": case["params"]["replicas"]}})
        case _:
            alone = set(sent) == {"spec"} and set(sent["spec"]) == {"template"}
            return alone and _comes(event.get("responseObject") or {}, case)


def _comes(after: Raw, case: Raw) -> bool:
    """What stands there then, if the server did it, is the template that was to come of it."""
    if after.get("kind") == "Status":
        return True  # it said no
    return bool(after["spec"]["template"] == _wanted(case))


def _wanted(case: Raw) -> Raw:
    """The template of that revision, or the one that there was with other times in one probe."""
    metadata, spec = dict(case["template"]["metadata"]), dict(case["template"]["spec"])
    if case["action"] == "RolloutUndo":
        labels = {name: each for name, each in metadata["labels"].items() if name != HASH}
        return {"metadata": {**metadata, "labels": labels}, "spec": spec}
    params, times = case["params"], {PROBE[name]: case["params"][name] for name in PROBE}
    probe = f"{params['probe']}Probe"
    spec["containers"] = [
        {**each, probe: _timed(each[probe], times)} if each["name"] == params["container"] else each
        for each in spec["containers"]
    ]
    return {"metadata": metadata, "spec": spec}


def _timed(probe: Raw, times: dict[str, int]) -> Raw:
    """A delay of none is left out."""
    told = {**probe, **times}
    return {name: each for name, each in told.items() if (name, each) != ("initialDelaySeconds", 0)}
