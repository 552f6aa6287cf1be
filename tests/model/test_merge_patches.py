from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import BadInput
from holdfast.model.canonical import Plain, canonical
from holdfast.model.documents import Document
from holdfast.model.merge_patches import as_wanted, merge_patch, over
from holdfast.model.paths import Entry, Item, Path
from holdfast.model.steps import Set


def applied(value: Plain, patch: Plain) -> Plain:
    """RFC 7386, as it stands there."""
    if not isinstance(patch, Mapping):
        return patch
    made: dict[str, Plain] = dict(value) if isinstance(value, Mapping) else {}
    for name, each in patch.items():
        if each is None:
            made.pop(name, None)
        else:
            made[name] = applied(made.get(name), each)
    return made


NAMES = st.sampled_from(["a", "b", "c", "d"])
PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.booleans(), st.integers(-2, 2), st.sampled_from(["", "x", "y"])),
    lambda inner: st.one_of(st.dictionaries(NAMES, inner, max_size=4), st.lists(inner, max_size=3)),
    max_leaves=12,
)


@pytest.mark.slow
@given(PLAIN, PLAIN)
def test_what_is_laid_over_one_value_gives_the_other(was: Plain, wanted: Plain) -> None:
    assert canonical(wanted) == canonical(applied(was, over(was, wanted)))


OBJECT = Document(
    value={
        "metadata": {"uid": "u-1", "resourceVersion": "7"},
        "spec": {"replicas": 2, "c": [{"name": "x", "image": "a:1"}, {"name": "y"}]},
    }
)
IMAGE: Path = ("spec", "c", Item(by="name", value="x"), "image")


@pytest.mark.parametrize(
    ("change", "spec"),
    [
        (Set(path=("spec", "replicas"), value=3, was=2), {"replicas": 3}),
        (Set(path=("spec", "replicas"), value=None, was=2), {"replicas": None}),
        (Set(path=("spec", "m", Entry(key="k.io/a")), value="b", was=None), {"m": {"k.io/a": "b"}}),
        (
            Set(path=IMAGE, value="a:2", was="a:1"),
            {"c": [{"name": "x", "image": "a:2"}, {"name": "y"}]},
        ),
        (
            Set(path=IMAGE[:3], value=None, was={"name": "x", "image": "a:1"}),
            {"c": [{"name": "y"}]},
        ),
        (Set(path=IMAGE, value=None, was="a:1"), {"c": [{"name": "x"}, {"name": "y"}]}),
        (
            Set(path=IMAGE[:3], value={"name": "x"}, was={"name": "x", "image": "a:1"}),
            {"c": [{"name": "x"}, {"name": "y"}]},
        ),
    ],
)
def test_says_what_is_to_be_there_and_which_version_was_read(
    change: Set, spec: dict[str, Plain]
) -> None:
    patch = merge_patch([change], OBJECT)
    assert {"metadata": {"uid": "u-1", "resourceVersion": "7"}, "spec": spec} == patch


def test_tells_the_object_as_it_would_be() -> None:
    replicas = Set(path=("spec", "replicas"), value=3, was=2)
    image = Set(path=IMAGE, value="a:2", was="a:1")
    stamp = Set(path=("spec", "m", Entry(key="k.io/a")), value="b", was=None)
    wanted = {
        "replicas": 3,
        "c": [{"name": "x", "image": "a:2"}, {"name": "y"}],
        "m": {"k.io/a": "b"},
    }
    after = as_wanted([replicas, image, stamp], OBJECT)
    assert {**OBJECT.value, "spec": wanted} == after.value


@pytest.mark.parametrize(
    "change",
    [
        Set(path=("spec", "replicas"), value=3, was=1),
        Set(path=("spec", "replicas"), value=3, was=None),
        Set(path=("spec", "replicas"), value=3, was=True),
        Set(path=("spec", "paused"), value=True, was=False),
        Set(path=IMAGE, value="a:2", was="a:0"),
        Set(path=("spec", "d", Item(by="name", value="x"), "image"), value="a:2", was=None),
    ],
)
def test_makes_no_patch_of_what_has_moved_or_is_not_there(change: Set) -> None:
    with pytest.raises(BadInput):
        merge_patch([change], OBJECT)


def test_two_changes_in_one_list_are_both_made() -> None:
    image = Set(path=IMAGE, value="a:2", was="a:1")
    tag = Set(path=(*IMAGE[:3], "tag"), value="t", was=None)
    other = Set(path=("spec", "c", Item(by="name", value="y"), "image"), value="b", was=None)
    patch: Any = merge_patch([image, tag, other], OBJECT)
    assert patch["spec"]["c"] == [
        {"name": "x", "image": "a:2", "tag": "t"},
        {"name": "y", "image": "b"},
    ]


def test_two_changes_that_meet_are_refused() -> None:
    whole = Set(path=("spec", "replicas"), value=3, was=2)
    below = Set(path=("spec", "replicas", "x"), value=3, was=None)
    with pytest.raises(BadInput, match="meet"):
        merge_patch([whole, below], OBJECT)
