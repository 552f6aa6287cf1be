"""SSH keys and signatures, as far as whoever decides and whoever computes must agree on them."""

import base64
import binascii
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache

import msgspec

from holdfast.model.ssh_keys import held, unsound


class Form(StrEnum):
    """How a signature was made."""

    ED25519 = "ssh-ed25519"
    RSA_SHA256 = "rsa-sha2-256"
    RSA_SHA512 = "rsa-sha2-512"
    ECDSA_P256 = "ecdsa-sha2-nistp256"
    ECDSA_P384 = "ecdsa-sha2-nistp384"
    ECDSA_P521 = "ecdsa-sha2-nistp521"


KEYS: dict[str, frozenset[Form]] = {
    "ssh-ed25519": frozenset({Form.ED25519}),
    "ssh-rsa": frozenset({Form.RSA_SHA256, Form.RSA_SHA512}),
    "ecdsa-sha2-nistp256": frozenset({Form.ECDSA_P256}),
    "ecdsa-sha2-nistp384": frozenset({Form.ECDSA_P384}),
    "ecdsa-sha2-nistp521": frozenset({Form.ECDSA_P521}),
}
"""The forms in which a key may sign. Keys on hardware (`sk-`) are not among them yet."""


_PARTS = {format_: 2 if format_ == "ssh-ed25519" else 3 for format_ in KEYS}


class ToCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What remains to be computed: whether that key made that signature over that message."""

    key: tuple[bytes, ...]  # its parts after the format, as SSH writes them
    form: Form
    message: bytes
    signature: bytes  # of ECDSA too, as it stood there
    pair: tuple[int, int] | None = None  # of ECDSA, its two numbers


type SshCheck = Callable[[ToCheck], bool]


def public_key(written: str) -> str:
    """The format and the key of a line of a `.pub` file, without the comment; empty if it is none.

    Options, as an `authorized_keys` may have them, are no part of a public key.
    """
    key = uncommented(written)
    return "" if no_key(key) else key


def holds_more(written: str) -> bool:
    """Whether behind a key stands another, on a line of its own or not: only the first is read.

    Each key that SSH writes begins with the length of its format's name, in base64 `AAAA`.
    """
    line, *more = written.strip().splitlines() or [""]
    return any(more) or any(word.startswith("AAAA") for word in line.split()[2:])


def uncommented(written: str) -> str:
    """The first two words of a line: of a public key, its format and itself."""
    return " ".join(written.strip().split(" ")[:2])


@lru_cache(maxsize=1024)
def no_key(key: str) -> str:
    """Why a format and a key of it are not one that we take; empty if they are."""
    format_, _, text = key.partition(" ")
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    parts = parts_of(raw)
    whole = format_ in KEYS and parts[:1] == [format_.encode()] and len(parts) == _PARTS[format_]
    if not whole or base64.b64encode(raw).decode() != text:
        return "this is no SSH public key of a format that we take"
    return unsound(format_, parts[1:])


def holder(key: str) -> str:
    """What two keys (`format base64`) have in common that one private key can sign for."""
    format_, _, text = key.partition(" ")
    return held(format_, parts_of(base64.b64decode(text))[1:])


def parts_of(raw: bytes) -> list[bytes]:
    """The strings that a key consists of; one empty one if it is cut short or goes on."""
    parts: list[bytes] = []
    while raw:
        size = int.from_bytes(raw[:4])
        parts.append(raw[4 : 4 + size])
        if len(raw) < 4 + size:
            return [b""]
        raw = raw[4 + size :]
    return parts or [b""]
