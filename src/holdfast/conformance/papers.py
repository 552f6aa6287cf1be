"""Tickets and signatures, made here from keys that were made here, as honest people make them."""

import base64
import hashlib
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from holdfast.model.canonical import Plain, canonical
from holdfast.model.entries import PublicKey, base64url

ED25519 = b"ssh-ed25519"
WIDTH = 70


class Key:
    """One private key, and what it signs."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.raw = self._key.public_key().public_bytes_raw()
        self.public = PublicKey(raw=self.raw)

    @property
    def line(self) -> str:
        """As it stands in a `.pub` file."""
        return f"ssh-ed25519 {base64.b64encode(self._blob).decode()}"

    @property
    def _blob(self) -> bytes:
        return _told(ED25519) + _told(self.raw)

    def ticket(self, header: dict[str, Plain], claims: dict[str, Plain]) -> str:
        """A JSON Web Signature of anything, in canonical JSON."""
        told = f"{base64url(canonical(header))}.{base64url(canonical(claims))}"
        return f"{told}.{base64url(self._key.sign(told.encode()))}"

    def signature(self, text: bytes, purpose: str) -> bytes:
        """What an SSH signature over a text consists of, before it is armored."""
        bound = _told(purpose.encode()) + _told(b"") + _told(b"sha512")
        digest = hashlib.sha512(text).digest()
        made = self._key.sign(b"SSHSIG" + bound + _told(digest))
        version = (1).to_bytes(4)
        return b"SSHSIG" + version + _told(self._blob) + bound + _told(_told(ED25519) + _told(made))


def armored(blob: bytes) -> str:
    """As `ssh-keygen -Y sign` prints it."""
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + WIDTH] for at in range(0, len(text), WIDTH)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


def flips(raw: bytes) -> Iterator[bytes]:
    """It with each of its bits flipped."""
    for place in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[place // 8] ^= 1 << place % 8
        yield bytes(flipped)


def as_text(raw: bytes) -> str:
    """Any bytes at all, as a text that has one character for each."""
    return raw.decode("latin-1")


def _told(part: bytes) -> bytes:
    return len(part).to_bytes(4) + part
