"""A question that every layer allows, and the same with one thing changed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from holdfast.actions.delete_resource_quota import DeleteResourceQuota
from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.conformance.scenes import NOW, QUOTA, Raw, a_deployment, sight, template
from holdfast.model.asks import Around, Ask, Assent, Chain, Proof, Rules, Station
from holdfast.model.documents import Document, effect
from holdfast.model.repairs import Risk

RESTART = RolloutRestart(stamp="2026-01-01T12:00:00Z")
OF_CLASS = RESTART.kind.of_class
MINUTE = timedelta(minutes=1)
PROPOSED = NOW - 10 * MINUTE


def an_assent(person: str = "ana", **changed: Any) -> Assent:
    """A person's approval, five minutes ago."""
    held: dict[str, Any] = {
        "person": person,
        "groups": frozenset({"oncall"}),
        "proof": Proof.SSH,
        "digest": "d1",
        "at": NOW - 5 * MINUTE,
        "until": NOW + timedelta(hours=1),
    }
    return Assent(**{**held, **changed})


def _stamped(value: Mapping[str, Any]) -> Raw:
    stamped = template()
    stamped["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": RESTART.stamp}
    return {**value, "spec": {**value.get("spec", {}), "template": stamped}}


def an_ask(target: Raw | None = None, /, **changed: Any) -> Ask:
    """To restart a Deployment, at execution, with everything that it takes."""
    seen = changed.pop("seen", None) or sight(target or a_deployment())
    held: dict[str, Any] = {
        "station": Station.EXECUTION,
        "now": NOW,
        "action": RESTART,
        "target": seen.document.ref,
        "seen": seen,
        "effect": effect(seen.document, Document(value=_stamped(seen.document.value))),
        "risk": Risk.LOW,
        "digest": "d1",
        "proposed": PROPOSED,
        "requester": "sam",
        "managed": (),
        "assents": (an_assent(),),
        "budgets": {("ana", OF_CLASS): 1},
        "spent": frozenset({("ana", OF_CLASS), ("ben", OF_CLASS)}),
        "chain": Chain.SEALED,
        "around": Around(operator_allows=True),
    }
    return Ask(**{**held, **changed})


def a_quota_ask(**changed: Any) -> Ask:
    """To delete a quota, with two people and switched on by name."""
    of_class = DeleteResourceQuota.kind.of_class
    held: dict[str, Any] = {
        "action": DeleteResourceQuota(),
        "effect": (),
        "risk": Risk.HIGH,
        "rules": Rules(switched_on=frozenset({"DeleteResourceQuota"})),
        "assents": (an_assent(), an_assent("ben", at=NOW - 4 * MINUTE)),
        "budgets": {("ben", of_class): 1},
        "spent": frozenset({("ana", of_class), ("ben", of_class)}),
    }
    return an_ask(QUOTA, **{**held, **changed})


def with_rules(ask: Ask, **rules: Any) -> Ask:
    """The same question under other rules."""
    return msgspec.structs.replace(ask, rules=msgspec.structs.replace(ask.rules, **rules))


def changed(ask: Ask, **values: Any) -> Ask:
    """The same question with something else in it."""
    return msgspec.structs.replace(ask, **values)
