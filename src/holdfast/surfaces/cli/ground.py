"""What this installation stands on, as the commands are handed it: database, keys, anchors."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from holdfast.errors import BadInput, NotReady
from holdfast.model.access import Access, Process, Rights
from holdfast.model.entries import Check, PublicKey
from holdfast.model.keys import Purpose
from holdfast.model.people import People
from holdfast.model.reach import Exposed
from holdfast.model.ssh import SshCheck
from holdfast.model.standing import Manifest, Standing
from holdfast.ports import KeyCabinet, Keyring, Records, Shelf, Store

if TYPE_CHECKING:  # it waits, and `--help` need not load what waiting takes
    from holdfast.workflow.sealing import Sealer


class Upkeep(Protocol):
    """What people do to a database, and servers never."""

    def standing(self) -> Standing:
        """How it stands to this version; looks, and changes nothing."""
        ...

    def require_current(self, cluster: str) -> None:
        """Raise `WrongStore` unless this version may use it as it is, for that cluster."""
        ...

    def require_none_planted(self) -> None:
        """Raise `WrongStore` for what was planted or altered there, as no upgrade makes it."""
        ...

    def require_writable(self) -> None:
        """Raise `StoreRefused` where nothing could be written now; writes nothing."""
        ...

    def upgrade(self, cluster: str) -> None:
        """Bring the tables to the newest revision, for that cluster, whole or not at all."""
        ...

    def backup(self, path: Path, at: str) -> Manifest:
        """Write everything into one file, as it was at one moment."""
        ...

    def restore(self, path: Path, judge: Callable[[Records], None]) -> Manifest:
        """Fill an empty database from such a file, unless `judge` raises for its record."""
        ...

    def access(self) -> Sequence[Access]:
        """What each process may do to each table."""
        ...

    def grant(self, statements: Sequence[str]) -> None:
        """Run statements that grant rights, all or none."""
        ...

    def rights(self, process: Process) -> Rights:
        """How the rights that we have differ from what that process should have."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """All of it; nothing is opened before it is used."""

    upkeep: Callable[[], AbstractContextManager[Upkeep]]
    upkeep_as: Callable[[Process], AbstractContextManager[Upkeep]]  # with that process's role
    store: Callable[[], AbstractContextManager[Store]]  # refuses one that is not current
    sealer: Callable[[Store, Keyring | None], "Sealer"]  # with our keys, unless others are given
    cabinet: Callable[[], KeyCabinet]
    keyring: Callable[[Purpose], Keyring]
    keys: Callable[[Sequence[Path]], Sequence[PublicKey]]  # for audit; of nothing: our own
    notes: Callable[[Sequence[Path]], Sequence[bytes]]  # anchors; of nothing: our own
    keep_note: Callable[[bytes, str, Path | None], Path]
    shelf: Callable[[], Shelf | None]  # None: no checkpoints are kept on the cluster
    read_lines: Callable[[Path, int], Iterator[bytes]]  # of a file, with their ends
    write_lines: Callable[[Path, Iterable[bytes]], int]
    passphrase: Callable[[], bytes | None]  # for a new key
    check: Check
    ssh_check: SshCheck
    people: Callable[[Path], People]  # in one file
    disk: Callable[[], Sequence[tuple[Path, int]]]  # where our files are, and what is free there
    exposed: Callable[[Path], Sequence[Exposed]]
    """What others on this machine may write of the leash in that folder, of a database that is a
    file, of the anchors, and of the folders above them.
    """
    id: Callable[[str], str]  # a new one, with that prefix
    actor: str  # whoever runs this, as the system knows him

    def keys_here(self) -> tuple[Sequence[PublicKey], str]:
        """Our public keys for audit; or none, and why none is known here."""
        try:
            return self.keys(()), ""
        except BadInput as none:
            return (), none.wrong


def refuse_role(rights: Rights, process: Process) -> None:
    """Raise `NotReady` unless a role has the rights of its process and no others."""
    for what, which in (("lacks", rights.missing), ("has, and should not,", rights.excess)):
        if which:
            more = f" and {len(which) - 3} more" if len(which) > 3 else ""
            raise NotReady(
                f"The database role {rights.role} {what} rights of {process}: "
                f"{', '.join(which[:3])}{more}.",
                remedy="Give each process a role of its own, and grant: holdfast db grants --apply",
            )


type GroundDoor = Callable[[Path | None], Ground]
"""Called with the state folder, if one was named."""
