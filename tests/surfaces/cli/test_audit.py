"""`holdfast audit`: on files and on the store, with one clear sentence for each thing broken."""

import base64
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from holdfast.adapters.files.whole import opened
from holdfast.adapters.signers.public import write_public
from holdfast.approvals.statements import NAMESPACE, Decision, Statement
from holdfast.audit import merkle
from holdfast.conformance import audit_verifier
from holdfast.model.access import Process
from holdfast.model.canonical import Plain
from holdfast.model.entries import Draft
from holdfast.model.keys import Purpose
from holdfast.wiring.footing import ground
from tests.approvals.keygen import make_key, public, sign
from tests.audit.chains import CLUSTER, a_chain, a_chain_of, a_draft, a_key, at_the_end, lines
from tests.surfaces.cli.conftest import Holdfast
from tests.surfaces.cli.test_ground import seal


@pytest.fixture
def key(tmp_path: Path) -> str:
    """The public key of `a_chain`."""
    return str(write_public(tmp_path / "trusted", Purpose.AUDIT, a_key().public, opened))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A record of five entries."""
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines(a_chain(5))))
    return path


def test_a_whole_file_is_whole_as_far_as_anybody_can_tell(
    holdfast: Holdfast, file: Path, key: str
) -> None:
    said = holdfast("audit", "verify", str(file), "--key", key)

    assert "Whole: 5 entries" in said
    assert "cut off the end cannot be excluded: no anchor was given" in said


def test_a_file_is_not_verified_without_a_key(holdfast: Holdfast, file: Path) -> None:
    assert "none is taken from it" in holdfast("audit", "verify", str(file), code=2)


def test_keys_may_stand_in_a_folder(holdfast: Holdfast, file: Path, key: str) -> None:
    assert "Whole" in holdfast("audit", "verify", str(file), "--key", str(Path(key).parent))


@pytest.mark.parametrize(
    ("spoil", "wrong"),
    [
        (lambda b: b.replace(b'"number":3', b'"number":4'), "BROKEN at entry 3 (line 3)"),
        (lambda b: b[:-1], "BROKEN at entry 5 (line 5): the file ends in the middle"),
        (lambda b: b[:-30], "BROKEN at entry 5 (line 5): the file ends in the middle"),
        (lambda b: b.replace(b"\n", b"\r\n"), "BROKEN at entry 1 (line 1)"),
        (lambda b: b.decode().encode("utf-16"), "BROKEN at entry 1 (line 1)"),
        (lambda b: b"\xef\xbb\xbf" + b, "BROKEN at entry 1 (line 1)"),
        (lambda b: b"x" * 5_000_000, "is longer than any entry"),
        (lambda b: b + b"\n", "BROKEN at entry 6 (line 6)"),
        (lambda b: b[b.index(b"\n") + 1 :], "BROKEN at entry 1 (line 1): entry 2 stands after"),
        (lambda b: b + b[: b.index(b"\n") + 1], "BROKEN at entry 6 (line 6): entry 1 stands"),
    ],
    ids=[
        *("changed", "cut by a byte", "cut", "other line ends", "other encoding", "marked"),
        *("one long line", "an empty line", "first dropped", "repeated"),
    ],
)
def test_what_is_broken_is_said(
    holdfast: Holdfast, file: Path, key: str, spoil: Callable[[bytes], bytes], wrong: str
) -> None:
    file.write_bytes(spoil(file.read_bytes()))

    assert wrong in holdfast("audit", "verify", str(file), "--key", key, code=1)


@pytest.mark.parametrize("what", ["missing", "a folder"])
def test_what_cannot_be_read_is_no_verdict(
    holdfast: Holdfast, tmp_path: Path, key: str, what: str
) -> None:
    path = tmp_path / "missing.jsonl" if what == "missing" else tmp_path

    assert "cannot be read" in holdfast("audit", "verify", str(path), "--key", key, code=2)


def test_another_clusters_record_is_not_this_ones(holdfast: Holdfast, file: Path, key: str) -> None:
    holdfast("audit", "verify", str(file), "--key", key, "--cluster", CLUSTER)

    said = holdfast("audit", "verify", str(file), "--key", key, "--cluster", "other", code=1)

    assert f"of cluster {CLUSTER}" in said


@pytest.mark.slow
def test_an_export_is_whole_and_its_anchor_finds_what_is_cut_off(
    installed: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    seal(range(1, 8))
    exported, anchor, keys = tmp_path / "e", tmp_path / "a.note", str(installed / "keys/public")
    assert "7 entries" in holdfast("audit", "export", str(exported))
    assert "7 entries" in holdfast("audit", "anchor", str(anchor))
    offline = ("audit", "verify", str(exported), "--key", keys, "--anchor", str(anchor))

    assert "Anchored up to entry 7: nothing was cut off" in holdfast(*offline)
    seal(range(8, 10))
    holdfast("audit", "export", str(tmp_path / "longer"))
    longer = ("audit", "verify", str(tmp_path / "longer"), "--key", keys, "--anchor", str(anchor))
    assert "Anchored up to entry 7: that something was cut off" in holdfast(*longer)
    told = exported.read_bytes().splitlines(keepends=True)
    exported.write_bytes(b"".join(told[:-1]))

    assert "BROKEN at entry 7" in holdfast(*offline, code=1)
    exported.write_bytes(b"")
    assert "BROKEN at entry 1" in holdfast(*offline, code=1)


def test_an_anchor_that_is_named_and_not_there_is_an_error(
    holdfast: Holdfast, file: Path, key: str, tmp_path: Path
) -> None:
    """A record whose end was cut off is not to pass because the folder beside it was emptied."""
    empty, offline = tmp_path / "anchors", ("audit", "verify", str(file), "--key", key)
    empty.mkdir()
    (empty / "README").write_text("no anchor")

    for where in (empty, tmp_path / "nowhere"):
        said = holdfast(*offline, "--anchor", str(where), code=2)
        assert f"anchor in {where}" in said or f"anchor {where} cannot be read" in said
        assert "Whole" not in said
        assert 2 == audit_verifier.main([*offline[2:], "--anchor", str(where)])


def test_one_empty_folder_among_anchors_is_an_error_too(
    installed: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    seal(range(1, 4))
    holdfast("audit", "anchor", str(tmp_path / "a.note"))
    (tmp_path / "empty").mkdir()
    both = ("--anchor", str(tmp_path / "a.note"), "--anchor", str(tmp_path / "empty"))

    assert "There is no anchor in" in holdfast("audit", "verify", *both, code=2)
    assert "nothing was cut off" in holdfast("audit", "verify", *both[:2])


@pytest.mark.parametrize(
    "command",
    [
        ("verify", "--from"),
        ("prove", "1", "--anchor"),
        ("give-up", "--reason", "x"),
    ],
    ids=["verify", "prove", "give-up"],
)
def test_wherever_an_anchor_is_named_an_empty_folder_is_none(
    installed: Path, holdfast: Holdfast, tmp_path: Path, command: tuple[str, ...]
) -> None:
    seal(range(1, 4))
    (tmp_path / "empty").mkdir()

    said = holdfast("audit", *command, str(tmp_path / "empty"), code=2)

    assert "There is no anchor in" in said


def test_a_file_with_nothing_in_it_is_not_whole_unless_that_is_expected(
    holdfast: Holdfast, tmp_path: Path, key: str
) -> None:
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(b"")
    for file in (str(cut), os.devnull):
        asked = ("audit", "verify", file, "--key", key)

        said = holdfast(*asked, code=1)
        assert "There is nothing in it: 0 entries, and no anchor was met" in said
        assert "Whole" not in said
        assert "Whole: 0 entries, each signed and in its place." in holdfast(*asked, "--empty")


def test_nor_does_the_one_file_verifier_call_it_whole(
    key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == audit_verifier.main([os.devnull, "--key", key])
    assert "There is nothing in it" in capsys.readouterr().out
    assert 0 == audit_verifier.main([os.devnull, "--key", key, "--empty"])
    assert "Whole: 0 entries" in capsys.readouterr().out


def test_a_record_is_read_from_standard_input_only_where_that_is_open(
    holdfast: Holdfast, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert "Standard input is closed" in holdfast("audit", "verify", "-", "--key", key, code=2)


@pytest.mark.slow
def test_nothing_after_a_checkpoint_is_whole_only_by_an_anchor_of_its_length(
    installed: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    seal(range(1, 4))
    note = str(tmp_path / "a.note")
    holdfast("audit", "anchor", note)
    (tmp_path / "rest").write_bytes(b"")
    keys = str(installed / "keys" / "public")
    asked = ("audit", "verify", str(tmp_path / "rest"), "--key", keys, "--from", note)

    assert "There is nothing in it" in holdfast(*asked, code=1)
    assert "Anchored up to entry 3: nothing was cut off" in holdfast(*asked, "--anchor", note)
    assert 1 == audit_verifier.main([*asked[2:]])
    assert 0 == audit_verifier.main([*asked[2:], "--anchor", note])


def test_to_expect_nothing_excuses_no_anchor(
    installed: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    seal(range(1, 4))
    note, keys = str(tmp_path / "a.note"), str(installed / "keys" / "public")
    holdfast("audit", "anchor", note)
    asked = ("audit", "verify", os.devnull, "--key", keys, "--anchor", note, "--empty")

    assert "the anchor knows 3 entries, and there are 0" in holdfast(*asked, code=1)


@pytest.mark.slow
def test_one_goes_on_from_a_checkpoint(installed: Path, holdfast: Holdfast, tmp_path: Path) -> None:
    seal(range(1, 4))
    holdfast("audit", "anchor", str(tmp_path / "a.note"))
    seal(range(4, 9))
    holdfast("audit", "export", str(tmp_path / "e"))
    rest = b"".join((tmp_path / "e").read_bytes().splitlines(keepends=True)[3:])
    (tmp_path / "rest").write_bytes(rest)
    keys = str(installed / "keys" / "public")
    start = ("--from", str(tmp_path / "a.note"))

    said = holdfast("audit", "verify", str(tmp_path / "rest"), "--key", keys, *start)
    alone = subprocess.run(
        [sys.executable, audit_verifier.__file__, str(tmp_path / "rest"), "--key", keys, *start],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Whole: 5 entries" in said
    assert "Entries up to 3 were not read" in alone.stdout
    assert "Whole: 5 entries" in alone.stdout
    assert "BROKEN at entry 1" in holdfast(
        "audit", "verify", str(tmp_path / "rest"), "--key", keys, code=1
    )
    assert "Whole: 5 entries" in holdfast("audit", "verify", *start)


@pytest.mark.slow
def test_a_key_that_was_revoked_twice_is_told_once(
    holdfast: Holdfast, tmp_path: Path, key: str
) -> None:
    revoking = [a_draft(n, kind="key_revoked", key="0" * 64) for n in (1, 2)]
    path = tmp_path / "twice.jsonl"
    path.write_bytes(b"".join(each.line + b"\n" for each in a_chain_of(revoking)))
    alone = subprocess.run(
        [sys.executable, audit_verifier.__file__, str(path), "--key", key],
        capture_output=True,
        text=True,
        check=True,
    )

    for said in (holdfast("audit", "verify", str(path), "--key", key), alone.stdout):
        assert 1 == said.count("was revoked")


@pytest.mark.slow
def test_the_one_file_verifier_agrees(installed: Path, holdfast: Holdfast, tmp_path: Path) -> None:
    seal(range(1, 8))
    holdfast("audit", "export", str(tmp_path / "e"))
    holdfast("audit", "anchor", str(tmp_path / "a.note"))
    (public,) = (installed / "keys" / "public").glob("audit-*")
    verifier = tmp_path / "verifier.py"
    holdfast("audit", "verifier", str(verifier))
    assert verifier.read_text() == Path(audit_verifier.__file__).read_text()
    asked = [str(tmp_path / "e"), "--key", str(public), "--anchor", str(tmp_path / "a.note")]

    done = subprocess.run(
        [sys.executable, str(verifier), *asked],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Anchored up to entry 7." in done.stdout


@pytest.mark.parametrize("holds", ["nothing", "another purpose's key", "a page"])
def test_the_one_file_verifier_judges_nothing_without_an_audit_key(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], holds: str
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    if holds == "another purpose's key":
        write_public(keys, Purpose.TICKETS, a_key().public, opened)
    elif holds == "a page":
        (keys / "README").write_text("Here will be keys.")

    assert audit_verifier.main([str(file), "--key", str(keys)]) == 2

    told = capsys.readouterr()
    assert f"There is no public audit key in {keys}: name a file, or a folder with" in told.err
    assert "BROKEN" not in told.out


def test_the_one_file_verifier_takes_the_audit_keys_of_a_folder_and_no_others(
    file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "keys"
    for purpose, named in ((Purpose.AUDIT, "audit"), (Purpose.TICKETS, "tickets")):
        write_public(folder, purpose, a_key(named).public, opened)

    assert audit_verifier.main([str(file), "--key", str(folder)]) == 0
    assert list(audit_verifier.read_keys([folder])) == [a_key().public.id]


def test_before_there_are_keys_it_is_said_how_to_make_them(home: Path, holdfast: Holdfast) -> None:
    holdfast("db", "upgrade", "--cluster", CLUSTER)

    said = holdfast("audit", "verify", code=2)

    assert f"This installation has no audit key: {home}/keys/public holds none." in said
    assert "holdfast keys init" in said


@pytest.mark.slow
def test_our_own_record_is_verified_with_our_own_keys_and_anchors(
    installed: Path, holdfast: Holdfast
) -> None:
    assert "There is nothing in it" in holdfast("audit", "verify", code=1)
    assert "Whole: 0 entries" in holdfast("audit", "verify", "--empty")
    seal(range(1, 5))
    assert "no anchor was given" in holdfast("audit", "verify")
    holdfast("audit", "anchor")

    assert "Anchored up to entry 4: nothing was cut off" in holdfast("audit", "verify")


def test_a_record_that_was_changed_in_the_database_is_found_and_gets_no_anchor(
    installed: Path, holdfast: Holdfast
) -> None:
    seal(range(1, 5))
    raw = sqlite3.connect(installed / "holdfast.db", isolation_level=None)
    raw.execute("UPDATE hf_entries SET line = replace(line, 'keeper', 'nobody') WHERE seq = 2")
    raw.close()

    assert "BROKEN at entry 2" in holdfast("audit", "verify", code=1)
    assert "gets no anchor" in holdfast("audit", "anchor", code=2)
    assert not (installed / "anchors").exists()


def test_a_record_whose_end_was_cut_off_in_the_database_is_found(
    installed: Path, holdfast: Holdfast
) -> None:
    seal(range(1, 5))
    raw = sqlite3.connect(installed / "holdfast.db", isolation_level=None)
    raw.execute("DELETE FROM hf_entries WHERE seq = 4")
    raw.close()

    assert "does not end where its store says" in holdfast("audit", "verify", code=1)
    assert "should end with entry 4" in holdfast("audit", "anchor", code=2)


@pytest.mark.slow
def test_an_anchor_is_never_replaced_by_a_shorter_one(
    installed: Path, holdfast: Holdfast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal(range(1, 3))
    holdfast("db", "backup", str(tmp_path / "b"))
    seal(range(3, 5))
    holdfast("audit", "anchor")
    (kept,) = (installed / "anchors").iterdir()
    before = kept.read_bytes()
    monkeypatch.setenv("HOLDFAST_DATABASE", f"sqlite:///{tmp_path}/new.db")
    holdfast("db", "restore", str(tmp_path / "b"), code=1)

    assert "an anchor knows 4" in holdfast("audit", "anchor", code=2)

    assert kept.read_bytes() == before
    holdfast("db", "accept-restore", "--reason", "an exercise")
    assert "3 entries, epoch 1" in holdfast("audit", "anchor")


@pytest.mark.slow
def test_an_anchor_replaces_a_shorter_one_of_the_same_record(
    installed: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    seal(range(1, 3))
    holdfast("audit", "anchor", str(tmp_path / "a.note"))
    holdfast("audit", "anchor", str(tmp_path / "a.note"))
    seal(range(3, 5))

    assert "4 entries" in holdfast("audit", "anchor", str(tmp_path / "a.note"))


@pytest.mark.slow
def test_an_anchor_replaces_nothing_else(
    installed: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    seal(range(1, 3))
    holdfast("audit", "anchor", str(tmp_path / "a.note"))
    (tmp_path / "thesis").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "a.note")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")

    for name in ("thesis", "link", "dangling", "pipe", "."):
        assert "it is not replaced" in holdfast("audit", "anchor", str(tmp_path / name), code=2)

    assert "mine" == (tmp_path / "thesis").read_text()
    assert (tmp_path / "link").is_symlink()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("accepted", "then"),
    [
        (False, "Entry 3 of the chain is not the one that an anchor knows"),
        (True, "is a checkpoint of entries that this record has no more"),
    ],
)
def test_the_only_witness_of_a_lost_end_is_not_replaced(
    installed: Path,
    holdfast: Holdfast,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    accepted: bool,
    then: str,
) -> None:
    witness = tmp_path / "evidence.note"
    seal(range(1, 2))
    holdfast("db", "backup", str(tmp_path / "b"))
    seal(range(2, 4))
    holdfast("audit", "anchor", str(witness))
    before = witness.read_bytes()
    monkeypatch.setenv("HOLDFAST_DATABASE", f"sqlite:///{tmp_path}/new.db")
    monkeypatch.setenv("HOLDFAST_ANCHORS", str(tmp_path / "none"))
    holdfast("db", "restore", str(tmp_path / "b"))

    assert "an anchor knows 3" in holdfast("audit", "anchor", str(witness), code=2)
    if accepted:
        holdfast("db", "accept-restore", "--reason", "an exercise")
    seal(range(4, 8))
    assert then in holdfast("audit", "anchor", str(witness), code=2)

    assert before == witness.read_bytes()


def test_what_has_no_entry_gets_no_anchor(installed: Path, holdfast: Holdfast) -> None:
    assert "has no entry yet" in holdfast("audit", "anchor", code=2)


@pytest.mark.slow
def test_a_proof_convinces_whoever_has_the_checkpoint(
    installed: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    seal(range(1, 8))
    anchor = tmp_path / "a.note"
    holdfast("audit", "anchor", str(anchor))
    root = base64.b64decode(anchor.read_text().splitlines()[2])
    seal(range(8, 14))  # what came later does not matter

    said = json.loads(holdfast("audit", "prove", "3", "--anchor", str(anchor)))

    path = [bytes.fromhex(each) for each in said["path"]]
    told = {name: said["entry"][name] for name in said["entry"] if name not in ("hash", "sig")}
    leaf = hashlib.sha256(audit_verifier.canonical(told)).digest()
    assert leaf.hex() == said["entry"]["hash"]
    assert said["entry"]["seq"] == 3 == said["index"] + 1
    assert merkle.proves_inclusion(said["index"], said["size"], leaf, path, root)


@pytest.mark.slow
def test_a_proof_shows_that_a_shorter_record_was_never_rewritten(
    installed: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    seal(range(1, 8))
    anchor = tmp_path / "a.note"
    holdfast("audit", "anchor", str(anchor))
    old_root = base64.b64decode(anchor.read_text().splitlines()[2])
    seal(range(8, 14))

    said = json.loads(holdfast("audit", "prove", "7", "--prefix"))

    path = [bytes.fromhex(each) for each in said["path"]]
    new_root = bytes.fromhex(said["root"])
    assert merkle.proves_consistency(7, said["size"], old_root, new_root, path)


@pytest.mark.parametrize("how", [(), ("--prefix",)])
def test_nothing_is_proved_of_an_entry_that_was_changed_in_the_database(
    installed: Path, holdfast: Holdfast, how: tuple[str, ...]
) -> None:
    seal(range(1, 8))
    raw = sqlite3.connect(installed / "holdfast.db", isolation_level=None)
    raw.execute("UPDATE hf_entries SET line = replace(line, 'keeper', 'nobody') WHERE seq = 3")
    raw.close()

    said = holdfast("audit", "prove", "3", *how, code=2)

    assert "Entry 3 of the record is not what was sealed." in said
    assert "Proof" not in said


def test_nothing_is_proved_of_an_entry_that_no_key_of_ours_signed(
    installed: Path, holdfast: Holdfast
) -> None:
    seal(range(1, 8))
    raw = sqlite3.connect(installed / "holdfast.db", isolation_level=None)
    (line,) = raw.execute("SELECT line FROM hf_entries WHERE seq = 3").fetchone()
    forged = json.loads(line) | {"sig": "0" * 128}
    raw.execute(
        "UPDATE hf_entries SET line = ? WHERE seq = 3",
        (audit_verifier.canonical(forged).decode(),),
    )
    raw.close()

    said = holdfast("audit", "prove", "3", code=2)

    assert "Entry 3 of the record is not what was sealed." in said
    assert "Proof" not in said


@pytest.mark.slow
def test_nothing_is_proved_of_an_entry_that_a_revoked_key_signed(
    installed: Path, holdfast: Holdfast
) -> None:
    seal(range(1, 3))
    ours = ground(None, Process.KEEPER)
    old = ours.keyring(Purpose.AUDIT).signer()
    holdfast("keys", "rotate", "audit")
    holdfast("keys", "revoke", "audit", old.public.id, "--reason", "it was in a backup")
    with ours.store() as store:
        at_the_end(store, old, a_draft(3))

    assert "Proof" in holdfast("audit", "prove", "2"), "it was signed before"
    assert "which was revoked before" in holdfast("audit", "prove", "5", code=2)


@pytest.mark.parametrize("seq", ["0", "8", "9999"])
def test_there_is_no_proof_of_what_is_not_there(
    installed: Path, holdfast: Holdfast, seq: str
) -> None:
    seal(range(1, 8))

    assert f"There is no entry {seq} among 7" in holdfast("audit", "prove", seq, code=2)


def test_the_latest_entries_are_shown(installed: Path, holdfast: Holdfast) -> None:
    seal(range(1, 8))

    said = holdfast("audit", "show", "--last", "2")
    lines_ = holdfast("audit", "show", "--kind", "proposal", "-o", "json")

    assert "Deployment/shop/web-7" in said
    assert "web-5" not in said
    assert [each["kind"] for each in map(json.loads, lines_.split("\n"))] == ["proposal"]


def test_what_a_remark_says_is_shown_and_what_is_long_is_cut(
    holdfast: Holdfast, tmp_path: Path
) -> None:
    short = Draft(id="a", kind="remark", actor="cli:ada", details={"text": "we moved db-1"})
    long = Draft(id="b", kind="remark", actor="cli:ada", details={"n": 1, "text": "x" * 900})
    path = tmp_path / "e.jsonl"
    path.write_bytes(b"".join(each.line + b"\n" for each in a_chain_of([short, long])))

    said = holdfast("audit", "show", str(path))

    assert "remark cli:ada text: we moved db-1" in said
    assert "remark cli:ada n: 1 text: xx" in said
    assert said.endswith("x…")
    assert len(said) < 700


def test_fewer_than_none_are_not_shown(installed: Path, holdfast: Holdfast) -> None:
    assert "no latest -5 entries" in holdfast("audit", "show", "--last", "-5", code=2)


def test_a_shown_name_cannot_move_the_cursor(holdfast: Holdfast, tmp_path: Path) -> None:
    evil = Draft(id="e", kind="signal", actor="serve", subjects=("Pod/x/\x1b[2J",))
    path = tmp_path / "e.jsonl"
    path.write_bytes(a_chain_of([evil])[0].line + b"\n")

    assert "\x1b" not in holdfast("audit", "show", str(path))


def test_an_export_replaces_nothing(installed: Path, holdfast: Holdfast, tmp_path: Path) -> None:
    (tmp_path / "e").write_text("mine")

    assert "is there already" in holdfast("audit", "export", str(tmp_path / "e"), code=2)
    assert (tmp_path / "e").read_text() == "mine"


def test_a_dangling_link_is_there_already_for_an_export(
    installed: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    (tmp_path / "e").symlink_to(tmp_path / "nowhere")

    for how in (("audit", "export"), ("db", "backup"), ("audit", "verifier")):
        assert "is there already" in holdfast(*how, str(tmp_path / "e"), code=2)

    assert (tmp_path / "e").is_symlink()


def piped(*arguments: str, into: bytes = b"") -> bytes:
    """What a command prints that is given that on its standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "holdfast", *arguments],
        input=into,
        capture_output=True,
        check=False,
    )
    assert (0, b"") == (done.returncode, done.stderr)
    return done.stdout


