import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from holdfast.adapters.cedar.policy import CedarPolicy
from holdfast.errors import BadInput
from holdfast.grants.operator_schema import CLOSED, operator_schema
from holdfast.model.asks import Station
from holdfast.model.objects import Ref
from holdfast.model.operator import OperatorQuestion
from holdfast.model.repairs import Risk

POLICY = """// Who is on call may restart.
@id("oncall restarts")
permit(principal in Group::"oncall", action in Action::"restart", resource);

// A text; with a semicolon, and "quotes".
@id("read-only; quiet")
forbid(principal, action, resource in Tier::"read-only")
unless { context.risk == "low" };
"""
ASK = OperatorQuestion(
    person="ana",
    groups=frozenset({"oncall"}),
    action="RolloutRestart",
    target=Ref(api_version="apps/v1", kind="Deployment", namespace="shop", name="web", uid="u-1"),
    tiers=frozenset(),
    risk=Risk.LOW,
    station=Station.APPROVAL,
    at=datetime(2026, 1, 5, 12, 30, tzinfo=UTC),  # a Monday
)
EVERYTHING = '@id("all") permit(principal, action, resource);'


def policy(text: str) -> CedarPolicy:
    return CedarPolicy(text, "policy.cedar", operator_schema())


def answer(text: str = POLICY, **changed: Any) -> tuple[bool, tuple[str, ...]]:
    told = policy(text).decide(msgspec.structs.replace(ASK, **changed))
    assert told.because
    return told.allows, told.policies


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, (True, ("oncall restarts",))),
        ({"groups": frozenset()}, (False, ())),
        ({"groups": frozenset({"Oncall"})}, (False, ())),
        ({"action": "DeletePod"}, (True, ("oncall restarts",))),
        ({"action": "ScaleWorkload"}, (False, ())),
        ({"tiers": frozenset({"read-only"})}, (True, ("oncall restarts",))),
        (
            {"tiers": frozenset({"read-only"}), "risk": Risk.MEDIUM},
            (False, ("read-only; quiet",)),
        ),
    ],
)
def test_says_yes_or_no_and_by_which_policy(
    changed: dict[str, Any], expected: tuple[bool, tuple[str, ...]]
) -> None:
    assert expected == answer(**changed)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("context.weekday == 1 && context.minute == 750", True),
        ("context.weekday < 6 && context.minute >= 540", True),
        ("context.weekday > 5", False),
        ('context.station == "execution"', False),
        ('resource.namespace == "shop" && resource.kind == "Deployment"', True),
        ('resource in Namespace::"shop"', True),
        ('principal == Person::"ana"', True),
    ],
)
def test_windows_and_places_can_be_named(condition: str, expected: bool) -> None:
    text = f"permit(principal, action, resource) when {{ {condition} }};"
    assert expected is answer(text)[0]


DAYS = [datetime(2026, 1, day, 12, 30, tzinfo=UTC) for day in range(5, 12)]


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("context.risk", [{"risk": each} for each in Risk]),
        ("context.station", [{"station": each} for each in Station]),
        ("context.weekday", [{"at": each} for each in DAYS]),
    ],
)
def test_what_a_field_can_be_is_all_that_is_ever_asked(
    field: str, asked: list[dict[str, Any]]
) -> None:
    whens = {
        each: f"permit(principal, action, resource) when {{ {field} == {json.dumps(each)} }};"
        for each in CLOSED[field]
    }
    met = [each for changed in asked for each, text in whens.items() if answer(text, **changed)[0]]
    assert list(CLOSED[field]) == met


def test_a_day_has_the_minutes_that_can_be_asked_about() -> None:
    first, last = CLOSED["context.minute"][0], CLOSED["context.minute"][-1]
    text = "permit(principal, action, resource) when {{ context.minute == {} }};"
    midnight = DAYS[0].replace(hour=0, minute=0)
    assert answer(text.format(first), at=midnight)[0]
    assert answer(text.format(last), at=midnight - timedelta(seconds=1))[0]


def test_no_policy_allows_nothing() -> None:
    assert (False, ()) == answer("")
    assert (False, ()) == answer("// permit(principal, action, resource);\n")


def test_a_forbid_whose_condition_fails_does_not_become_a_yes() -> None:
    fails = "context.minute + 9223372036854775807 > 1"
    forbid = f"forbid(principal, action, resource) when {{ {fails} }};"
    told = policy(f"{EVERYTHING}\n{forbid}").decide(ASK)
    assert not told.allows
    assert "integer overflow" in told.because
    other = f"permit(principal, action, resource) when {{ {fails} }};"
    assert not policy(f"{EVERYTHING}\n{other}").decide(ASK).allows


@pytest.mark.parametrize(
    "changed",
    [
        {"action": "Nuke"},
        {"action": ""},
        {"action": 'RolloutRestart" || true || "'},
        {"target": msgspec.structs.replace(ASK.target, uid="")},
    ],
)
def test_what_is_asked_of_something_unknown_is_no(changed: dict[str, Any]) -> None:
    restart = 'permit(principal, action == Action::"RolloutRestart", resource == Target::"u-1");'
    assert answer(restart)[0]
    assert not answer(restart, **changed)[0]


@pytest.mark.parametrize("name", ['ana"', "a\\na", "ана", "a\nb", "", "ana\x00"])
def test_a_name_is_never_more_than_a_name(name: str) -> None:
    assert not answer('permit(principal == Person::"ana", action, resource);', person=name)[0]
    assert not answer(
        'permit(principal in Group::"oncall", action, resource);', groups=frozenset({name})
    )[0]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (POLICY + "permit(principal,\n  action resource);", 9, "unexpected token"),
        (POLICY + "\n\npermit(principal, action, resource)", 11, "unexpected end"),
        (POLICY.replace("context.risk", "context.danger"), 6, "danger"),
        (POLICY.replace('"low"', "3"), 6, "type"),
        (POLICY.replace('"restart"', '"nuke"'), 2, "nuke"),
        (POLICY.replace("Tier", "Tear"), 6, "Tear"),
        ("permit(principal, action, resource) when { resource.secret };", 1, "secret"),
        ("nonsense;", 1, "unexpected token"),
        ('permit(principal, action, resource) when { "unended };', 1, ""),
    ],
)
def test_what_is_not_sound_is_not_loaded_and_says_where(text: str, line: int, why: str) -> None:
    with pytest.raises(BadInput) as refused:
        policy(text)
    assert f"policy.cedar, line {line}: " in refused.value.wrong
    assert why in refused.value.wrong


def test_its_version_is_its_text() -> None:
    assert policy(POLICY).version == policy(POLICY).version
    assert policy(POLICY).version != policy(POLICY + "\n").version
