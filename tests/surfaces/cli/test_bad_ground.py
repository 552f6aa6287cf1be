"""Bad keys, signers and chain files: one clear sentence, the right exit code, nothing written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.adapters.files.whole import opened
from holdfast.adapters.signers.public import write_public
from holdfast.audit import chain
from holdfast.model.entries import Head
from holdfast.model.keys import Purpose
from tests.adapters.signers.test_command import a_shell_command, signing
from tests.audit.chains import CHAIN, a_chain, a_key, lines
from tests.surfaces.cli.conftest import Holdfast
from tests.surfaces.cli.test_ground import record, seal

pytestmark = pytest.mark.slow

SIGNERS = {
    "hangs": ("sleep 300", "did not answer within 1 s"),
    "prints rubbish": ("echo yes", "did not answer with a signature"),
    "prints without end": ("yes", "did not answer with a signature"),
    "prints nothing": ("exit 0", "did not answer with a signature"),
    "exits 1": ("echo 'no card in the reader' >&2; exit 1", "ended with 1 and said: no card"),
    "is killed": ("kill -9 $$", "ended with -9"),
}


@pytest.fixture
def elsewhere(
    installed: Path, holdfast: Holdfast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """An installation whose audit key a command holds, with three entries, one of which rotated."""
    seal(range(1, 3))
    public = write_public(tmp_path / "elsewhere", Purpose.AUDIT, a_key().public, opened)
    holdfast("keys", "rotate", "audit", "--to", str(public))
    monkeypatch.setenv("HOLDFAST_SIGNER", " ".join(signing(tmp_path, "audit")))
    monkeypatch.setenv("HOLDFAST_SIGNER_TIMEOUT", "1")
    return installed


@pytest.mark.slow
@pytest.mark.parametrize("what", SIGNERS)
@pytest.mark.parametrize(
    "command",
    [
        ("audit", "anchor"),
        ("keys", "rotate", "audit"),
        ("keys", "revoke", "tickets", "TICKETS", "--reason", "x"),
        ("db", "accept-restore", "--reason", "x"),
    ],
    ids=lambda each: " ".join(each[:2]),
)
def test_a_signer_that_does_not_sign_changes_nothing(
    elsewhere: Path,
    holdfast: Holdfast,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    what: str,
) -> None:
    line, wrong = SIGNERS[what]
    monkeypatch.setenv("HOLDFAST_SIGNER", a_shell_command(tmp_path, line)[0])
    tickets = next((elsewhere / "keys" / "private").glob("tickets-*.pem"))
    id_ = tickets.stem.removeprefix("tickets-")
    arguments = [id_ if each == "TICKETS" else each for each in command]

    said = holdfast(*arguments, code=2)

    assert wrong in said
    outcome = record(elsewhere)
    assert (outcome.broken, outcome.entries) == (None, 3)
    assert not (elsewhere / "anchors").exists()
    assert tickets.exists()


@pytest.mark.parametrize(
    ("signer", "wrong"),
    [("/nowhere/signer", "cannot be run"), ("'unclosed", "is no command"), ("/", "cannot be run")],
)
def test_a_signer_that_is_none_is_said(
    elsewhere: Path,
    holdfast: Holdfast,
    monkeypatch: pytest.MonkeyPatch,
    signer: str,
    wrong: str,
) -> None:
    monkeypatch.setenv("HOLDFAST_SIGNER", signer)

    assert wrong in holdfast("audit", "anchor", code=2)


@pytest.mark.parametrize(
    ("spoil", "wrong"),
    [
        (lambda p: p.chmod(0o644), "has mode 0644: others than its owner can get at the key"),
        (lambda p: p.parent.chmod(0o755), "has mode 0755: others than its owner"),
        (lambda p: p.unlink(), "is not there. Bring it from its backup. If it is lost for good"),
        (lambda p: p.write_bytes(b"rubbish"), "holds no Ed25519 private key"),
        (lambda p: p.write_bytes(p.read_bytes()[:60]), "holds no Ed25519 private key"),
        (lambda p: p.rename(p.with_name(f"audit-{'0' * 64}.pem")), "is not there"),
    ],
    ids=["open file", "open folder", "missing", "rubbish", "cut", "under another name"],
)
def test_a_private_key_that_cannot_be_used_is_said_and_nothing_is_signed(
    installed: Path, holdfast: Holdfast, spoil: Callable[[Path], object], wrong: str
) -> None:
    seal(range(1, 3))
    key = next((installed / "keys" / "private").glob("audit-*.pem"))
    spoil(key)

    said = holdfast("audit", "anchor", code=2)

    assert wrong in said
    assert not (installed / "anchors").exists()
    key.parent.chmod(0o700)


@pytest.fixture
def key(tmp_path: Path) -> str:
    return str(write_public(tmp_path / "trusted", Purpose.AUDIT, a_key().public, opened))


def of_another_cluster(first: int) -> list[bytes]:
    """What another installation with the same key and the same chain id has sealed."""
    return lines(a_chain(9, head=chain.started(CHAIN, "another")))[first:]


def continued_elsewhere() -> list[bytes]:
    """Entries of another cluster that even continue ours."""
    last = a_chain(4)[-1]
    head = chain.after(Head(chain=CHAIN, cluster="another"), last)
    return lines(a_chain(3, head=head, first=5))


@pytest.mark.parametrize(
    ("told", "bad"),
    [
        ([*lines(a_chain(9))[:4], *of_another_cluster(4)], 5),
        ([*lines(a_chain(9))[:4], *of_another_cluster(0)], 5),
        ([*lines(a_chain(4)), *continued_elsewhere()], 5),
        ([*of_another_cluster(0), *lines(a_chain(4))], 10),
    ],
    ids=["at the same place", "from its beginning", "continued", "the other one first"],
)
def test_a_file_mixed_from_two_clusters_is_found_where_the_other_one_begins(
    holdfast: Holdfast, tmp_path: Path, key: str, told: list[bytes], bad: int
) -> None:
    file = tmp_path / "mixed"
    file.write_bytes(b"".join(line + b"\n" for line in told))

    said = holdfast("audit", "verify", str(file), "--key", key, code=1)

    assert f"BROKEN at entry {bad} (line {bad})" in said
    assert "it is of chain" in said


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-32", "utf-7", "cp037", "utf-8-sig"]
)
def test_a_file_in_another_encoding_is_no_record(
    holdfast: Holdfast, tmp_path: Path, key: str, encoding: str
) -> None:
    text = b"".join(line + b"\n" for line in lines(a_chain(2))).decode()
    file = tmp_path / "encoded"
    file.write_bytes(text.encode("ascii", "backslashreplace").decode().encode(encoding))

    assert "BROKEN at entry 1 (line 1)" in holdfast(
        "audit", "verify", str(file), "--key", key, code=1
    )


def test_ten_gigabytes_without_a_line_end_are_refused_at_once(
    holdfast: Holdfast, tmp_path: Path, key: str
) -> None:
    file = tmp_path / "huge"
    with file.open("wb") as opened:
        opened.truncate(10 << 30)  # of holes, so that no disk has to hold them

    assert "longer than any entry" in holdfast("audit", "verify", str(file), "--key", key, code=1)
    assert "longer than any entry" in holdfast("audit", "show", str(file), code=2)


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "it has not the lines"),
        (b"rubbish", "it has not the lines"),
        (b"\xff\xfe", "it has not the lines"),
        (b"x" * (1 << 20), "it is too long"),
    ],
    ids=["empty", "rubbish", "other encoding", "endless"],
)
@pytest.mark.parametrize("option", ["--anchor", "--from"])
def test_a_checkpoint_that_is_none_is_no_verdict(
    holdfast: Holdfast, tmp_path: Path, key: str, content: bytes, wrong: str, option: str
) -> None:
    (tmp_path / "record").write_bytes(b"")
    (tmp_path / "note").write_bytes(content)
    verify = ("audit", "verify", str(tmp_path / "record"), "--key", key)

    assert wrong in holdfast(*verify, option, str(tmp_path / "note"), code=2)


def test_a_key_folder_without_a_key_is_no_verdict(holdfast: Holdfast, tmp_path: Path) -> None:
    (tmp_path / "record").write_bytes(b"")
    (tmp_path / "keys").mkdir()
    verify = ("audit", "verify", str(tmp_path / "record"), "--key", str(tmp_path / "keys"))

    assert "There is no public audit key" in holdfast(*verify, code=2)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("watch", "\udcff\udcfe"), r"'\udcff\udcfe' cannot be taken."),
        (("proposals", "--last", "9" * 30), f"'{'9' * 30}' cannot be taken."),
        (("policy", "replay", "--last", "-3"), "There are no latest -3 proposals."),
    ],
)
def test_what_nobody_can_be_asked_for_is_named_and_no_fault_of_ours(
    installed: Path, holdfast: Holdfast, words: tuple[str, ...], says: str
) -> None:
    assert says in holdfast(*words, code=2)
