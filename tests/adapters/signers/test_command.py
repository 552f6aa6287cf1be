"""A signer behind a command: it has a deadline, and is believed only when it signed."""

import hashlib
import stat
import sys
import time
from pathlib import Path

import pytest

from holdfast.adapters.files.whole import opened
from holdfast.adapters.signers.command import CommandSigner
from holdfast.adapters.signers.ed25519 import check
from holdfast.adapters.signers.keyrings import CommandKeys
from holdfast.adapters.signers.public import write_public
from holdfast.errors import CannotSign
from holdfast.model.keys import Purpose
from tests.audit.chains import a_key

SIGNS = """
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex("{seed}"))
sys.stdout.buffer.write(key.sign(sys.stdin.buffer.read()))
"""


def a_shell_command(folder: Path, line: str) -> list[str]:
    script = folder / "signer.sh"
    script.write_text(f"#!/bin/sh\n{line}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return [str(script)]


def refused(argv: list[str], deadline: float = 20) -> str:
    began = time.monotonic()
    with pytest.raises(CannotSign) as said:
        CommandSigner(argv, a_key().public, deadline).sign(b"told")
    assert time.monotonic() - began < deadline + 15
    assert said.value.remedy
    return said.value.wrong


def signing(folder: Path, name: str) -> list[str]:
    seed = hashlib.sha256(name.encode()).hexdigest()
    script = folder / "signs.py"
    script.write_text(f"import sys\n{SIGNS.format(seed=seed)}")
    return [sys.executable, str(script)]


def test_a_command_that_signs_is_a_signer(tmp_path: Path) -> None:
    signer = CommandSigner(signing(tmp_path, "audit"), a_key().public, 60)

    assert check(a_key().public, b"told", signer.sign(b"told"))


def test_it_is_told_which_key_is_meant(tmp_path: Path) -> None:
    argv = a_shell_command(tmp_path, f'echo "$1" > {tmp_path}/asked; exit 3')

    refused(argv)

    assert (tmp_path / "asked").read_text().strip() == a_key().public.id


def test_another_keys_signature_is_refused(tmp_path: Path) -> None:
    assert "did not answer with a signature" in refused(signing(tmp_path, "another"), 60)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("echo rubbish", "did not answer with a signature"),
        ("true", "did not answer with a signature"),
        ("head -c 64 /dev/zero", "did not answer with a signature"),
        ("cat /dev/zero", "did not answer with a signature"),
        ("echo 'no device' >&2; exit 1", "ended with 1 and said: no device"),
        ("exit 127", "ended with 127"),
        ("kill -9 $$", "ended with -9"),
    ],
)
def test_a_command_that_does_not_sign_is_refused(tmp_path: Path, line: str, wrong: str) -> None:
    assert wrong in refused(a_shell_command(tmp_path, line))


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "sleep 300",
        "sleep 300 & sleep 300",
        "exec >&-; sleep 300",
        "trap '' TERM HUP INT; while :; do sleep 1; done",
        "head -c 64 /dev/zero; sleep 300",
    ],
)
def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path, line: str) -> None:
    assert "did not answer within 0.5 s" in refused(a_shell_command(tmp_path, line), 0.5)


def test_one_that_leaves_a_child_behind_is_no_trouble(tmp_path: Path) -> None:
    line = "(sleep 300 >/dev/null 2>&1 </dev/null &) ; exit 4"

    assert "ended with 4" in refused(a_shell_command(tmp_path, line))


def test_a_command_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert "cannot be run: No such file" in refused([str(tmp_path / "missing")])


def test_a_keyring_of_a_command_knows_keys_by_their_public_halves(tmp_path: Path) -> None:
    public = tmp_path / "public"
    write_public(public, Purpose.AUDIT, a_key().public, opened)
    keys = CommandKeys(signing(tmp_path, "audit"), public, Purpose.AUDIT, 60)

    assert keys.signer().public == a_key().public
    assert check(a_key().public, b"x", keys.signer(a_key().public.id).sign(b"x"))
    with pytest.raises(CannotSign):
        keys.signer("0" * 64)
