"""Cases of a hostile world: something legitimate, with a few things changed in it at random."""

import random
from collections.abc import Callable
from typing import Any

from holdfast.conformance.restated import CLASS, MAY_CHANGE, NEVER, OFF, Case
from holdfast.conformance.sights import ACTIONS, SIGHTS

type Dice = random.Random

MINUTE = 60
PEOPLE = ("ana", "ben", "cleo")
_FOREIGN = "spec/template/spec/serviceAccountName"
_SHADOW = "spec/templates"
_BESIDE = "spec/template/spec/containers/name=web/livenessProbe/successThreshold"


def legitimate(dice: Dice, action: str = "") -> Case:
    """A case that every layer allows, of any action or of that one."""
    action = action or dice.choice(sorted(ACTIONS))
    first, second, third = dice.sample(PEOPLE, 3)
    grave = action in ("DeleteResourceQuota", "Uncordon")
    many = dice.random() < 0.5 or grave
    target = SIGHTS[action][0].document.ref
    return {
        "action": action,
        "smuggled": False,
        "switched_on": {action} if action in OFF else set(),
        "target": f"{target.api_version} {target.kind}",
        "namespace": target.namespace,
        "protected": set(),
        "uid": target.uid,
        "read_uid": target.uid,
        "blind": False,
        "as_it_must_be": True,
        "effect": [each for each in MAY_CHANGE.get(action, []) if dice.random() < 0.9],
        "managed": [],
        "restarts_of_managed": dice.random() < 0.2,
        "now": 100 * MINUTE,
        "proposed": 60 * MINUTE,
        "its_turn": 0,  # of a step of a plan: when the step before was verified
        "digest": "d1",
        "requester": third,
        "assents": [
            _assent(first, 90 * MINUTE),
            *([_assent(second, 95 * MINUTE)] if many else []),
        ],
        "paid": {first, second},
        "approvers": {},
        "signed": set(),
        "two_people": {CLASS[action]} if many and dice.random() < 0.3 else set(),
        "distance": {CLASS[action]: 5 * MINUTE} if many and dice.random() < 0.2 else {},
        "risk": "high" if grave else "low",
        "chain": "sealed",
        "frozen": False,
        "cooling": 0,
        "broken": False,
        "operator": True,
    }


def _assent(person: str, at: int) -> dict[str, Any]:
    return {
        "person": person,
        "groups": ["oncall"],
        "proof": "ssh",
        "digest": "d1",
        "at": at,
        "until": 200 * MINUTE,
    }


def a_case(dice: Dice) -> Case:
    """Legitimate in a third of the cases; else with one thing changed, or a few."""
    case = legitimate(dice)
    for _ in range(dice.choices((0, 1, 2, 3), (34, 44, 15, 7))[0]):
        dice.choice(CHANGES)(case, dice)
    return case


def a_plan(dice: Dice) -> list[Case]:
    """The steps of a plan, each in its turn: legitimate in half of the cases, else bent."""
    several = [legitimate(dice) for _ in range(dice.choices((2, 3, 4, 5), (4, 3, 2, 1))[0])]
    for number, case in enumerate(several):
        case["uid"] = case["read_uid"] = f"{case['uid']}-{number}"
        case["requester"], case["distance"], case["paid"] = "sam", {}, {"ana", "ben"}
        case["assents"] = [_assent("ana", 90 * MINUTE), _assent("ben", 95 * MINUTE)]
        if number:
            case["now"] = (100 + 20 * number) * MINUTE
            case["its_turn"] = case["now"] - dice.choice((0, 1, 14 * MINUTE, 15 * MINUTE))
    for _ in range(dice.choices((0, 1, 2), (5, 4, 1))[0]):
        dice.choice(BENDS)(several, dice)
    return several


def _in_a_step(several: list[Case], dice: Dice) -> None:
    dice.choice(CHANGES)(dice.choice(several), dice)


def _one_object(several: list[Case], _: Dice) -> None:
    several[-1]["uid"] = several[-1]["read_uid"] = several[0]["uid"]


def _six(several: list[Case], _: Dice) -> None:
    while len(several) <= 5:
        uid = f"more-{len(several)}"
        several.append({**several[-1], "uid": uid, "read_uid": uid})


def _in_one(name: str, *values: object) -> Callable[[list[Case], Dice], None]:
    def bent(several: list[Case], dice: Dice) -> None:
        dice.choice(several)[name] = dice.choice(values)

    return bent


def _in_the_last(name: str, *values: object) -> Callable[[list[Case], Dice], None]:
    def bent(several: list[Case], dice: Dice) -> None:
        several[-1][name] = dice.choice(values)

    return bent


def _late(several: list[Case], dice: Dice) -> None:
    case = dice.choice(several[1:])
    case["its_turn"] = case["now"] - 15 * MINUTE - dice.choice((1, 60, 3600))


def _moved(several: list[Case], _: Dice) -> None:
    """One step has two yeses of each, and another has none."""
    several[0]["assents"], several[-1]["assents"] = several[0]["assents"] * 2, []


def _one_of_two(several: list[Case], dice: Dice) -> None:
    case = dice.choice(several)
    case["assents"] = [dice.choice(case["assents"])] if case["assents"] else []


