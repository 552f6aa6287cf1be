"""A pipe in place of a secret file is refused at once: nobody waits for who may never write."""

import os
from pathlib import Path

import pytest

from holdfast.adapters.files.whole import opened
from holdfast.adapters.signers.passphrases import asker
from holdfast.adapters.signers.private import PrivateFolder
from holdfast.errors import BadInput, CannotSign
from holdfast.model.keys import Purpose

pytestmark = pytest.mark.timeout(60)


def test_a_pipe_is_no_passphrase_file(tmp_path: Path) -> None:
    pipe = tmp_path / "word"
    os.mkfifo(pipe, 0o600)

    with pytest.raises(BadInput, match="cannot be read: it is no regular file"):
        asker(pipe, terminal=False)(tmp_path / "key")


def test_a_pipe_is_no_private_key(tmp_path: Path) -> None:
    folder = PrivateFolder(path=tmp_path / "keys", opened=opened)
    key = folder.make(Purpose.AUDIT, None)
    (file,) = folder.path.iterdir()
    file.unlink()
    os.mkfifo(file, 0o600)

    with pytest.raises(CannotSign, match="cannot be read: it is no regular file"):
        folder.open(Purpose.AUDIT, key.id, lambda _: None)
