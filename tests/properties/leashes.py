"""Leashes by the dice, what makes one narrower, what makes one wider, and cases to try them on.

A leash is `leash.yaml` and `policy.cedar`. What fails while it is asked is a no for everybody, so
whatever takes a failing policy out, or keeps it from being reached, makes a leash wider: scopes and
whole statements are taken only from statements that cannot fail.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from holdfast.actions import CLOSED_SET
from holdfast.adapters.cedar.policy import CedarPolicy
from holdfast.grants.operator_schema import operator_schema
from holdfast.model.asks import Proof, Rules, Station
from holdfast.model.leash import API_VERSION, KIND, Leash
from holdfast.model.policy_tests import Given, Level, On, Somebody
from holdfast.model.repairs import ActionClass

type Dice = random.Random
type Turn = Callable[["Written", Dice], "Written"]

OFF = [each.kind.name for each in CLOSED_SET if not each.kind.on]
CLASSES = [each.value for each in ActionClass]
GROUPS = ["oncall", "platform", "ops"]
NAMESPACES = ["shop", "shop-eu", "ops"]
SPANS = ["1m", "15m", "30m", "2h"]
TIERS = {"prod": ["shop-eu"], "read-only": ["ops", "shop-eu"]}

ANYBODY, ANYTHING, ANYWHERE = "principal", "action", "resource"
SCOPES: tuple[Sequence[str], ...] = (
    [*(f'principal in Group::"{each}"' for each in GROUPS), 'principal == Person::"ana"'],
    [
        *(f'action == Action::"{each.kind.name}"' for each in CLOSED_SET),
        *(f'action in Action::"{each}"' for each in CLASSES),
        'action in [Action::"restart", Action::"scale", Action::"rollback"]',
    ],
    [*(f'resource in Namespace::"{each}"' for each in NAMESPACES), 'resource in Tier::"prod"'],
)
CONDITIONS = (
    'context.risk == "low"',
    'context.risk != "high"',
    "context.weekday < 6",
    "context.minute >= 480 && context.minute < 1080",
    'context.station == "execution"',
    'context.station != "proposal"',
    'resource.kind == "Deployment"',
    'resource.name like "w*"',
    'resource.namespace != "shop"',
    'principal in Group::"platform"',
    'resource in Tier::"read-only"',
)
FAILS = "context.minute * 9223372036854775807 > 0"  # but at midnight, and the minute after


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One of Cedar's: whom and what it is about, and when."""

    effect: str
    scope: tuple[str, str, str] = (ANYBODY, ANYTHING, ANYWHERE)
    conditions: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = " ".join(self.conditions)
        return f"{self.effect}({', '.join(self.scope)}) {said};"

    @property
    def can_fail(self) -> bool:
        return any(FAILS in each for each in self.conditions)


@dataclass(frozen=True, kw_only=True)
class Written:
    """Both files, as somebody wrote them."""

    leash: Mapping[str, Any]
    cedar: tuple[Statement, ...]

    def rules(self) -> Rules:
        told = {"apiVersion": API_VERSION, "kind": KIND, "tiers": TIERS, **self.leash}
        return msgspec.convert(told, Leash).rules()

    def operator(self) -> CedarPolicy:
        text = "\n".join(map(str, self.cedar))
        return CedarPolicy(text, "policy.cedar", operator_schema())

    def where(self, effect: str, *, sound: bool = False) -> list[int]:
        """Which statements have that effect; of these, only those that cannot fail."""
        return [
            number
            for number, each in enumerate(self.cedar)
            if each.effect == effect and not (sound and each.can_fail)
        ]

    def with_leash(self, name: str, value: object) -> "Written":
        return replace(self, leash={**self.leash, name: value})

    def with_statement(self, number: int, *instead: Statement) -> "Written":
        return replace(self, cedar=(*self.cedar[:number], *instead, *self.cedar[number + 1 :]))


