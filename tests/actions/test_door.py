"""The one door from words to an action."""

from typing import Any

import pytest

from holdfast.actions import CLOSED_SET, built, read
from holdfast.conformance.sights import ACTIONS
from holdfast.errors import BadInput
from holdfast.model.repairs import plain_of

STAMP = "2026-01-01T12:00:00Z"


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_every_kind_goes_in_as_it_came_out(name: str) -> None:
    told = plain_of(ACTIONS[name])
    params: Any = told["params"]
    assert ACTIONS[name] == built(name, params)


@pytest.mark.parametrize(
    "kind",
    [
        "rolloutrestart",
        "ROLLOUTRESTART",
        "RolloutRestart ",
        "RolloutRestart\n",
        "RolloutRestart\x00",
        "RоlloutRestart",  # the first o is Cyrillic
        "Action",
        "",
    ],
)
def test_a_kind_is_its_name_byte_by_byte(kind: str) -> None:
    with pytest.raises(BadInput):
        built(kind, {"stamp": STAMP})


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("DeletePod", {"force": True}),
        ("RolloutRestart", {}),
        ("RolloutRestart", {"stamp": STAMP, "approved": True}),
        ("RolloutRestart", {"stamp": STAMP + "\n"}),
        ("RolloutRestart", {"stamp": "٢026-01-01T12:00:00Z"}),
        ("RolloutRestart", {"stamp": 1}),
        ("RolloutUndo", {"replica_set": "../web", "uid": "u-1"}),
        ("RolloutUndo", {"replica_set": "web\n", "uid": "u-1"}),
        ("RolloutUndo", {"replica_set": "web", "uid": ""}),
        ("ScaleWorkload", {"replicas": 0, "now": 2}),
        ("ScaleWorkload", {"replicas": 1001, "now": 2}),
        ("ScaleWorkload", {"replicas": 2**63, "now": 2}),
        ("ScaleWorkload", {"replicas": 3.0, "now": 2}),
        ("ScaleWorkload", {"replicas": True, "now": 2}),
        ("ScaleWorkload", {"replicas": "3", "now": 2}),
        ("ScaleWorkload", {"replicas": 3, "now": None}),
        ("ScaleWorkload", {"Replicas": 3, "now": 2}),
    ],
)
def test_what_does_not_fit_is_not_made_to_fit(kind: str, params: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        built(kind, params)


SCALE = "{kind: ScaleWorkload, params: {replicas: %s, now: 2}}"


def test_a_text_is_read_in_json_and_in_yaml() -> None:
    scale = built("ScaleWorkload", {"replicas": 3, "now": 2})
    assert scale == read(SCALE % 3)
    assert scale == read('{"kind":"ScaleWorkload","params":{"replicas":3,"now":2}}\n')
    assert scale == read("kind: ScaleWorkload\nparams:\n  replicas: 3\n  now: 2\n")


@pytest.mark.parametrize(
    "text",
    [
        *(SCALE % number for number in ("1e1", "-0", "03", "0x3", "3.0", "1_0", "+3", "1:30")),
        *(SCALE % number for number in (str(2**63), str(2**53), "!!int 3", "&a 3", "~", "yes")),
        "{kind: ScaleWorkload, params: {replicas: 3, replicas: 4, now: 2}}",
        '{"kind": "DeletePod", "kind": "DeletePod", "params": {}}',
        "{kind: DeletePod, params: {}} trailing",
        "{kind: DeletePod, params: {}}\n---\n{kind: DeletePod, params: {}}",
        "{kind: DeletePod, params: {}, approved: true}",
        "{kind: DeletePod}",
        "{kind: [DeletePod], params: {}}",
        "{kind: DeletePod, params: []}",
        "{kind: !!str DeletePod, params: {}}",
        "base: &b {}\nkind: DeletePod\nparams: *b",
        "kind: DeletePod\nparams: {<<: {}}",
        "[DeletePod]",
        "",
        "{kind: DeletePod, params: {",
        "kind: DeletePod\nparams: {1: x}",
    ],
)
def test_what_can_be_read_in_two_ways_is_not_read(text: str) -> None:
    with pytest.raises(BadInput):
        read(text)


def test_whoever_names_no_kind_of_ours_hears_which_there_are() -> None:
    with pytest.raises(BadInput, match="nothing that we ever do") as refused:
        built("DrainNode", {})
    assert all(each.kind.name in refused.value.remedy for each in CLOSED_SET)