@pytest.mark.slow
def test_a_dash_is_standard_input_or_output(installed: Path, key: str, file: Path) -> None:
    seal(range(4, 7))
    keys = str(installed / "keys" / "public")

    exported = piped("audit", "export", "-")

    assert 3 == exported.count(b"\n")
    assert b"Whole: 3 entries" in piped("audit", "verify", "-", "--key", keys, into=exported)
    assert b"web-6" in piped("audit", "show", "-", "--last", "1", into=exported)


def test_a_mistyped_option_is_no_file(holdfast: Holdfast) -> None:
    assert "Unknown option: --keys" in holdfast("audit", "verify", "--keys", "k", code=2)


def an_approval(key: Path) -> Draft:
    """A person's yes as the keeper records it."""
    statement = Statement(
        v=1,
        cluster=CLUSTER,
        proposal="prp_1",
        digest="d" * 64,
        step=1,
        decision=Decision.APPROVE,
        until=datetime(2026, 1, 1, 13, tzinfo=UTC),
    ).text()
    return Draft(
        id="ent_yes",
        kind="approval",
        actor="ana",
        subjects=("prp_1",),
        details={
            "proposal": "prp_1",
            "digest": "d" * 64,
            "step": 1,
            "person": "ana",
            "statement": statement.decode(),
            "signature": sign(key, statement, NAMESPACE),
        },
    )


