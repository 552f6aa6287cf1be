import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.model.kinds import Claim
from holdfast.testing.documents import copied, decoded, merged, without_nulls

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merges_as_the_examples_of_rfc_7396(
    target: object, patch: object, expected: object
) -> None:
    assert expected == merged(target, patch)


@pytest.mark.slow
@given(JSON, JSON)
def test_a_patch_that_was_merged_changes_nothing_more(target: object, patch: object) -> None:
    once = merged(target, patch)
    assert once == merged(once, patch)


@pytest.mark.slow
@given(JSON, JSON)
def test_merging_leaves_what_is_merged_as_it_was(target: object, patch: object) -> None:
    before = copied(target), copied(patch)
    merged(target, patch)
    assert before == (target, patch)


@pytest.mark.slow
@given(JSON)
def test_no_null_is_left(document: object) -> None:
    def nulls(value: object) -> bool:
        match value:
            case dict():
                return any(v is None or nulls(v) for v in value.values())
            case list():
                return any(v is None or nulls(v) for v in value)
            case _:
                return False

    assert not nulls(without_nulls(document))


def test_a_copy_shares_nothing() -> None:
    document = {"a": [{"b": 1}]}
    copy = copied(document)
    copy["a"][0]["b"] = 2
    assert {"a": [{"b": 1}]} == document


def test_what_cannot_be_read_is_named_as_far_as_it_can_be() -> None:
    odd = [{"metadata": {"name": "data", "namespace": "shop"}, "status": {"phase": 3}}]
    readable, unreadable = decoded(Claim, odd)
    assert () == readable
    assert ("data", "shop") == (unreadable[0].name, unreadable[0].namespace)
    assert "$.status.phase" in unreadable[0].why


def test_a_name_that_is_none_is_not_shown() -> None:
    _, unreadable = decoded(Claim, [{"metadata": {"name": 3}}])
    assert ("", "") == (unreadable[0].name, unreadable[0].namespace)
