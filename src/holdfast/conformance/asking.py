"""A case as the product is asked it: to execute it now."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from holdfast.conformance.restated import CLASS, Case
from holdfast.conformance.scenes import NOW
from holdfast.conformance.sights import ACTIONS, NOBODY_SEES, SIGHTS, Smuggled
from holdfast.model.asks import Around, Ask, Assent, Chain, Managed, Proof, Rules, Station
from holdfast.model.canonical import Plain
from holdfast.model.documents import Document
from holdfast.model.objects import Ref
from holdfast.model.paths import Difference, Item, Segment
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Action, ActionClass, Risk, Sight
from holdfast.model.snapshot import Snapshot


def ask_of(case: Case, read: Action | None = None) -> Ask:
    """The question; `read` is the action, where it was read from a text."""
    action = read or ACTIONS[case["action"]]
    fine, ill = SIGHTS[case["action"]]
    seen = fine if case["as_it_must_be"] else ill
    api_version, _, kind = case["target"].partition(" ")
    told = seen.document.ref
    target = Ref(
        api_version=api_version,
        kind=kind,
        namespace=case["namespace"],
        name=told.name,
        uid=case["uid"],
    )
    return Ask(
        station=Station.EXECUTION,
        now=at(case["now"]),
        action=Smuggled(stamp="2026-01-01T12:00:00Z") if case["smuggled"] else action,
        target=target,
        seen=_seen(seen, target, case),
        effect=_effect(case),
        risk=Risk[case["risk"].upper()],
        digest=case["digest"],
        proposed=at(case["proposed"]),
        set_going=at(case["its_turn"]) if case["its_turn"] else None,
        requester=case["requester"],
        managed=_managed(case, told),
        assents=tuple(_heard(yes) for yes in case["assents"]),
        spent=frozenset((who, _class(case)) for who in case["paid"]),
        chain=Chain(case["chain"]),
        rules=_rules(case),
        around=Around(
            frozen="switched off" if case["frozen"] else "",
            cooling_until=at(case["cooling"]) if case["cooling"] else None,
            broken="three failed" if case["broken"] else "",
            operator_allows=case["operator"],
        ),
    )


def a_proposal(action: str, **changed: Any) -> Proposal:
    """A proposal of that action, as far as the policy is not asked about it."""
    held: dict[str, Any] = {
        "id": "prp_1",
        "cluster": "c-1",
        "trouble": "trb_1",
        "code": "HF-WRK-020",
        "action": ACTIONS[action],
        "target": SIGHTS[action][0].document.ref,
        "read_hash": "r" * 64,
        "steps": (),
        "undo": (),
        "effect": (),
        "risk": Risk.LOW,
        "policy": "p-1",
        "requester": "sam",
        "proposed": NOW,
        "open_until": NOW + timedelta(hours=4),
    }
    return Proposal(**{**held, **changed})


def _class(case: Case) -> ActionClass:
    return ActionClass(CLASS[case["action"]])


def at(seconds: int) -> datetime:
    """That moment of a case."""
    return NOW + timedelta(seconds=seconds)


def _seen(seen: Sight, target: Ref, case: Case) -> Sight:
    """What was read of it: in the case's namespace, and of the uid that was read."""
    read: dict[str, Any] = {
        **seen.document.value,
        "apiVersion": target.api_version,
        "kind": target.kind,
        "metadata": {
            **_map(seen.document.at("metadata")),
            "namespace": case["namespace"],
            "uid": case["read_uid"],
        },
    }
    around: Snapshot = NOBODY_SEES if case["blind"] else _moved(seen, case)
    return Sight(document=Document(value=read), around=around, beside=seen.beside)


def _map(value: Plain) -> dict[str, Plain]:
    return dict(value) if isinstance(value, Mapping) else {}


_MOVED: dict[tuple[int, str, str], Snapshot] = {}


def _moved(seen: Sight, case: Case) -> Snapshot:
    """The same surroundings in another namespace, made once."""
    key = (id(seen), case["namespace"], case["read_uid"])
    if key not in _MOVED:
        _MOVED[key] = _elsewhere(seen, case)
    return _MOVED[key]


def _elsewhere(seen: Sight, case: Case) -> Snapshot:
    was = seen.document.ref.uid
    captures = []
    for capture in seen.around.captures():
        objects = tuple(
            msgspec.structs.replace(
                each,
                metadata=msgspec.structs.replace(
                    each.metadata,
                    namespace=case["namespace"],
                    uid=case["read_uid"] if each.metadata.uid == was else each.metadata.uid,
                    owner_references=tuple(
                        msgspec.structs.replace(
                            owner, uid=case["read_uid"] if owner.uid == was else owner.uid
                        )
                        for owner in each.metadata.owner_references
                    ),
                ),
            )
            for each in capture.objects
        )
        captures.append(msgspec.structs.replace(capture, objects=objects))
    return Snapshot(now=seen.around.now, captures=captures)


def _effect(case: Case) -> tuple[Difference, ...] | None:
    if case["effect"] is None:
        return None
    return tuple(
        Difference(path=tuple(map(_segment, path.split("/"))), before=None, after="x")
        for path in case["effect"]
    )


def _segment(part: str) -> Segment:
    by, is_item, value = part.partition("=")
    return Item(by=by, value=value) if is_item else part.replace("~", "/")


def _managed(case: Case, told_by: Ref) -> tuple[Managed, ...] | None:
    if case["managed"] is None:
        return None
    return tuple(Managed(by=by, told_by=told_by) for by in case["managed"])


def _heard(yes: dict[str, Any]) -> Assent:
    return Assent(
        person=yes["person"],
        groups=frozenset(yes["groups"]),
        proof=Proof(yes["proof"]),
        digest=yes["digest"],
        at=at(yes["at"]),
        until=at(yes["until"]),
    )


def _rules(case: Case) -> Rules:
    return Rules(
        switched_on=frozenset(case["switched_on"]),
        protected=frozenset(case["protected"]),
        restarts_of_managed=case["restarts_of_managed"],
        approvers={ActionClass(of): frozenset(who) for of, who in case["approvers"].items()},
        signed=frozenset(ActionClass(of) for of in case["signed"]),
        two_people=frozenset(ActionClass(of) for of in case["two_people"]),
        distance={
            ActionClass(of): timedelta(seconds=seconds) for of, seconds in case["distance"].items()
        },
    )
