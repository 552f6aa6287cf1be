"""What was switched off is switched back by a person's signature for that, and by nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast.adapters.signers.ssh import check
from holdfast.approvals import statements, thaws
from holdfast.approvals.signed import SignedWord
from holdfast.approvals.thaws import NAMESPACE, Thaw, Thawed, heard, read
from holdfast.errors import BadRecord
from holdfast.model.asks import Refusal
from tests.approvals.keygen import make_key, sign
from tests.approvals.test_statements import TEXT as AN_APPROVAL
from tests.approvals.test_words import people

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
THAW = Thaw(
    v=1,
    cluster="c-1",
    switch="freeze",
    reason="the incident is over",
    until=NOW + timedelta(minutes=10),
    nonce="0f" * 16,
)
TEXT = THAW.text()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("ana"), "ed25519")


def hear(
    key: Path,
    text: bytes = TEXT,
    *,
    by: str = NAMESPACE,
    now: datetime = NOW,
    **person: Any,
) -> Thawed | Refusal:
    word = SignedWord(statement=text, signature=sign(key, text, by))
    return heard(word, cluster="c-1", people=people(key, **person), check=check, now=now)


def test_is_read_as_it_was_written() -> None:
    assert THAW == read(TEXT)
    assert (
        b'{"cluster":"c-1","nonce":"' + b"0f" * 16 + b'","reason":"the incident is over",'
        b'"switch":"freeze","until":"2026-01-01T12:10:00.000Z","v":1}'
    ) == TEXT


def test_what_people_sign_keeps_its_name() -> None:
    assert "holdfast-thaw" == NAMESPACE


def test_a_signature_switches_back(key: Path) -> None:
    assert Thawed(
        person="ana",
        groups=frozenset({"oncall"}),
        switch="freeze",
        reason="the incident is over",
        nonce="0f" * 16,
        until=THAW.until,
    ) == hear(key)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        AN_APPROVAL,
        TEXT + b"\n",
        TEXT.replace(b'"v":1', b'"v":2'),
        TEXT.replace(b'"v":1', b'"v":1,"w":1'),
        TEXT.replace(b"0f0f", b"0F0F"),
        TEXT.replace(b"0f0f", b"0f"),
        TEXT.replace(b'"nonce":"' + b"0f" * 16 + b'",', b""),
        TEXT.replace(b"over", b"\\u006fver"),
        TEXT.replace(b"incident", b"i" * 5000),
        TEXT.replace(b"2026", b"0001").replace(b".000Z", b""),
    ],
)
def test_what_could_be_read_in_two_ways_was_not_said(text: bytes) -> None:
    with pytest.raises(BadRecord):
        read(text)


def test_is_no_longer_than_four_kilobytes() -> None:
    room = 4096 - len(TEXT) + len(THAW.reason)
    full = msgspec.structs.replace(THAW, reason="x" * room)

    assert full == read(full.text())
    with pytest.raises(BadRecord):
        read(msgspec.structs.replace(THAW, reason="x" * (room + 1)).text())


def test_nobody_switches_back_for_more_than_an_hour(key: Path) -> None:
    hour = NOW + timedelta(hours=1)
    longer = hear(key, msgspec.structs.replace(THAW, until=hour + SECOND).text())

    assert isinstance(hear(key, msgspec.structs.replace(THAW, until=hour).text()), Thawed)
    assert isinstance(longer, Refusal)
    assert "longer than 1 h" in longer.because


def test_an_approval_thaws_nothing_and_a_thaw_approves_nothing(key: Path) -> None:
    assert isinstance(hear(key, by=statements.NAMESPACE), Refusal)
    with pytest.raises(BadRecord):
        statements.read(TEXT)
    assert statements.NAMESPACE != thaws.NAMESPACE


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"cluster": "c-2"}, "another cluster"),
        ({"until": NOW}, "a time that has passed"),
        ({"reason": " "}, "says why"),
    ],
)
def test_what_was_signed_for_something_else_does_not_count(
    key: Path, changed: dict[str, Any], because: str
) -> None:
    refusal = hear(key, msgspec.structs.replace(THAW, **changed).text())
    assert isinstance(refusal, Refusal)
    assert because in refusal.because


@pytest.mark.parametrize(
    ("now", "counts"),
    [(THAW.until - SECOND, True), (THAW.until, False), (THAW.until + SECOND, False)],
)
def test_holds_until_then(key: Path, now: datetime, counts: bool) -> None:
    assert counts is isinstance(hear(key, now=now), Thawed)


@pytest.mark.parametrize(("revoked", "counts"), [(NOW + SECOND, True), (NOW, False)])
def test_nobodys_word_counts_after_it_was_revoked(
    key: Path, revoked: datetime, counts: bool
) -> None:
    assert counts is isinstance(hear(key, revoked=revoked), Thawed)


@pytest.mark.parametrize(
    "changed",
    [
        {"cluster": "c-2"},
        {"switch": "breaker/restart"},
        {"until": NOW},
        {"nonce": "1f" * 16},
        {"reason": "because"},
    ],
)
def test_each_of_its_words_is_signed(changed: dict[str, Any]) -> None:
    assert TEXT != msgspec.structs.replace(THAW, **changed).text()


def test_what_is_no_statement_is_refused_with_the_reason(key: Path) -> None:
    told = hear(key, b"{}")

    assert isinstance(told, Refusal)
    assert "no statement" in told.because
