"""Tests can be told apart by names that people can read."""

import pytest


def test_no_test_has_a_name_that_nobody_can_read(request: pytest.FixtureRequest) -> None:
    assert [] == [item.nodeid[:200] for item in request.session.items if len(item.nodeid) > 500]
