"""Ids sort by time, say of what they are, and come from dice that are handed in."""

from datetime import UTC, datetime, timedelta

import pytest

from holdfast.model.ids import RANDOM, made_at, new_id

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def test_keeps_its_form() -> None:
    assert "prp_01m8h0djg0000g40r40m30e209" == new_id("prp", NOW, bytes(range(RANDOM)))
    assert "prp_" == new_id("prp", NOW, bytes(RANDOM))[:4]
    assert 30 == len(new_id("prp", NOW, bytes(RANDOM)))


def test_sorts_by_time_before_dice() -> None:
    early = new_id("inc", NOW, b"\xff" * RANDOM)
    late = new_id("inc", NOW + timedelta(milliseconds=1), b"\x00" * RANDOM)
    assert early < late


def test_differs_by_its_dice() -> None:
    assert new_id("inc", NOW, b"\x00" * RANDOM) != new_id("inc", NOW, b"\x01" * RANDOM)


def test_wants_all_of_its_dice() -> None:
    with pytest.raises(ValueError, match="10 random bytes"):
        new_id("inc", NOW, b"\x00")


def test_says_when_it_was_made() -> None:
    later = NOW + timedelta(milliseconds=7)
    assert later == made_at(new_id("prp", later, b"\xff" * RANDOM))


@pytest.mark.parametrize("other", ["", "prp_1", "prp_" + "u" * 26, "0" * 26, "prp_" + "0" * 27])
def test_another_name_says_nothing_of_a_time(other: str) -> None:
    assert made_at(other) is None
