"""Private keys: nobody else can read them, and whatever is wrong with one is a sentence."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from holdfast.adapters.files.whole import opened
from holdfast.adapters.signers.ed25519 import check
from holdfast.adapters.signers.keyfiles import KeyFiles
from holdfast.adapters.signers.keyrings import FolderKeys
from holdfast.adapters.signers.private import PrivateFolder
from holdfast.adapters.signers.public import read_folder, read_keys
from holdfast.errors import BadInput, CannotSign
from holdfast.model.keys import Kept, Purpose

AUDIT, TICKETS = Purpose.AUDIT, Purpose.TICKETS


def nobody(_: Path) -> None:
    """Nobody to ask for a passphrase."""


def says(word: bytes) -> Callable[[Path], bytes]:
    return lambda _: word


@pytest.fixture
def files(tmp_path: Path) -> KeyFiles:
    private = PrivateFolder(path=tmp_path / "keys" / "private", opened=opened)
    return KeyFiles(private=private, public=tmp_path / "keys" / "public", passphrase=nobody)


def private_file(files: KeyFiles, purpose: Purpose = AUDIT) -> Path:
    return next(files.private.path.glob(f"{purpose}-*.pem"))


def test_a_key_that_was_made_signs_and_its_public_half_alone_verifies(files: KeyFiles) -> None:
    made = files.make(AUDIT, None)

    signature = FolderKeys(files.private, AUDIT, nobody).signer().sign(b"told")

    (public,) = read_keys([files.public], AUDIT)
    assert public == made
    assert check(public, b"told", signature)
    assert not check(public, b"else", signature)


def test_only_the_owner_can_get_at_a_private_key(files: KeyFiles) -> None:
    files.make(AUDIT, None)

    assert stat.S_IMODE(files.private.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(private_file(files).stat().st_mode) == 0o600
    assert [f.name for f in files.private.path.iterdir()] == [private_file(files).name]


def test_a_key_of_one_purpose_is_none_of_the_other(files: KeyFiles) -> None:
    files.make(TICKETS, None)

    with pytest.raises(CannotSign):
        FolderKeys(files.private, AUDIT, nobody).signer()
    with pytest.raises(BadInput):
        read_keys([files.public], AUDIT)


def test_a_locked_key_is_opened_once_with_its_passphrase(files: KeyFiles) -> None:
    made = files.make(AUDIT, b"correct horse")
    asked: list[Path] = []

    def ask(path: Path) -> bytes:
        asked.append(path)
        return b"correct horse"

    keys = FolderKeys(files.private, AUDIT, ask)

    assert keys.signer(made.id).public == made
    assert keys.signer().public == made
    assert asked == [private_file(files)]
    assert b"ENCRYPTED" in private_file(files).read_bytes()


def refused(files: KeyFiles, word: Callable[[Path], bytes | None] = nobody, id_: str = "") -> str:
    with pytest.raises(CannotSign) as said:
        FolderKeys(files.private, AUDIT, word).signer(id_)
    assert said.value.wrong.count(". ") == 0  # one sentence
    assert said.value.remedy
    return said.value.wrong


def test_a_wrong_passphrase_is_said(files: KeyFiles) -> None:
    files.make(AUDIT, b"correct horse")

    assert "does not open" in refused(files, says(b"battery"))
    assert "there is none" in refused(files, nobody)
    assert "there is none" in refused(files, says(b""))


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o660, 0o610])
def test_a_file_that_others_can_get_at_is_refused(files: KeyFiles, mode: int) -> None:
    files.make(AUDIT, None)
    private_file(files).chmod(mode)

    assert f"mode {mode:04o}" in refused(files)


@pytest.mark.parametrize("mode", [0o701, 0o750, 0o755, 0o770])
def test_a_folder_that_others_can_get_into_is_refused(files: KeyFiles, mode: int) -> None:
    files.make(AUDIT, None)
    files.private.path.chmod(mode)

    assert f"mode {mode:04o}" in refused(files)
    with pytest.raises(CannotSign):
        files.make(TICKETS, None)


@pytest.mark.parametrize(("mode", "fits"), [(0o400, True), (0o440, True), (0o444, False)])
def test_of_a_mounted_secret_the_group_may_read(files: KeyFiles, mode: int, fits: bool) -> None:
    made = files.make(AUDIT, None)
    private_file(files).chmod(mode)
    files.private.path.chmod(0o755)
    mounted = FolderKeys(
        PrivateFolder(path=files.private.path, opened=opened, mounted=True), AUDIT, nobody
    )

    if fits:
        assert mounted.signer().public == made
    else:
        with pytest.raises(CannotSign):
            mounted.signer()


def test_nothing_is_made_or_removed_in_what_is_mounted(files: KeyFiles) -> None:
    made = files.make(AUDIT, None)
    mounted = PrivateFolder(path=files.private.path, opened=opened, mounted=True)

    with pytest.raises(CannotSign):
        mounted.make(AUDIT, None)
    with pytest.raises(CannotSign):
        mounted.forget(AUDIT, made.id)

    assert private_file(files).exists()


def test_a_key_that_is_not_there_is_said(files: KeyFiles) -> None:
    assert "no audit key" in refused(files)
    files.make(AUDIT, None)

    assert "is not there" in refused(files, id_="0" * 64)


def test_of_several_none_is_taken_without_its_turn(files: KeyFiles) -> None:
    first, _ = files.make(AUDIT, None), files.make(AUDIT, None)

    assert "several" in refused(files)
    assert FolderKeys(files.private, AUDIT, nobody).signer(first.id).public == first


@pytest.mark.parametrize("content", [b"", b"rubbish", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_is_no_key_is_refused(files: KeyFiles, content: bytes) -> None:
    files.make(AUDIT, None)
    private_file(files).write_bytes(content)

    assert "no Ed25519 private key" in refused(files)


@pytest.mark.slow
def test_a_key_of_another_sort_is_refused(files: KeyFiles) -> None:
    files.make(AUDIT, None)
    rsa = generate_private_key(65537, 2048)
    pem = rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    private_file(files).write_bytes(pem)

    assert "no Ed25519 private key" in refused(files)


def test_an_exchanged_key_is_found_by_its_name(files: KeyFiles) -> None:
    files.make(AUDIT, None)
    kept = private_file(files)
    files.make(TICKETS, None)
    private_file(files, TICKETS).replace(kept)

    assert "another key than its name" in refused(files)


def test_an_exchanged_public_key_is_found_by_its_name(files: KeyFiles) -> None:
    files.make(AUDIT, None)
    files.make(TICKETS, None)
    audit, tickets = sorted(files.public.iterdir())
    tickets.replace(audit)

    with pytest.raises(BadInput) as said:
        read_folder(files.public, AUDIT)

    assert "another key than its name" in said.value.wrong


def test_a_private_key_is_not_taken_where_a_public_one_is_asked_for(files: KeyFiles) -> None:
    files.make(AUDIT, None)

    with pytest.raises(BadInput) as said:
        read_keys([private_file(files)], AUDIT)

    assert "holds a private key" in said.value.wrong


@pytest.mark.parametrize("content", [b"", b"rubbish", b"-----BEGIN PUBLIC KEY-----\nAAAA\n"])
def test_a_file_that_is_no_public_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "k.pem").write_bytes(content)

    with pytest.raises(BadInput):
        read_keys([tmp_path / "k.pem"], AUDIT)
    with pytest.raises(BadInput):
        read_keys([tmp_path / "missing.pem"], AUDIT)


def test_a_public_half_that_a_crash_left_out_is_made_again(files: KeyFiles) -> None:
    made = files.make(AUDIT, None)
    next(files.public.iterdir()).unlink()
    assert files.all(AUDIT) == [Kept(purpose=AUDIT, id=made.id, public=False, private=True)]

    files.complete(AUDIT)

    assert files.all(AUDIT) == [Kept(purpose=AUDIT, id=made.id, public=True, private=True)]


def test_what_is_forgotten_can_still_be_verified(files: KeyFiles) -> None:
    made = files.make(AUDIT, None)

    files.forget(AUDIT, made.id)

    assert files.all(AUDIT) == [Kept(purpose=AUDIT, id=made.id, public=True, private=False)]
