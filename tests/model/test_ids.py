"""Ids sort by time, say of what they are, and come from dice that are handed in."""

from datetime import UTC, datetime, timedelta

import pytest

from holdfast.model.ids import RANDOM, new_id

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
