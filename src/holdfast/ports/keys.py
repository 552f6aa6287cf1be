"""Our keys: whoever signs with them, and where they are kept."""

from collections.abc import Sequence
from typing import Protocol

from holdfast.model.entries import PublicKey
from holdfast.model.keys import Kept, Purpose


class Signer(Protocol):
    """A private key that is somewhere: in memory, behind a command, in a device."""

    @property
    def public(self) -> PublicKey:
        """The key's public half."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature over a message. Raises `CannotSign`, and then nothing was signed."""
        ...


class Keyring(Protocol):
    """The private keys that we may use for one purpose."""

    def signer(self, id: str = "") -> Signer:  # noqa: A002 - the word of the record
        """The key of that id; the only one, if none is named. Raises `CannotSign` without it."""
        ...


class KeyCabinet(Protocol):
    """Where our keys are kept, private and public halves apart."""

    def make(self, purpose: Purpose, lock: bytes | None) -> PublicKey:
        """A new key, locked with that passphrase. Raises `CannotSign` where none can be made."""
        ...

    def adopt(self, purpose: Purpose, key: PublicKey) -> None:
        """Keep the public half of a key that somebody else holds."""
        ...

    def complete(self, purpose: Purpose) -> None:
        """Write public halves that are missing."""
        ...

    def forget(self, purpose: Purpose, id_: str) -> None:
        """Remove the private half of a key whose turn is over."""
        ...

    def all(self, purpose: Purpose) -> Sequence[Kept]:
        """What is here."""
        ...
