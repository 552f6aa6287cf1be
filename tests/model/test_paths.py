import pytest

from holdfast.model.canonical import Plain
from holdfast.model.paths import (
    Entry,
    Item,
    Path,
    annotation,
    differences,
    found_at,
    within,
    written,
)


def changed(before: Plain, after: Plain) -> list[str]:
    return [written(each.path) for each in differences(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "places"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a"]),
        ({"a": 1}, {"a": True}, ["a"]),
        ({"a": {"b": 1}}, {"a": {"b": True}}, ["a.b"]),
        ({"a": "1"}, {"a": 1}, ["a"]),
        ({}, {"a": {"b": 1}}, ["a.b"]),
        ({}, {"a": {}}, ["a"]),
        ({}, {"a": []}, ["a"]),
        ({}, {"a": [{"name": "x"}]}, ["a[name=x]"]),
        ({"a": "text"}, {"a": {"b": 1}}, ["a"]),
        ({"a": {"b": 1}}, {"a": {}}, ["a.b"]),
        ({"a": {}}, {}, ["a"]),
        ({"a": [1, 2]}, {"a": [2, 1]}, ["a"]),
        ({"a": [{"name": "x", "v": 1}]}, {"a": [{"name": "x", "v": 2}]}, ["a[name=x].v"]),
        ({"a": [{"name": "x"}]}, {"a": [{"name": "x"}, {"name": "y"}]}, ["a[name=y]"]),
        ({"a": [{"name": "x"}, {"name": "y"}]}, {"a": [{"name": "y"}, {"name": "x"}]}, ["a"]),
        # of two items of one name nobody can say which is meant
        ({"a": [{"name": "x", "v": 1}]}, {"a": [{"name": "x"}, {"name": "x"}]}, ["a"]),
        ({"a": [{"name": "x"}]}, {"a": []}, ["a[name=x]"]),
        ({"a": [{"name": "x"}]}, {"a": None}, ["a[name=x]"]),
        ({"a": [1]}, {"a": {"b": 1}}, ["a"]),
    ],
)
def test_finds_every_place_that_differs(before: Plain, after: Plain, places: list[str]) -> None:
    assert places == changed(before, after)
    assert len(places) == len(changed(after, before))


STAMP = annotation("example.com/a", "spec")


@pytest.mark.parametrize(
    ("path", "declared", "lies_within"),
    [
        (("spec", "metadata", "annotations", "example.com/a"), STAMP, True),
        (("spec", "metadata", "annotations", "example.com/b"), STAMP, False),
        (("spec", "metadata", "annotations"), STAMP, False),
        (("spec", "metadata", "annotations", "b"), (*STAMP[:-1], Entry()), True),
        (("spec", "template", "x"), ("spec", "template"), True),
        (("spec",), ("spec", "template"), False),
        (("c", Item(by="name", value="x"), "image"), ("c", Item(by="name"), "image"), True),
        (("c", Item(by="name", value="x")), ("c", Item(by="name", value="y")), False),
        (("c", Item(by="type", value="x")), ("c", Item(by="name")), False),
        (("c", "x"), ("c", Item(by="name", value="x")), False),
        (("c", Item(by="name", value="x")), ("c", "x"), False),
        (("c", Item(by="name", value="x")), ("c", Entry()), False),
    ],
)
def test_knows_what_lies_within_a_declaration(
    path: Path, declared: Path, lies_within: bool
) -> None:
    assert lies_within is within(path, declared)


def test_reads_what_stands_at_a_place() -> None:
    value: Plain = {"c": [{"name": "x", "image": "a:1"}, {"name": "y"}], "m": {"a.b/c": "d"}}
    assert "a:1" == found_at(value, ("c", Item(by="name", value="x"), "image"))
    assert "d" == found_at(value, ("m", Entry(key="a.b/c")))
    assert None is found_at(value, ("c", "x"))
    assert None is found_at(value, ("m", Item(by="name", value="x")))
    assert None is found_at("text", ("m",))
