from datetime import timedelta
from typing import Any

import msgspec
import pytest

from holdfast.errors import BadInput
from holdfast.model import written
from holdfast.model.asks import Rules
from holdfast.model.leash import API_VERSION, KIND, Leash, span
from holdfast.model.repairs import ActionClass

KNOWN = {"RolloutRestart": True, "RolloutUndo": False}
HEAD = f"apiVersion: {API_VERSION}\nkind: {KIND}\n"


def read(text: str) -> Leash:
    return written.parse(
        HEAD + text,
        "leash.yaml",
        Leash,
        api_version=API_VERSION,
        kind=KIND,
        faults=lambda told: told.faults(KNOWN),
    )


def test_an_empty_one_says_what_is_compiled_in() -> None:
    assert Rules() == read("").rules()


def test_says_everything_that_the_layers_are_told() -> None:
    rules = read(
        "switchedOn: [RolloutUndo]\n"
        "protectedNamespaces: [payments]\n"
        "restartsOfManaged: true\n"
        "approvers: {rollback: [platform, sre]}\n"
        "signed: [rollback]\n"
        "twoPeople: [remove]\n"
        "distance: {remove: 30m}\n"
        "perHour: {restart: 3}\n"
        "tiers: {read-only: [prod, prod-eu]}\n"
        "openFor: 2h\n"
        "startWithin: 90s\n"
        "cooldown: 1d\n"
        "undo: false\n"
    ).rules()
    assert rules.switched_on == {"RolloutUndo"}
    assert rules.protected == {"payments"}
    assert rules.restarts_of_managed
    assert rules.approvers == {ActionClass.ROLLBACK: {"platform", "sre"}}
    assert rules.signed == {ActionClass.ROLLBACK}
    assert rules.two_people == {ActionClass.REMOVE}
    assert rules.distance == {ActionClass.REMOVE: timedelta(minutes=30)}
    assert (rules.allowance(ActionClass.RESTART), rules.allowance(ActionClass.SCALE)) == (3, 10)
    assert rules.allowance(ActionClass.REISSUE) == 2
    assert rules.tiers_of("prod-eu") == {"read-only"}
    assert rules.tiers_of("prod-") == frozenset()
    assert rules.open_for == timedelta(hours=2)
    assert rules.start_within == timedelta(seconds=90)
    assert rules.cooldown == timedelta(days=1)
    assert not rules.undo


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("protected: [a]\n", 3, "protected"),
        ("switchedOn: [RolloutUnd]\n", 3, "can be switched on: RolloutUndo"),
        ("switchedOn:\n- RolloutUndo\n- rolloutundo\n", 5, "no kind rolloutundo"),
        ("switchedOn: [RolloutRestart]\n", 3, "is on by itself"),
        ("protectedNamespaces:\n- ok\n- Prod\n", 5, ""),
        ("protectedNamespaces: ['*']\n", 3, ""),
        ("protectedNamespaces: ['prod ']\n", 3, ""),
        ("protectedNamespaces: prod\n", 3, "array"),
        ("approvers: {restarts: [a]}\n", 3, "restarts"),
        ("approvers: {restart: []}\n", 3, "nobody could approve"),
        ("distance: {remove: 30}\n", 3, ""),
        ("distance: {remove: 0m}\n", 3, ""),
        ("openFor: 8d\n", 3, "seven days"),
        ("startWithin: 61m\n", 3, "within an hour"),
        ("perHour: {restart: -1}\n", 3, ""),
        ("perHour: {restart: 1e1}\n", 3, ""),
        ("undo: maybe\n", 3, ""),
        ("undo: true\nundo: false\n", 4, "stands twice"),
        ("openFor: &a 4h\nstartWithin: *a\n", 3, "anchors"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(BadInput, match=f"leash.yaml, line {line}: .*{why}"):
        read(text)


@pytest.mark.parametrize(
    "name", [each.encode_name for each in msgspec.structs.fields(Leash) if not each.required]
)
@pytest.mark.parametrize("nothing", ["", " null", " ~"])
def test_a_key_without_a_value_is_refused_and_never_read_as_one_that_is_not_there(
    name: str, nothing: str
) -> None:
    with pytest.raises(BadInput, match=f"leash.yaml, line 4: {name} has no value"):
        read(f"\n{name}:{nothing}\n")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("approvers: {restart: }\n", 3, "restart"),
        ("approvers:\n  restart:\n  scale: [a]\n", 4, "restart"),
        ("approvers: {restart: [~]}\n", 3, "an item of the list"),
        ("protectedNamespaces:\n- a\n-\n", 5, "an item of the list"),
        ("distance:\n  remove:\n", 4, "remove"),
        ("perHour: {remove: null}\n", 3, "remove"),
        ("tiers: {prod: ~}\n", 3, "prod"),
    ],
)
def test_nor_is_what_stands_within_it(text: str, line: int, what: str) -> None:
    with pytest.raises(BadInput, match=f"leash.yaml, line {line}: {what} has no value"):
        read(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1s", timedelta(seconds=1)),
        ("15m", timedelta(minutes=15)),
        ("4h", timedelta(hours=4)),
        ("999999d", timedelta(days=999_999)),
    ],
)
def test_spans(text: str, expected: timedelta) -> None:
    assert expected == span(text)


@pytest.mark.parametrize(
    "text", ["", "m", "0m", "-1m", "1.5h", "1h30m", "1H", " 1h", "1\u0661h", 5]
)
def test_what_is_no_span(text: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        span(text)


@pytest.mark.parametrize(
    "line",
    [
        'protectedNamespaces: ["payments\\n"]',
        'approvers: {rollback: ["sre\\n"]}',
        'tiers: {read-only: ["prod\\n"]}',
        'tiers: {"read-only\\n": [prod]}',
        'openFor: "2h\\n"',
    ],
)
def test_a_name_with_a_line_end_behind_it_protects_nobody_and_is_refused(line: str) -> None:
    with pytest.raises(BadInput):
        read(line + "\n")
