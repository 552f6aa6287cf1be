import subprocess
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from holdfast.approvals.statements import NAMESPACE, Decision, Statement, read
from holdfast.errors import BadRecord
from tests.approvals.keygen import make_key, sign

STATEMENT = Statement(
    v=1,
    cluster="c-1",
    proposal="prp_1",
    digest="d" * 64,
    step=0,
    decision=Decision.APPROVE,
    until=datetime(2026, 1, 1, 16, tzinfo=UTC),
)
TEXT = STATEMENT.text()


def test_is_read_as_it_was_written() -> None:
    assert STATEMENT == read(TEXT)
    assert (
        b'{"cluster":"c-1","decision":"approve","digest":"' + b"d" * 64 + b'","proposal":"prp_1",'
        b'"reason":"","step":0,"until":"2026-01-01T16:00:00.000Z","v":1}'
    ) == TEXT


def test_what_people_sign_keeps_its_words() -> None:
    """Auditors type the one; the others stand in records that nobody writes again."""
    assert "holdfast-approval" == NAMESPACE
    assert ["approve", "reject", "undo"] == [*Decision]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"approve prp_1",
        TEXT + b"\n",
        b" " + TEXT,
        TEXT.replace(b'"step":0', b'"step":0.0'),
        TEXT.replace(b'"step":0', b'"step":-0'),
        TEXT.replace(b'"step":0', b'"step":"0"'),
        TEXT.replace(b'"v":1', b'"v":2'),
        TEXT.replace(b'"v":1', b'"v":1,"w":1'),
        TEXT.replace(b'"v":1', b'"v":1,"v":1'),
        TEXT.replace(b'"reason":"",', b""),
        TEXT.replace(b"approve", b"Approve"),
        TEXT.replace(b"approve", b"appr\\u006fve"),
        TEXT.replace(b".000Z", b"Z"),
        TEXT.replace(b".000Z", b".000+00:00"),
        TEXT.replace(b".000Z", b".000"),
        TEXT.replace(b"prp_1", b"prp_\xff"),
        TEXT.replace(b"prp_1", b"p" * 5000),
        TEXT.replace(b"prp_1", b"p" * 61),
        TEXT.replace(b"prp_1", b""),
        TEXT.replace(b"prp_1", b"prp_\\u0000"),
        TEXT.replace(b"prp_1", b"prp_1\\n"),
        TEXT.replace(b"2026-01-01T16:00:00.000Z", b"0001-01-01T00:00:00"),
        TEXT.replace(b"2026-01-01T16:00:00.000Z", b"9999-12-31T23:59:59"),
        b"[" * 5000,
    ],
)
def test_what_could_be_read_in_two_ways_was_not_said(text: bytes) -> None:
    with pytest.raises(BadRecord):
        read(text)


@pytest.mark.parametrize(
    "changed",
    [
        {"cluster": "c-2"},
        {"proposal": "prp_2"},
        {"digest": "e" * 64},
        {"step": 1},
        {"decision": Decision.REJECT},
        {"until": datetime(2026, 1, 1, 17, tzinfo=UTC)},
        {"reason": "because"},
    ],
)
def test_each_of_its_words_is_signed(changed: dict[str, object]) -> None:
    assert TEXT != msgspec.structs.replace(STATEMENT, **changed).text()


def test_is_no_longer_than_four_kilobytes() -> None:
    room = 4096 - len(TEXT)
    full = msgspec.structs.replace(STATEMENT, reason="x" * room)

    assert full == read(full.text())
    with pytest.raises(BadRecord):
        read(msgspec.structs.replace(STATEMENT, reason="x" * (room + 1)).text())


def test_an_auditor_needs_ssh_keygen_and_nothing_of_ours(tmp_path: Path) -> None:
    key = make_key(tmp_path, "ed25519")
    signature, allowed = tmp_path / "statement.sig", tmp_path / "allowed"
    signature.write_text(sign(key, TEXT, NAMESPACE))
    allowed.write_text(f"ana {key.with_suffix('.pub').read_text()}")
    words = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", "ana", "-n", NAMESPACE]
    verified = subprocess.run(
        [*words, "-s", str(signature)], input=TEXT, capture_output=True, check=False
    )
    assert b"Good" in verified.stdout, verified.stderr
