"""What signs with a person's own key, as the commands are handed it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from holdfast.model.ssh import SshCheck


class Pen(Protocol):
    """What signs with the key of whoever runs this."""

    def keys(self) -> Sequence[str]:
        """The public keys that an agent holds, as lines of `.pub` files."""
        ...

    def usual(self) -> Path | None:
        """The key file that ssh would take, if there is one."""
        ...

    def sign(self, key: Path | str, statement: bytes, namespace: str) -> str:
        """The armored signature, by a key file or by the agent's key of that public half."""
        ...


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """What signing takes."""

    pen: Pen
    check: SshCheck
