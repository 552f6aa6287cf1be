"""Ed25519: checking a signature, which needs no private key, and signing with one in memory."""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from holdfast.model.entries import PublicKey


@lru_cache(maxsize=64)
def _loaded(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


def check(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """Whether that key made that signature over that message."""
    try:
        _loaded(key.raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class KeyInMemory:
    """A private key that this process holds."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(raw=key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """The signature over a message."""
        return self._key.sign(message)
