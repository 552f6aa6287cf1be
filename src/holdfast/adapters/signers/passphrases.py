"""Where a passphrase comes from: a file, or whoever sits at the terminal. Never a variable."""

import getpass
import os
import stat
from pathlib import Path

from holdfast.adapters.signers.plain import plain
from holdfast.adapters.signers.private import Passphrase
from holdfast.errors import BadInput

MOST_BYTES = 4096


def asker(file: Path | None, terminal: bool) -> Passphrase:
    """Who is asked for the passphrase of a key that is there."""

    def ask(path: Path) -> bytes | None:
        if file is not None:
            return _read(file)
        return getpass.getpass(f"Passphrase of {path}: ").encode() if terminal else None

    return ask


def asked_twice(known: Passphrase, terminal: bool) -> bytes:
    """The passphrase for a new key."""
    if not terminal:
        word = known(Path("the new key"))
    else:
        word = getpass.getpass("Passphrase for the new keys: ").encode()
        if getpass.getpass("The same again: ").encode() != word:
            raise BadInput("The two passphrases differ.", remedy="Nothing was made: try again.")
    if not word:
        raise BadInput(
            "There is no passphrase for the new keys.",
            remedy="Type one, or put it into a file and name that: HOLDFAST_PASSPHRASE_FILE",
        )
    return word


def _read(file: Path) -> bytes:
    try:
        with plain(file) as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            word = opened.read(MOST_BYTES).rstrip(b"\r\n")
    except OSError as missing:
        raise BadInput(
            f"The passphrase file {file} cannot be read: {missing.strerror}.",
            remedy="Name a file that this user may read.",
        ) from None
    if mode & 0o007:
        raise BadInput(
            f"The passphrase file {file} has mode {mode:04o}: everybody can get at it.",
            remedy=f"Change the passphrase if they may have, and close it: chmod 600 {file}",
        )
    return word
