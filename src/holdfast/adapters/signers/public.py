"""Public keys in files: all that whoever verifies needs.

A folder holds `<purpose>-<id>.pem`, and what its names say is checked against what they hold.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from holdfast.errors import BadInput
from holdfast.model.entries import PublicKey
from holdfast.model.keys import Purpose

MOST_BYTES = 1 << 16

type Opened = Callable[[Path, int], AbstractContextManager[IO[bytes]]]
"""Opens a file of that mode, which is there whole when that ends well, and else not at all."""


def read_public(path: Path) -> PublicKey:
    """The public key in a PEM file."""
    try:
        with path.open("rb") as opened:
            told = opened.read(MOST_BYTES)
    except OSError as missing:
        raise BadInput(
            f"The public key {path} cannot be read: {missing.strerror}.",
            remedy="Name a file that you may read, or a folder of such files.",
        ) from None
    if b"PRIVATE KEY" in told:
        raise BadInput(
            f"{path} holds a private key, which nobody needs in order to verify.",
            remedy="Name its public half, and keep that file where it belongs.",
        )
    try:
        key = load_pem_public_key(told)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput(
            f"{path} holds no Ed25519 public key.",
            remedy="Name a file that begins with -----BEGIN PUBLIC KEY-----, as `keys init` makes.",
        )
    return PublicKey(raw=key.public_bytes_raw())


def read_folder(folder: Path, purpose: Purpose) -> Sequence[PublicKey]:
    """The public keys for one purpose in a folder, which may not be there yet."""
    keys: list[PublicKey] = []
    for path in sorted(folder.glob(f"{purpose}-*.pem")):
        key = read_public(path)
        if path.name != file_name(purpose, key.id):
            raise BadInput(
                f"{path} holds another key than its name says, {key.id}.",
                remedy="Somebody has exchanged it: take it from where it was made.",
            )
        keys.append(key)
    return keys


def read_keys(paths: Sequence[Path], purpose: Purpose) -> Sequence[PublicKey]:
    """The keys of files and of folders, each once."""
    keys: dict[str, PublicKey] = {}
    for path in paths:
        found = read_folder(path, purpose) if path.is_dir() else [read_public(path)]
        if not found:
            raise BadInput(
                f"There is no public {purpose} key in {path}.",
                remedy=f"Name a file, or a folder with {purpose}-<id>.pem in it.",
            )
        keys |= {key.id: key for key in found}
    return list(keys.values())


def own_keys(folder: Path, purpose: Purpose) -> Sequence[PublicKey]:
    """Those of this installation, which keeps them in that folder."""
    keys = read_folder(folder, purpose)
    if not keys:
        raise BadInput(
            f"This installation has no {purpose} key: {folder} holds none.",
            remedy="Make it with `holdfast keys init`, or name one that you trust with --key.",
        )
    return keys


def write_public(folder: Path, purpose: Purpose, key: PublicKey, opened: Opened) -> Path:
    """Keep a public key, for everybody to read."""
    pem = Ed25519PublicKey.from_public_bytes(key.raw).public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    path = folder / file_name(purpose, key.id)
    with opened(path, 0o644) as file:
        file.write(pem)
    return path


def file_name(purpose: Purpose, id_: str) -> str:
    """What the file of a key is called."""
    return f"{purpose}-{id_}.pem"