def a_proposal(**more: Plain) -> Draft:
    """What an approval is of, as the keeper records it."""
    told = {"proposal": "prp_1", "digest": "d" * 64, "requester": "cli:sam", "risk": "low"}
    details: dict[str, Plain] = {**told, **more}
    return Draft(id=f"ent_{more}", kind="proposal", actor="keeper", details=details)


def people_file(path: Path, *keys: Path) -> str:
    everybody = [
        {"id": f"person-{n}" if n else "ana", "identities": {"ssh": [public(each)]}}
        for n, each in enumerate(keys)
    ]
    told = {"apiVersion": "holdfast.dev/v1alpha1", "kind": "People", "people": everybody}
    path.write_text(json.dumps(told))
    return str(path)


def test_what_people_signed_is_verified_again_offline(
    holdfast: Holdfast, tmp_path: Path, key: str
) -> None:
    ana, ben = make_key(tmp_path, "ed25519"), make_key(tmp_path, "ecdsa")
    file = tmp_path / "record.jsonl"
    entries = a_chain_of([a_draft(1), an_approval(ana), a_draft(2)])
    file.write_bytes(b"".join(line + b"\n" for line in lines(entries)))
    whole = ("audit", "verify", str(file), "--key", key)

    said = holdfast(*whole, "--people", people_file(tmp_path / "people.yaml", ana, ben))
    assert "Whole: 3 entries" in said
    assert "Signed by people: 1 to approve; each by who is named." in said

    said = holdfast(*whole, "--people", people_file(tmp_path / "other.yaml", ben), code=1)
    assert "BROKEN at entry 2: its approval is nobody's: nobody in the people file has" in said
    assert "1 of what people signed is nobody's. Of the chain itself:" in said
    assert "Signed by people" not in said

    said = holdfast("audit", "show", str(file), "--kind", "approval")
    assert "approval ana prp_1" in said
    assert "with a signature, which `verify --people` verifies" in said
    assert "BEGIN SSH SIGNATURE" not in said


