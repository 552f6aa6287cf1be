"""Private keys in files that nobody else can read.

- Ours: `<purpose>-<id>.pem`, mode 0600, in a folder of mode 0700. A looser one is refused, not
  mended: whoever could read it may have read it.
- Mounted from a Secret: the same names; the group may read (that is how a pod is let in), others
  may not.
- PKCS#8, locked with a passphrase if there is one.
"""

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from holdfast.adapters.signers.ed25519 import KeyInMemory
from holdfast.adapters.signers.plain import plain
from holdfast.adapters.signers.public import MOST_BYTES, Opened, file_name
from holdfast.errors import CannotSign
from holdfast.model.entries import PublicKey
from holdfast.model.keys import Purpose

LOST = (
    "If it is lost for good: holdfast keys init, and for an audit key then: "
    "holdfast db accept-restore --reason '...'"
)

type Passphrase = Callable[[Path], bytes | None]
"""Asked with the file that is locked; None when there is nobody to ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateFolder:
    """Where private keys are."""

    path: Path
    opened: Opened  # how a file is written
    mounted: bool = False

    def ids(self, purpose: Purpose) -> Sequence[str]:
        """The ids of the keys for one purpose, by the names of their files."""
        files = sorted(self.path.glob(f"{purpose}-*.pem"))
        return [each.stem.removeprefix(f"{purpose}-") for each in files]

    def open(self, purpose: Purpose, id_: str, passphrase: Passphrase) -> KeyInMemory:
        """The key of that id."""
        path = self.path / file_name(purpose, id_)
        key = KeyInMemory(_unlocked(path, self._read(path), passphrase))
        if key.public.id != id_:
            raise CannotSign(
                f"{path} holds another key than its name says, {key.public.id}.",
                remedy="Take it from its backup, or rotate: holdfast keys rotate",
            )
        return key

    def make(self, purpose: Purpose, passphrase: bytes | None) -> PublicKey:
        """A new key, kept here before anybody hears of it."""
        self._ours()
        made = Ed25519PrivateKey.generate()
        public = KeyInMemory(made).public
        lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
        with self.opened(self.path / file_name(purpose, public.id), 0o600) as file:
            file.write(pem)
        return public

    def forget(self, purpose: Purpose, id_: str) -> None:
        """Remove a key, which signs nothing any more."""
        self._ours()
        (self.path / file_name(purpose, id_)).unlink(missing_ok=True)

    def _ours(self) -> None:
        """The folder as it must be, made if it is not there."""
        if self.mounted:
            raise CannotSign(
                f"{self.path} is mounted: keys in it are made and removed where it comes from.",
                remedy="Change the Secret, and name the public half with --to.",
            )
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_open(self.path, self.path.stat(), allowed=0o700)

    def _read(self, path: Path) -> bytes:
        try:
            if not self.mounted:
                _refuse_open(self.path, self.path.stat(), allowed=0o700)
            with plain(path) as opened:
                _refuse_open(
                    path, os.fstat(opened.fileno()), allowed=0o750 if self.mounted else 0o600
                )
                return opened.read(MOST_BYTES)
        except FileNotFoundError:
            raise CannotSign(
                f"The private key {path} is not there.",
                remedy=f"Bring it from its backup. {LOST}",
            ) from None
        except OSError as refused:
            raise CannotSign(
                f"The private key {path} cannot be read: {refused.strerror}.",
                remedy="Run as the user whose it is.",
            ) from None


def _refuse_open(path: Path, seen: os.stat_result, *, allowed: int) -> None:
    mode = stat.S_IMODE(seen.st_mode)
    if mode & ~allowed & 0o777:
        kind = "folder" if stat.S_ISDIR(seen.st_mode) else "file"
        how = f"chmod {allowed:o} {path}" if allowed != 0o750 else "set defaultMode: 0440"
        raise CannotSign(
            f"The {kind} {path} has mode {mode:04o}: others than its owner can get at the key.",
            remedy=f"Rotate the key if they may have, and close it: {how}",
        )


def _unlocked(path: Path, pem: bytes, passphrase: Passphrase) -> Ed25519PrivateKey:
    locked = b"ENCRYPTED PRIVATE KEY" in pem
    word = passphrase(path) if locked else None
    if locked and not word:
        raise CannotSign(
            f"The private key {path} is locked with a passphrase, and there is none.",
            remedy="Put it into a file of mode 0600, and name that: HOLDFAST_PASSPHRASE_FILE",
        )
    try:
        key = load_pem_private_key(pem, password=word)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if locked:
            raise CannotSign(
                f"The passphrase does not open the private key {path}.",
                remedy="Give the one with which it was made.",
            ) from None
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise CannotSign(
            f"{path} holds no Ed25519 private key.",
            remedy=f"Take it from its backup. {LOST}",
        )
    return key