def _held_shortly(several: list[Case], dice: Dice) -> None:
    for yes in dice.choice(several)["assents"]:
        yes["until"] = dice.choice((95 * MINUTE, 95 * MINUTE + 1, 120 * MINUTE, 121 * MINUTE))


BENDS: tuple[Callable[[list[Case], Dice], None], ...] = (
    _in_a_step,
    _one_object,
    _six,
    _late,
    _moved,
    _one_of_two,
    _held_shortly,
    _in_one("requester", "ana", "somebody"),
    _in_one("proposed", 61 * MINUTE),
    _in_one("risk", "medium", "high"),
    _in_the_last("two_people", {"scale", "restart", "remove"}),
)


def _of_an_assent(change: Callable[[dict[str, Any], Dice], None]) -> Callable[[Case, Dice], None]:
    def changed(case: Case, dice: Dice) -> None:
        if case["assents"]:
            change(dice.choice(case["assents"]), dice)

    return changed


def _set(name: str, *values: object) -> Callable[[Case, Dice], None]:
    def changed(case: Case, dice: Dice) -> None:
        case[name] = dice.choice(values)

    return changed


def _rule(name: str, *values: object) -> Callable[[Case, Dice], None]:
    def changed(case: Case, dice: Dice) -> None:
        case[name] = {**case[name], CLASS[case["action"]]: dice.choice(values)}

    return changed


def _class_among(name: str) -> Callable[[Case, Dice], None]:
    def changed(case: Case, dice: Dice) -> None:
        case[name] = {*case[name], dice.choice([CLASS[case["action"]], "scale", "restart"])}

    return changed


def _smuggled(case: Case, _: Dice) -> None:
    case["smuggled"] = case["action"] == "RolloutRestart"


def _stretched(case: Case, _: Dice) -> None:
    case["effect"] = [*(case["effect"] or []), _FOREIGN]


def _shadowed(case: Case, _: Dice) -> None:
    case["effect"] = [*(case["effect"] or []), _SHADOW]


def _besides(case: Case, _: Dice) -> None:
    case["effect"] = [*(case["effect"] or []), _BESIDE]


def _alone(case: Case, _: Dice) -> None:
    case["assents"] = case["assents"][:1]


def _twice(case: Case, _: Dice) -> None:
    case["assents"] = [case["assents"][0]] * 2 if case["assents"] else []


def _asked_himself(case: Case, dice: Dice) -> None:
    case["requester"] = dice.choice(PEOPLE)


def _other_target(case: Case, dice: Dice) -> None:
    case["target"] = dice.choice(
        ["v1 Pod", "v1 Secret", "apps/v1 deployment", "apps/v2 Deployment"]
    )


CHANGES: tuple[Callable[[Case, Dice], None], ...] = (
    *[_smuggled] * 6,
    *[_set("switched_on", set(), {"scaleworkload"}, {"ScaleWorkload"}, {"RolloutUndo "})] * 5,
    _other_target,
    _set("uid", "", "another"),
    _set("read_uid", "another"),
    _set("blind", True),
    *[_set("as_it_must_be", False)] * 2,
    _set("effect", None),
    _stretched,
    _shadowed,
    _besides,
    *[_set("namespace", *sorted(NEVER), "", "shop", "Kube-System", "kube-system ")] * 5,
    _set("protected", {"shop"}, {"Shop"}, {"shop "}, {"other"}),
    *[_set("managed", None, ["Application shop"])] * 4,
    _set("restarts_of_managed", True),
    _set("assents", []),
    _set("now", 105 * MINUTE, 110 * MINUTE, 110 * MINUTE + 1, 200 * MINUTE - 1, 200 * MINUTE),
    _set("its_turn", 85 * MINUTE, 95 * MINUTE - 1, 99 * MINUTE),
    _set("proposed", 0, 90 * MINUTE + 1, -150 * MINUTE, -150 * MINUTE + 1),
    _set("digest", "d1", "d2"),
    _asked_himself,
    _of_an_assent(lambda yes, dice: yes.update(digest=dice.choice(["d1", "d2", ""]))),
    _of_an_assent(lambda yes, dice: yes.update(at=dice.randrange(0, 120) * MINUTE)),
    _of_an_assent(lambda yes, dice: yes.update(until=dice.choice([100, 101]) * MINUTE)),
    _of_an_assent(lambda yes, dice: yes.update(proof=dice.choice(["oidc", "server", "webauthn"]))),
    _of_an_assent(lambda yes, dice: yes.update(groups=dice.choice([[], ["platform"], ["Oncall"]]))),
    *[_alone] * 3,
    *[_twice] * 3,
    *[_set("paid", set(), {"ana"}, {"ben"}, {"cleo"})] * 5,
    _rule("approvers", set(), {"oncall"}, {"platform"}),
    _rule("distance", 0, 5 * MINUTE, 5 * MINUTE + 1, 30 * MINUTE),
    _class_among("signed"),
    *[_class_among("two_people")] * 2,
    *[_set("risk", "medium", "high")] * 2,
    *[_set("chain", "writable", "shut")] * 4,
    *[_set("frozen", True)] * 3,
    *[_set("cooling", 1000 * MINUTE, 100 * MINUTE, 100 * MINUTE + 1)] * 4,
    *[_set("broken", True)] * 3,
    *[_set("operator", False)] * 3,
)