def test_an_act_that_nobody_signed_is_found_offline(
    holdfast: Holdfast, tmp_path: Path, key: str
) -> None:
    """Whoever holds the keeper's key can write that Ana approved the second step as well."""
    ana, file = make_key(tmp_path, "ed25519"), tmp_path / "record.jsonl"
    details = {"proposal": "prp_1", "digest": "d" * 64, "approvers": ["ana"]}
    begun = [
        Draft(id=f"i{step}", kind="intent", actor="keeper", details={**details, "step": step})
        for step in (1, 2)
    ]
    asked = ("audit", "verify", str(file), "--key", key)
    who = people_file(tmp_path / "people.yaml", ana)
    before = [*(a_proposal(step=step) for step in (1, 2)), an_approval(ana)]

    file.write_bytes(b"".join(x + b"\n" for x in lines(a_chain_of([*before, begun[0]]))))
    assert "Signed by people: 1 to approve" in holdfast(*asked, "--people", who)

    file.write_bytes(b"".join(x + b"\n" for x in lines(a_chain_of([*before, *begun]))))
    said = holdfast(*asked, "--people", who, code=1)
    assert "BROKEN at entry 5: step 2 of prp_1 was begun in the name of ana: no entry" in said
    assert "1 of what people signed is nobody's" in said


