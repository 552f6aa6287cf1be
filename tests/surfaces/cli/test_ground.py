"""`holdfast db` and `holdfast keys` on real files: what they do, and what they say."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from holdfast.adapters.files.whole import opened
from holdfast.adapters.signers.ed25519 import check
from holdfast.adapters.signers.public import read_keys, write_public
from holdfast.audit.checkpoints import body, note
from holdfast.audit.verification import Verified, Verifier
from holdfast.errors import CannotSign
from holdfast.model.access import Process
from holdfast.model.keys import Purpose
from holdfast.wiring.footing import ground
from tests.adapters.signers.test_command import signing
from tests.adapters.stores.test_definitions import SWALLOWING, made_again
from tests.adapters.stores.test_upkeep import SWALLOWS
from tests.audit.chains import CLUSTER, a_draft, a_key
from tests.surfaces.cli.conftest import Holdfast


def seal(numbers: range) -> None:
    """Have something in the record, as the keeper would."""
    ours = ground(None, Process.KEEPER)
    with ours.store() as store:
        with store.transaction() as tx:
            for number in numbers:
                tx.records.submit(a_draft(number))
        ours.sealer(store, None).batch()


def record(home: Path) -> Verified:
    ours = ground(None)
    verifier = Verifier(read_keys([home / "keys" / "public"], Purpose.AUDIT), check)
    with ours.store() as store, store.reading() as tx:
        for line in tx.records.lines():
            verifier.take(line)
    return verifier.outcome()


def anchor(home: Path, path: Path | None = None) -> None:
    """Keep a checkpoint of the record as it is now."""
    ours = ground(None)
    with ours.store() as store, store.reading() as tx:
        tip = tx.records.tip()
    assert tip is not None
    signer = ours.keyring(Purpose.AUDIT).signer(tip.key)
    signed = note(tip, signer.public, signer.sign(body(tip)))
    ours.keep_note(signed, f"{tip.chain}.note", path)


def test_an_upgrade_makes_the_tables_and_says_so(home: Path, holdfast: Holdfast) -> None:
    said = holdfast("db", "upgrade", "--cluster", CLUSTER)

    assert f"was brought to revision 0004, for cluster {CLUSTER}" in said
    assert (home / "holdfast.db").stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o777 == 0o700
    assert "is already at revision 0004" in holdfast("db", "upgrade")


def test_an_upgrade_for_another_cluster_is_refused(installed: Path, holdfast: Holdfast) -> None:
    assert "belongs to the cluster" in holdfast("db", "upgrade", "--cluster", "other", code=2)


def test_where_anchors_know_a_record_no_other_one_is_begun(
    installed: Path, holdfast: Holdfast
) -> None:
    seal(range(1, 4))
    anchor(installed)
    (installed / "holdfast.db").rename(installed / "elsewhere")

    said = holdfast("db", "upgrade", "--cluster", CLUSTER, code=2)

    assert "is empty, and an anchor knows a record of 3 entries" in said
    assert "holdfast db restore" in said
    assert not (installed / "holdfast.db").exists()


def test_the_disk_of_a_database_that_is_elsewhere_is_looked_at(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("HOLDFAST_DATABASE", f"sqlite:///{tmp_path}/elsewhere/holdfast.db")

    assert ground(None).disk()[-1][0] == tmp_path / "elsewhere"


def test_a_check_says_how_it_stands(installed: Path, holdfast: Holdfast) -> None:
    seal(range(1, 4))
    anchor(installed)

    said = holdfast("db", "check")

    assert "is as this version wants it" in said
    assert "3 entries, epoch 0" in said
    assert "anchors 1, the longest of 3 entries" in said
    assert "verified not here, which would read all of it: holdfast audit verify" in said


@pytest.mark.parametrize("anchored", [True, False], ids=["with an anchor", "without an anchor"])
def test_a_check_notices_that_the_entries_are_gone(
    installed: Path, holdfast: Holdfast, anchored: bool
) -> None:
    seal(range(1, 4))
    if anchored:
        anchor(installed)
    with closing(sqlite3.connect(installed / "holdfast.db", autocommit=True)) as other:
        other.execute("DELETE FROM hf_entries")

    said = holdfast("db", "check", code=2)

    assert "The chain should end with entry 3, and none is" in said
    assert "holdfast audit verify" in said


def test_a_check_names_a_trigger_that_somebody_planted(installed: Path, holdfast: Holdfast) -> None:
    raw = sqlite3.connect(installed / "holdfast.db")
    raw.execute(SWALLOWS["sqlite"][0])
    raw.close()

    said = holdfast("db", "check", code=2)

    assert "holds what Holdfast has not made: the trigger swallow of hf_drafts" in said
    assert "find out who made that" in said


def test_a_check_names_a_table_that_somebody_made_again(
    installed: Path, holdfast: Holdfast
) -> None:
    made_again(installed / "holdfast.db", "hf_drafts", "UNIQUE (id)", SWALLOWING)

    said = holdfast("db", "check", code=2)

    assert "holds what Holdfast has not made: the definition of hf_drafts" in said
    assert "holdfast db restore" in said


@pytest.mark.slow
def test_what_was_altered_is_made_anew_by_a_backup_and_a_restore(
    installed: Path, holdfast: Holdfast, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_again(installed / "holdfast.db", "hf_drafts", "UNIQUE (id)", SWALLOWING)
    holdfast("db", "backup", f"{installed}/kept")
    monkeypatch.setenv("HOLDFAST_DATABASE", f"sqlite:///{installed}/new.db")
    holdfast("db", "restore", f"{installed}/kept")

    assert "is as this version wants it" in holdfast("db", "check")


def test_a_check_where_there_is_no_folder_says_so_and_makes_none(
    home: Path, holdfast: Holdfast
) -> None:
    assert not home.exists()

    said = holdfast("db", "check", code=2)

    assert f"{home}/holdfast.db is not there, and neither is its folder." in said
    assert "holdfast db upgrade" in said
    assert not home.exists()


def test_a_check_of_nothing_says_what_to_do(home: Path, holdfast: Holdfast) -> None:
    home.mkdir()
    assert "has no tables yet. Make them with: holdfast db upgrade" in holdfast(
        "db", "check", code=2
    )


def test_grants_are_printed_for_whoever_runs_the_server(holdfast: Holdfast) -> None:
    said = holdfast("db", "grants", "--serve", "front", "--keeper", "back")

    assert said.endswith("COMMIT;")
    assert 'GRANT SELECT, INSERT ON TABLE hf_letters TO "front";' in said


def test_grants_are_refused_where_there_are_no_roles(installed: Path, holdfast: Holdfast) -> None:
    assert "SQLite knows no roles" in holdfast("db", "grants", "--apply", code=2)


@pytest.mark.slow
@pytest.mark.xdist_group("postgres")
def test_grants_are_given(
    holdfast: Holdfast, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute(b"CREATE ROLE front; CREATE ROLE back")
    monkeypatch.setenv("HOLDFAST_DATABASE", postgres_database)
    holdfast("db", "upgrade", "--cluster", CLUSTER)

    said = holdfast("db", "grants", "--serve", "front", "--keeper", "back", "--apply")

    assert "front has those of serve, back has those of keeper" in said
    with psycopg.connect(postgres_database) as connection:
        may = "SELECT has_table_privilege('front', 'hf_letters', 'INSERT')"
        assert (True,) == connection.execute(may).fetchone()


def test_keys_are_made_once(home: Path, holdfast: Holdfast) -> None:
    first = holdfast("keys", "init")
    again = holdfast("keys", "init")

    assert first.count(" made") == 2
    assert again.count(" here") == 2
    assert len(list((home / "keys" / "private").iterdir())) == 2


@pytest.mark.slow
def test_keys_are_listed_with_what_the_record_says(installed: Path, holdfast: Holdfast) -> None:
    seal(range(1, 2))
    old = record(installed).keys[0]
    holdfast("keys", "rotate", "audit")
    holdfast("keys", "revoke", "audit", old, "--reason", "an exercise")

    said = holdfast("keys", "list")

    assert f"audit {old} public half only, revoked" in said
    assert said.count("signs now") == 1
    assert said.count("tickets") == 1


def test_before_there_is_a_database_keys_are_listed_all_the_same(holdfast: Holdfast) -> None:
    assert "There are no keys here" in holdfast("keys", "list")
    holdfast("keys", "init")

    assert "is not known: The database" in holdfast("keys", "list")


@pytest.mark.slow
@pytest.mark.parametrize("entries", [0, 3])
def test_a_rotation_leaves_one_private_key_and_a_chain_that_goes_on(
    installed: Path, holdfast: Holdfast, entries: int
) -> None:
    seal(range(1, 1 + entries))

    holdfast("keys", "rotate", "audit")
    seal(range(11, 13))

    outcome = record(installed)
    assert (outcome.broken, outcome.entries, len(outcome.keys)) == (None, entries + 3, 2)
    private = [f.name for f in (installed / "keys" / "private").glob("audit-*")]
    assert private == [f"audit-{outcome.keys[1]}.pem"]


def test_a_rotation_of_ticket_keys_is_told_in_the_record(
    installed: Path, holdfast: Holdfast
) -> None:
    holdfast("keys", "rotate", "tickets")

    assert record(installed).entries == 1
    assert len(list((installed / "keys" / "private").glob("tickets-*"))) == 1
    assert len(list((installed / "keys" / "public").glob("tickets-*"))) == 2


@pytest.mark.slow
def test_the_key_that_signs_is_not_revoked(installed: Path, holdfast: Holdfast) -> None:
    seal(range(1, 2))
    key = record(installed).keys[0]

    said = holdfast("keys", "revoke", "audit", key, "--reason", "an exercise", code=2)

    assert f"Key {key} is the one that signs now" in said
    assert "holdfast keys rotate audit" in said
    assert record(installed).entries == 1
    assert list((installed / "keys" / "private").glob("audit-*"))


@pytest.mark.slow
def test_a_key_is_revoked_once_by_as_much_of_its_id_as_tells_it_apart(
    installed: Path, holdfast: Holdfast
) -> None:
    seal(range(1, 2))
    old = record(installed).keys[0]
    holdfast("keys", "rotate", "audit")
    revoke = ("keys", "revoke", "audit")

    assert "There is no audit key" in holdfast(*revoke, old[:11], "--reason", "x", code=2)
    assert "Revoked by entry 3" in holdfast(*revoke, old[:12], "--reason", "x")
    assert f"Key {old} was revoked already" in holdfast(*revoke, old, "--reason", "x", code=2)

    assert record(installed).entries == 3


def test_a_fresh_key_that_will_sign_is_not_revoked(installed: Path, holdfast: Holdfast) -> None:
    (key,) = (installed / "keys" / "private").glob("audit-*")
    id_ = key.stem.removeprefix("audit-")

    assert "is the one that signs now" in holdfast(
        "keys", "revoke", "audit", id_, "--reason", "x", code=2
    )


def test_a_remark_of_bytes_that_are_no_text_is_refused_for_that(
    installed: Path, holdfast: Holdfast
) -> None:
    said = holdfast("audit", "remark", "bad \udcff", code=2)

    assert "a text holds half a character" in said
    assert "Write it in UTF-8" in said


def test_a_key_of_nobody_is_not_revoked(installed: Path, holdfast: Holdfast) -> None:
    assert "There is no audit key" in holdfast(
        "keys", "revoke", "audit", "0" * 64, "--reason", "x", code=2
    )


@pytest.mark.slow
def test_locked_keys_need_their_passphrase(
    home: Path, holdfast: Holdfast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = tmp_path / "word"
    word.write_text("correct horse\n")
    word.chmod(0o600)
    assert "There is no passphrase" in holdfast("keys", "init", "--passphrase", code=2)
    monkeypatch.setenv("HOLDFAST_PASSPHRASE_FILE", str(word))
    holdfast("keys", "init", "--passphrase")
    holdfast("db", "upgrade", "--cluster", CLUSTER)

    seal(range(1, 3))

    assert record(home).entries == 2
    word.write_text("battery")
    assert "does not open" in holdfast("keys", "rotate", "audit", code=2)
    word.chmod(0o644)
    assert "everybody can get at it" in holdfast("keys", "rotate", "audit", code=2)


@pytest.mark.slow
def test_a_signer_command_takes_over(
    installed: Path, holdfast: Holdfast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal(range(1, 3))
    public = write_public(tmp_path / "elsewhere", Purpose.AUDIT, a_key().public, opened)

    holdfast("keys", "rotate", "audit", "--to", str(public))
    monkeypatch.setenv("HOLDFAST_SIGNER", " ".join(signing(tmp_path, "audit")))
    monkeypatch.setenv("HOLDFAST_SIGNER_TIMEOUT", "60")
    seal(range(3, 4))

    outcome = record(installed)
    assert (outcome.broken, outcome.entries) == (None, 4)
    assert outcome.keys[1] == a_key().public.id
    assert not list((installed / "keys" / "private").glob("audit-*"))


@pytest.mark.slow
def test_a_backup_is_restored_and_what_was_lost_is_accepted(
    installed: Path, holdfast: Holdfast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal(range(1, 4))
    assert "3 entries of the record" in holdfast("db", "backup", str(tmp_path / "b"))
    seal(range(4, 6))
    anchor(installed)
    assert "is not empty" in holdfast("db", "restore", str(tmp_path / "b"), code=2)
    monkeypatch.setenv("HOLDFAST_DATABASE", f"sqlite:///{tmp_path}/new.db")

    said = holdfast("db", "restore", str(tmp_path / "b"), code=1)

    assert "Its chain verifies" in said
    assert "an anchor knows 5" in said
    assert "an anchor knows 5" in holdfast("db", "check", code=2)
    assert "an anchor knows 5" in holdfast("keys", "rotate", "audit", code=2)
    assert "for a reason" in holdfast("db", "accept-restore", "--reason", " ", code=2)
    said = holdfast("db", "accept-restore", "--reason", "the disk died")
    assert "Accepted as entry 4, which begins epoch 1" in said
    assert "so is what was proposed or approved" in said
    holdfast("db", "check")
    assert "nothing was lost" in holdfast("db", "accept-restore", "--reason", "again", code=2)
    outcome = record(installed)
    assert (outcome.broken, [each.epoch for each in outcome.restores]) == (None, [1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "wrong"),
    [
        (
            "UPDATE hf_entries SET line = replace(line, 'keeper', 'nobody') WHERE seq = 2",
            "does not verify from entry 2 on: its hash is not that of what it says",
        ),
        ("DELETE FROM hf_entries", "The chain should end with entry 4, and none is"),
        ("DELETE FROM hf_entries; DELETE FROM hf_tips", "an anchor knows 4"),
        ("UPDATE hf_facts SET cluster_uid = 'bad uid!'", "cannot be the uid of a cluster"),
    ],
)
def test_a_backup_that_cannot_be_relied_on_is_written_and_said(
    installed: Path, holdfast: Holdfast, tmp_path: Path, damage: str, wrong: str
) -> None:
    seal(range(1, 5))
    holdfast("audit", "anchor")
    with closing(sqlite3.connect(installed / "holdfast.db", isolation_level=None)) as raw:
        raw.executescript(damage)

    said = holdfast("db", "backup", str(tmp_path / "b"), code=1)

    assert f"Written to {tmp_path}/b" in said
    assert "It is no backup to rely on: " in said
    assert wrong in said
    assert (tmp_path / "b").is_file()


@pytest.mark.slow
def test_a_backup_where_no_public_key_is_says_what_is_not_known(
    installed: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    seal(range(1, 5))
    for key in (installed / "keys" / "public").glob("audit-*"):
        key.unlink()

    said = holdfast("db", "backup", str(tmp_path / "b"))

    assert "Whether its record verifies is not known: This installation has no audit key" in said
    assert "Name a public key with --key" in said


@pytest.mark.slow
@pytest.mark.parametrize(("damage", "code"), [("", 0), ("DELETE FROM hf_entries", 1)])
def test_a_backup_is_verified_by_the_public_key_that_is_named(
    installed: Path, holdfast: Holdfast, tmp_path: Path, damage: str, code: int
) -> None:
    seal(range(1, 5))
    elsewhere = tmp_path / "elsewhere"
    (installed / "keys" / "public").rename(elsewhere)
    with closing(sqlite3.connect(installed / "holdfast.db", isolation_level=None)) as raw:
        raw.executescript(damage)

    said = holdfast("db", "backup", str(tmp_path / "b"), "--key", str(elsewhere), code=code)

    assert "is not known" not in said
    assert bool(damage) is ("It is no backup to rely on: " in said)


def test_a_public_key_that_is_not_there_is_said_before_a_backup_is_written(
    installed: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    seal(range(1, 5))
    holdfast("db", "backup", str(tmp_path / "b"), "--key", str(tmp_path / "none"), code=2)
    assert not (tmp_path / "b").exists()


@pytest.mark.slow
def test_a_record_whose_key_is_lost_goes_on_in_a_new_epoch(
    installed: Path, holdfast: Holdfast
) -> None:
    seal(range(1, 4))
    anchor(installed)
    (lost,) = (installed / "keys" / "private").glob("audit-*")
    lost.unlink()
    for _ in range(2):  # without any key, and with one whose turn it is not
        with pytest.raises(CannotSign) as said:
            seal(range(4, 5))
        assert "holdfast keys init" in said.value.remedy
        assert "holdfast db accept-restore --reason" in said.value.remedy
        with ground(None).store() as store, store.transaction() as tx:
            tx.records.discard([a_draft(4).id])
        holdfast("keys", "init")

    said_ = holdfast("db", "accept-restore", "--reason", "the key went with a disk")

    assert "Accepted as entry 4, which begins epoch 1" in said_
    seal(range(4, 5))
    outcome = record(installed)
    assert (outcome.broken, outcome.entries, len(outcome.keys)) == (None, 5, 2)
    assert "Whole: 5 entries" in holdfast("audit", "verify")
    holdfast("db", "check")
    assert "nothing was lost" in holdfast("db", "accept-restore", "--reason", "again", code=2)


@pytest.mark.slow
def test_a_backup_is_not_restored_without_the_key_of_its_record(
    installed: Path, holdfast: Holdfast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal(range(1, 4))
    holdfast("db", "backup", str(tmp_path / "b"))
    monkeypatch.setenv("HOLDFAST_DATABASE", f"sqlite:///{tmp_path}/new.db")
    other = write_public(tmp_path / "other", Purpose.AUDIT, a_key().public, opened)

    said = holdfast("db", "restore", str(tmp_path / "b"), "--key", str(other), code=2)

    assert "does not verify from entry 1 on" in said
    assert not list(tmp_path.glob("new.db*"))
    assert "has no tables yet" in holdfast("db", "check", code=2)


@pytest.mark.slow
def test_an_anchor_that_nobody_signed_is_not_believed(installed: Path, holdfast: Holdfast) -> None:
    seal(range(1, 3))
    anchor(installed)
    (kept,) = (installed / "anchors").iterdir()
    kept.write_bytes(kept.read_bytes().replace(b"\n2\n", b"\n9\n", 1))

    assert "no checkpoint to rely on" in holdfast("db", "check", code=2)


@pytest.mark.parametrize("text", ["", " ", "x" * 4001])
def test_a_remark_says_something_and_not_too_much(
    installed: Path, holdfast: Holdfast, text: str
) -> None:
    assert "a text of at most 4000 characters" in holdfast("audit", "remark", text, code=2)


def test_without_a_keeper_a_remark_waits_and_one_sentence_says_so(
    installed: Path, holdfast: Holdfast
) -> None:
    said = holdfast("audit", "remark", "we moved db-1 by hand")

    assert said.startswith("It waits in the inbox as ltr_")
    assert said.endswith(
        "because no keeper is alive. Start one with `holdfast serve --with-keeper`, or "
        "`holdfast keeper`."
    )


def test_a_backup_into_no_folder_names_the_file_that_was_asked_for(
    installed: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    wanted = tmp_path / "nowhere" / "b"

    said = holdfast("db", "backup", str(wanted), code=2)

    assert f"The system refused: {wanted}: No such file or directory." in said


@pytest.mark.slow
def test_a_database_that_went_on_elsewhere_is_not_given_up_once_more(
    installed: Path, holdfast: Holdfast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_ANCHORS", str(tmp_path / "anchors"))
    seal(range(1, 3))
    holdfast("db", "backup", str(tmp_path / "b"))
    with monkeypatch.context() as new:
        new.setenv("HOLDFAST_DATABASE", f"sqlite:///{tmp_path}/new.db")
        holdfast("db", "restore", str(tmp_path / "b"))
        holdfast("db", "accept-restore", "--reason", "an exercise")
        holdfast("audit", "anchor")

    said = holdfast("db", "check", code=2)

    assert "The chain is in epoch 0 (2 entries), and an anchor knows 3 entries in epoch 1" in said
    assert "Name that database with HOLDFAST_DATABASE" in said


@pytest.mark.slow
def test_where_only_the_revision_is_gone_nothing_is_said_to_be_empty(
    installed: Path, holdfast: Holdfast, tmp_path: Path
) -> None:
    seal(range(1, 3))
    holdfast("db", "backup", str(tmp_path / "b"))
    holdfast("audit", "anchor")
    with closing(sqlite3.connect(installed / "holdfast.db", isolation_level=None)) as raw:
        raw.execute("DELETE FROM hf_revision")

    for words in (("check",), ("upgrade",)):
        assert "half upgraded or damaged" in holdfast("db", *words, code=2)
    assert "is not empty" in holdfast("db", "restore", str(tmp_path / "b"), code=2)


def test_a_backup_is_refused_where_there_is_no_database(holdfast: Holdfast, tmp_path: Path) -> None:
    assert "holdfast db check" in holdfast("db", "backup", str(tmp_path / "b"), code=2)
    assert not list(tmp_path.glob("*b"))
