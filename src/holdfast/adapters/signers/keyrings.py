"""Keyrings: the keys of one purpose, from a folder or behind a command."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from holdfast.adapters.signers.command import CommandSigner
from holdfast.adapters.signers.ed25519 import KeyInMemory
from holdfast.adapters.signers.keyfiles import KeyFiles
from holdfast.adapters.signers.private import Passphrase, PrivateFolder
from holdfast.adapters.signers.public import read_folder
from holdfast.errors import BadInput, CannotSign
from holdfast.model.keys import Purpose
from holdfast.ports import Keyring, Signer


class FolderKeys:
    """A `Keyring` of private keys in a folder; each is unlocked once."""

    def __init__(self, folder: PrivateFolder, purpose: Purpose, passphrase: Passphrase) -> None:
        self._folder = folder
        self._purpose = purpose
        self._passphrase = passphrase
        self._opened: dict[str, KeyInMemory] = {}

    def signer(self, id: str = "") -> Signer:  # noqa: A002 - the word of the record
        """The key of that id; the only one, if none is named."""
        id = id or _only(self._folder.ids(self._purpose), self._purpose, self._folder.path)  # noqa: A001
        if id not in self._opened:
            self._opened[id] = self._folder.open(self._purpose, id, self._passphrase)
        return self._opened[id]


class CommandKeys:
    """A `Keyring` of keys that a command signs with; their public halves are in a folder."""

    def __init__(
        self, argv: Sequence[str], public: Path, purpose: Purpose, deadline: float
    ) -> None:
        self._argv = argv
        self._public = public
        self._purpose = purpose
        self._deadline = deadline

    def signer(self, id: str = "") -> Signer:  # noqa: A002 - the word of the record
        """The key of that id; the only one, if none is named."""
        keys = {key.id: key for key in read_folder(self._public, self._purpose)}
        id = id or _only(list(keys), self._purpose, self._public)  # noqa: A001
        if id not in keys:
            raise CannotSign(
                f"The public half of key {id} is not in {self._public}.",
                remedy="Bring it: the signer's answers are checked with it.",
            )
        return CommandSigner(self._argv, keys[id], self._deadline)


def keyring(files: KeyFiles, purpose: Purpose, command: str, deadline: float) -> Keyring:
    """The keys of a purpose: behind the command, if there is one, else in their folder."""
    if not command:
        return FolderKeys(files.private, purpose, files.passphrase)
    try:
        argv = shlex.split(command)
    except ValueError as unfit:
        raise BadInput(
            f"HOLDFAST_SIGNER is no command: {unfit}.", remedy="Write it as for a shell."
        ) from None
    return CommandKeys(argv, files.public, purpose, deadline)


def _only(ids: Sequence[str], purpose: Purpose, folder: Path) -> str:
    if not ids:
        raise CannotSign(
            f"There is no {purpose} key in {folder}.",
            remedy="Make keys with: holdfast keys init",
        )
    if len(ids) > 1:
        raise CannotSign(
            f"There are several {purpose} keys in {folder}, and none has its turn: "
            f"{', '.join(ids)}.",
            remedy="Leave the one that is to sign.",
        )
    return ids[0]