def test_what_the_keepers_key_writes_by_itself_is_told_and_read_to_the_end(
    holdfast: Holdfast, tmp_path: Path, key: str
) -> None:
    """An undo of what nobody signed, and entries of which no reader can make anything."""
    ana, file = make_key(tmp_path, "ed25519"), tmp_path / "record.jsonl"
    about: dict[str, Plain] = {"proposal": "prp_1", "digest": "d" * 64, "step": 2}
    undo: dict[str, Plain] = {**about, "undo": True, "by": "keeper"}
    told: list[tuple[str, dict[str, Plain]]] = [
        ("intent", undo),
        ("intent", {**undo, "proposal": ["prp_1"]}),
        ("approval", {"proof": ["server"]}),
    ]
    written = [
        Draft(id=f"o{n}", kind=k, actor="keeper", details=d) for n, (k, d) in enumerate(told)
    ]
    entries = a_chain_of([an_approval(ana), *written])
    file.write_bytes(b"".join(line + b"\n" for line in lines(entries)))

    who = people_file(tmp_path / "people.yaml", ana)
    said = holdfast("audit", "verify", str(file), "--key", key, "--people", who, code=1)
    assert "BROKEN at entry 2: the undo of step 2 of prp_1 was begun in the name of nobody" in said
    assert "BROKEN at entry 3: it does not say what was begun, and in whose name" in said
    assert "BROKEN at entry 4: its approval is nobody's" in said
    assert "3 of what people signed is nobody's" in said
    assert "Whole: 4 entries" in said