def a_leash(dice: Dice) -> Written:
    """One that lets something through more often than not."""

    def some(among: Sequence[str], often: float) -> list[str]:
        return [each for each in among if dice.random() < often]

    leash: dict[str, Any] = {
        "switchedOn": some(OFF, 0.9),
        "protectedNamespaces": some(NAMESPACES, 0.05),
        "restartsOfManaged": dice.random() < 0.5,
        "approvers": {
            each: dice.sample(GROUPS, dice.randrange(1, 4)) for each in some(CLASSES, 0.3)
        },
        "signed": some(CLASSES, 0.15),
        "twoPeople": some(CLASSES, 0.05),
        "distance": {each: dice.choice(SPANS) for each in some(CLASSES, 0.2)},
        "perHour": {each: dice.randrange(0, 20) for each in some(CLASSES, 0.2)},
        "openFor": dice.choice(SPANS),
        "cooldown": dice.choice(SPANS),
    }
    wide = Statement(effect="permit", conditions=_some_conditions(dice, 0.05))
    others = [_statement(dice) for _ in range(dice.randrange(3))]
    return Written(leash=leash, cedar=(wide, *others))


def _statement(dice: Dice, effect: str = "") -> Statement:
    wide = (ANYBODY, ANYTHING, ANYWHERE)
    named = [
        dice.choice([each, dice.choice(some)]) for each, some in zip(wide, SCOPES, strict=True)
    ]
    return Statement(
        effect=effect or dice.choice(["permit", "forbid"]),
        scope=(named[0], named[1], named[2]),
        conditions=_some_conditions(dice, 0.6),
    )


def _some_conditions(dice: Dice, often: float) -> tuple[str, ...]:
    return tuple(_condition(dice) for _ in range(2) if dice.random() < often)


def _condition(dice: Dice) -> str:
    what = FAILS if dice.random() < 0.05 else dice.choice(CONDITIONS)
    return f"{dice.choice(['when', 'unless'])} {{ {what} }}"


def a_given(dice: Dice) -> Given:
    """A case that most leashes let through, if it is asked rightly."""
    kind = dice.choice(CLOSED_SET).kind
    people = [
        Somebody(
            person=who,
            groups=tuple(dice.sample(GROUPS, dice.randint(1, 3))),
            proof=dice.choices((Proof.SSH, Proof.SERVER), (4, 1))[0],
        )
        for who in dice.sample(["ana", "ben", "cleo"], dice.choices((0, 1, 2, 3), (1, 3, 6, 2))[0])
    ]
    yes = people if dice.random() < 0.95 else []
    return Given(
        action=kind.name,
        target=On(
            kind=dice.choice(kind.targets).api.kind,
            namespace=dice.choices(("shop", "shop-eu", "ops", "kube-system"), (9, 3, 3, 1))[0],
            name=dice.choice(["web", "api"]),
        ),
        approved_by=tuple(yes),
        people=() if yes else tuple(people),
        apart=dice.choice([None, *SPANS]),
        risk=dice.choices((Level.LOW, Level.MEDIUM, Level.HIGH), (8, 3, 1))[0],
        at=datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=dice.randrange(7 * 24 * 60)),
        station=dice.choice([None, None, None, *Station]),
        requester=dice.choices(("holdfast", "ana", "cli:sam"), (9, 1, 5))[0],
        kept_by="helm" if dice.random() < 0.05 else "",
    )


# narrower


def _less(name: str) -> Turn:
    def turn(written: Written, dice: Dice) -> Written:
        there = written.leash[name]
        gone = dice.choice(there) if there else ""
        return written.with_leash(name, [each for each in there if each != gone])

    return turn


def _more(name: str, among: Sequence[str]) -> Turn:
    def turn(written: Written, dice: Dice) -> Written:
        added = dict.fromkeys([*written.leash[name], dice.choice(among)])
        return written.with_leash(name, [*added])

    return turn


def _fewer_approvers(written: Written, dice: Dice) -> Written:
    of_class, there = dice.choice(CLASSES), written.leash["approvers"]
    groups = there.get(of_class, GROUPS)  # where none is named, it is anybody
    fewer = dice.sample(groups, max(1, len(groups) - 1))
    return written.with_leash("approvers", {**there, of_class: fewer})


def _further_apart(written: Written, dice: Dice) -> Written:
    of_class, there = dice.choice(CLASSES), written.leash["distance"]
    at = SPANS.index(there[of_class]) if of_class in there else 0
    return written.with_leash("distance", {**there, of_class: dice.choice(SPANS[at:])})


