"""Our keys as files: private halves in one folder, public halves in another."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.adapters.signers.private import Passphrase, PrivateFolder
from holdfast.adapters.signers.public import read_folder, write_public
from holdfast.model.entries import PublicKey
from holdfast.model.keys import Kept, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFiles:
    """`KeyCabinet`."""

    private: PrivateFolder
    public: Path
    passphrase: Passphrase

    def make(self, purpose: Purpose, lock: bytes | None) -> PublicKey:
        """A new key, its private half first."""
        key = self.private.make(purpose, lock)
        write_public(self.public, purpose, key, self.private.opened)
        return key

    def adopt(self, purpose: Purpose, key: PublicKey) -> None:
        """Keep the public half of a key that somebody else holds."""
        write_public(self.public, purpose, key, self.private.opened)

    def complete(self, purpose: Purpose) -> None:
        """Write public halves that are missing, as after a crash between the two."""
        there = {key.id for key in read_folder(self.public, purpose)}
        for id_ in self.private.ids(purpose):
            if id_ not in there:
                opened = self.private.open(purpose, id_, self.passphrase)
                write_public(self.public, purpose, opened.public, self.private.opened)

    def forget(self, purpose: Purpose, id_: str) -> None:
        """Remove the private half of a key whose turn is over; what it signed can be verified."""
        self.private.forget(purpose, id_)

    def all(self, purpose: Purpose) -> Sequence[Kept]:
        """What is here."""
        public = {key.id for key in read_folder(self.public, purpose)}
        private = {*self.private.ids(purpose)}
        return [
            Kept(purpose=purpose, id=id_, public=id_ in public, private=id_ in private)
            for id_ in sorted(public | private)
        ]
