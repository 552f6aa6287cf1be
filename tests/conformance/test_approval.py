"""Tickets and words of people count when they must; a check that lets all pass is noticed."""

import pytest

from holdfast.adapters.signers import ed25519, ssh
from holdfast.approvals.ssh_signatures import to_check
from holdfast.conformance.approval import Checks, approval
from holdfast.conformance.papers import Key, armored
from tests.tally import Count, Tally

SEED = 20261128


@pytest.mark.slow
def test_they_count_when_they_must_and_never_else(tally: Tally, prove: bool) -> None:
    checks = Checks(tickets=ed25519.check, ssh=ssh.check)
    for each in approval(SEED, 20_000 if prove else 500, checks):
        tally(Count(each.suite, each.n, each.failures, SEED))
        assert () == each.first


@pytest.mark.slow
def test_a_check_that_lets_everything_pass_is_noticed() -> None:
    lax = Checks(tickets=lambda *_: True, ssh=lambda _: True)
    for each in approval(SEED, 100, lax):
        assert each.failures > 0


@pytest.mark.slow
def test_a_check_that_lets_nothing_pass_is_noticed() -> None:
    shut = Checks(tickets=lambda *_: False, ssh=lambda _: False)
    for each in approval(SEED, 20, shut):
        assert each.failures > 0


def test_it_signs_as_ssh_does() -> None:
    key = Key()
    said = armored(key.signature(b"text", "file"))
    assert ssh.check(to_check(said, b"text", "file", key.line))