def test_each_word_that_nobody_signed_is_told_whatever_vouches_for_it(
    holdfast: Holdfast, tmp_path: Path, key: str
) -> None:
    """Whoever can write what waits to be sealed says that the keeper heard Ben by some channel."""
    ana, ben, file = make_key(tmp_path, "ed25519"), make_key(tmp_path, "ecdsa"), tmp_path / "r"
    about: dict[str, Plain] = {"proposal": "prp_1", "digest": "d" * 64, "step": 1}
    told: list[tuple[str, str, dict[str, Plain]]] = [
        ("approval", "person-1", {**about, "proof": "server"}),
        ("approval", "nobody", {**about, "proof": "oidc"}),
        ("rejection", "person-1", {**about, "proof": "server", "reason": "x"}),
        ("undo", "keeper", about),
        ("thawed", "person-1", {"switch": "freeze", "proof": "server"}),
    ]
    forged = [Draft(id=f"f{n}", kind=k, actor=a, details=d) for n, (k, a, d) in enumerate(told)]
    entries = a_chain_of([an_approval(ana), *forged])
    file.write_bytes(b"".join(line + b"\n" for line in lines(entries)))

    who = people_file(tmp_path / "people.yaml", ana, ben)
    said = holdfast("audit", "verify", str(file), "--key", key, "--people", who, code=1)

    for number, (kind, actor, _) in enumerate(told, 2):
        assert (
            f"BROKEN at entry {number}: its {kind} is nobody's: it names {actor}, and holds no "
            "statement with a signature."
        ) in said
    assert "5 of what people signed is nobody's. Of the chain itself:" in said
    assert "Whole: 6 entries" in holdfast("audit", "verify", str(file), "--key", key)