def _less_often(written: Written, dice: Dice) -> Written:
    of_class, there = dice.choice(CLASSES), written.leash["perHour"]
    rules = written.rules()
    least = rules.allowance(ActionClass(of_class))
    return written.with_leash("perHour", {**there, of_class: dice.randrange(least + 1)})


def _open_shorter(written: Written, dice: Dice) -> Written:
    at = SPANS.index(written.leash["openFor"])
    return written.with_leash("openFor", dice.choice(SPANS[: at + 1]))


def _one_more_forbid(written: Written, dice: Dice) -> Written:
    at = dice.randrange(len(written.cedar) + 1)
    forbid = _statement(dice, "forbid")
    return replace(written, cedar=(*written.cedar[:at], forbid, *written.cedar[at:]))


def _another_condition(written: Written, dice: Dice) -> Written:
    """After the others: what fails before it fails as before."""
    if not (permits := written.where("permit")):
        return written
    number = dice.choice(permits)
    there = written.cedar[number]
    more = replace(there, conditions=(*there.conditions, _condition(dice)))
    return written.with_statement(number, more)


def _narrower_scope(written: Written, dice: Dice) -> Written:
    permits = written.where("permit", sound=True)
    if not permits:
        return written
    number = dice.choice(permits)
    there = written.cedar[number]
    scope = list(there.scope)
    place = dice.randrange(3)
    if scope[place] in (ANYBODY, ANYTHING, ANYWHERE):
        scope[place] = dice.choice(SCOPES[place])
    return written.with_statement(number, replace(there, scope=(scope[0], scope[1], scope[2])))


def _one_permit_less(written: Written, dice: Dice) -> Written:
    permits = written.where("permit", sound=True)
    return written.with_statement(dice.choice(permits)) if permits else written


def _forbidden_without_condition(written: Written, dice: Dice) -> Written:
    forbids = written.where("forbid", sound=True)
    if not forbids:
        return written
    number = dice.choice(forbids)
    return written.with_statement(number, replace(written.cedar[number], conditions=()))


NARROWER: Mapping[str, Turn] = {
    "a kind switched off": _less("switchedOn"),
    "a namespace protected": _more("protectedNamespaces", NAMESPACES),
    "no restarts of what is managed": lambda w, _: w.with_leash("restartsOfManaged", False),
    "fewer groups approve": _fewer_approvers,
    "a signature is wanted": _more("signed", CLASSES),
    "two people are wanted": _more("twoPeople", CLASSES),
    "further apart": _further_apart,
    "less often": _less_often,
    "open for a shorter time": _open_shorter,
    "another forbid": _one_more_forbid,
    "a permit with another condition": _another_condition,
    "a permit about less": _narrower_scope,
    "a permit less": _one_permit_less,
    "a forbid without its conditions": _forbidden_without_condition,
}

# wider


def _without(name: str) -> Turn:
    """Nothing of a list or a map is left."""
    return lambda written, _: written.with_leash(name, type(written.leash[name])())


def _permit_everything(written: Written, _: Dice) -> Written:
    return replace(written, cedar=(*written.cedar, Statement(effect="permit")))


def _one_forbid_less(written: Written, dice: Dice) -> Written:
    forbids = written.where("forbid")
    return written.with_statement(dice.choice(forbids)) if forbids else written


def _permits_without_conditions(written: Written, _: Dice) -> Written:
    told = (replace(e, conditions=()) if e.effect == "permit" else e for e in written.cedar)
    return replace(written, cedar=tuple(told))


WIDER: Mapping[str, Turn] = {
    "every kind switched on": lambda w, _: w.with_leash("switchedOn", OFF),
    "no namespace protected": _without("protectedNamespaces"),
    "restarts of what is managed": lambda w, _: w.with_leash("restartsOfManaged", True),
    "anybody approves": _without("approvers"),
    "no signature is wanted": _without("signed"),
    "one person is enough": _without("twoPeople"),
    "no distance": _without("distance"),
    "everything is permitted": _permit_everything,
    "a forbid less": _one_forbid_less,
    "permits without conditions": _permits_without_conditions,
}
