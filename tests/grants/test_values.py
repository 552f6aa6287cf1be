import pytest

from holdfast.grants import values
from holdfast.grants.names import KINDS
from holdfast.model.canonical import Plain

BY_NAME = {kind.name: kind for kind in KINDS}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1, "1"),
        ("a", '"a"'),
        ('a"b\\\n', '"a\\"b\\\\\\n"'),
        ("é😀", '"é😀"'),
        ("\x00\x7f", '"\\x00\\x7f"'),
        ("\u200b\u2028", '"\\u200b\\u2028"'),
        ("\U000e0001", '"\\U000e0001"'),
        ([1, "a", []], '[1, "a", []]'),
        ({"b": 1, "a": {"x": None}}, '{"a":{"x":null}, "b":1}'),
        ({"a": 1, "a!": 2}, '{"a!":2, "a":1}'),  # sorted with their quotes on
    ],
)
def test_a_value_is_written_as_the_api_server_renders_it(value: Plain, text: str) -> None:
    assert values.rendered(value) == text


def test_two_values_that_differ_are_never_written_alike() -> None:
    alike: list[Plain] = [
        "1",
        1,
        "null",
        None,
        "true",
        True,
        "[]",
        [],
        '", "',
        ["a", "b"],
        ['a", "b'],
    ]

    assert len({values.rendered([each]) for each in alike}) == len(alike)


def test_what_an_action_sets_is_what_stands_at_the_places_that_it_declares() -> None:
    after: dict[str, Plain] = {"spec": {"replicas": 3, "paused": True}}

    assert values.set_by(BY_NAME["ScaleWorkload"], after) == "[3]"


def test_what_is_made_again_is_told_whole() -> None:
    quota: dict[str, Plain] = {
        "metadata": {"name": "q", "namespace": "shop"},
        "spec": {"hard": {"pods": "1"}},
    }

    assert values.made_by(quota) == '["shop", "q", null, null, null, null, {"hard":{"pods":"1"}}]'


def test_what_is_set_in_items_of_a_list_is_told_of_every_item_by_its_name() -> None:
    containers: list[Plain] = [
        {"name": "web", "image": "web:1", "livenessProbe": {"timeoutSeconds": 5}},
        {"name": "log"},
    ]
    after: dict[str, Plain] = {"spec": {"template": {"spec": {"containers": containers}}}}
    text = values.set_by(BY_NAME["PatchProbe"], after)

    assert '[["web", 5], ["log", null]]' in text
    assert "web:1" not in text
    assert len(BY_NAME["PatchProbe"].touches) == text.count('["log", null]')
    assert "[]" in values.set_by(BY_NAME["PatchProbe"], {"spec": {}})