def test_what_does_not_follow_from_the_entries_before_it_is_told_with_their_numbers(
    holdfast: Holdfast, tmp_path: Path, key: str
) -> None:
    """Whoever can write every row has one approval carried out twice, on its own, by who asked."""
    ana, file = make_key(tmp_path, "ed25519"), tmp_path / "record.jsonl"
    about: dict[str, Plain] = {"proposal": "prp_1", "digest": "d" * 64, "step": 1}
    begun = Draft(id="i", kind="intent", actor="keeper", details={**about, "approvers": ["ana"]})
    no = Draft(id="n", kind="expired", actor="keeper", details={**about, "digest": "e" * 64})
    told = [a_proposal(risk="high", requester="cli:ana"), an_approval(ana), begun, no]
    told += [msgspec.structs.replace(each, id=f"{each.id}2") for each in told[1:3]]
    file.write_bytes(b"".join(line + b"\n" for line in lines(a_chain_of(told))))

    who = people_file(tmp_path / "people.yaml", ana)
    said = holdfast("audit", "verify", str(file), "--key", key, "--people", who, code=1)

    for each in (
        "BROKEN at entry 2: ana approved what cli:ana asked for in entry 1",
        "BROKEN at entry 4: its expired is of another content of prp_1 than entry 1",
        "BROKEN at entry 5: what ana signed counted before, in entry 2.",
        "BROKEN at entry 6: step 1 of prp_1 was begun before, in entry 3.",
        "BROKEN at entry 6: step 1 of prp_1 was begun after it was too late, in entry 4.",
        "BROKEN at entry 6: step 1 of prp_1 was begun in the name of one person, and its risk is",
        "7 times an entry does not follow from those before it. Of the chain itself:",
        "Whole: 6 entries",
    ):
        assert each in said
    assert "Signed by people" not in said
    assert "Whole: 6 entries" in holdfast("audit", "verify", str(file), "--key", key)


def test_a_people_file_that_makes_no_sense_is_refused(
    holdfast: Holdfast, file: Path, key: str, tmp_path: Path
) -> None:
    (tmp_path / "people.yaml").write_text("kind: People\n")

    said = holdfast(
        *("audit", "verify", str(file), "--key", key),
        *("--people", str(tmp_path / "people.yaml")),
        code=2,
    )
    assert "people.yaml" in said
