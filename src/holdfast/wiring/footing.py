"""What an installation stands on, put together: its database, its keys, its anchors."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast import settings
from holdfast.errors import BadInput
from holdfast.model.access import Process
from holdfast.ports import Keyring, Shelf, Store

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from holdfast.surfaces.cli.ground import Ground, Upkeep


def ground(state: Path | None, as_: Process | None = None) -> Ground:
    """All of it, with the database as that process reaches it; the command line as `serve` does.

    What the command line records by itself, where it may, is an order of whoever holds the keys.
    """
    process, recorder = as_ or Process.SERVE, as_ or Process.KEEPER
    from holdfast.adapters.clock import SystemClock
    from holdfast.adapters.dice import SystemDice
    from holdfast.adapters.files.lines import read_lines, write_lines
    from holdfast.adapters.files.notes import keep_note, own_notes, read_notes
    from holdfast.adapters.files.policy_folder import read_people
    from holdfast.adapters.files.whole import opened
    from holdfast.adapters.files.writable import by_others
    from holdfast.adapters.signers import ssh
    from holdfast.adapters.signers.ed25519 import check
    from holdfast.adapters.signers.keyfiles import KeyFiles
    from holdfast.adapters.signers.keyrings import keyring
    from holdfast.adapters.signers.passphrases import asked_twice, asker
    from holdfast.adapters.signers.private import PrivateFolder
    from holdfast.adapters.signers.public import own_keys, read_keys
    from holdfast.model.ids import RANDOM, new_id
    from holdfast.model.keys import Purpose
    from holdfast.surfaces.cli.ground import Ground
    from holdfast.workflow.sealing import Sealer

    wanted = settings.read()
    folder = state or settings.state_dir()
    addresses = _addresses(wanted, folder)
    address = addresses[process]
    ours = Path(wanted.keys_dir) if wanted.keys_dir else folder / "keys"
    public, anchors = ours / "public", Path(wanted.anchors or folder / "anchors")
    private = PrivateFolder(
        path=Path(wanted.keys_mounted) if wanted.keys_mounted else ours / "private",
        opened=opened,
        mounted=bool(wanted.keys_mounted),
    )
    terminal = sys.stdin is not None and sys.stdin.isatty()
    word = asker(Path(wanted.passphrase_file) if wanted.passphrase_file else None, terminal)
    files = KeyFiles(private=private, public=public, passphrase=word)
    kept: dict[Purpose, Keyring] = {}

    def our_keys(purpose: Purpose) -> Keyring:
        command = wanted.signer if purpose is Purpose.AUDIT else ""
        if purpose not in kept:
            kept[purpose] = keyring(files, purpose, command, wanted.signer_timeout)
        return kept[purpose]

    def sealer(store: Store, keys: Keyring | None) -> Sealer:
        return Sealer(
            store=store,
            keys=keys or our_keys(Purpose.AUDIT),
            clock=SystemClock(),
            dice=SystemDice(),
        )

    @contextmanager
    def upkeep_as(other: Process) -> Iterator[Upkeep]:
        from holdfast.adapters.stores.caretaker import Caretaker

        with _engine(addresses[other], folder) as engine:
            yield Caretaker(engine, opened, None if addresses[other] else folder)

    @contextmanager
    def store() -> Iterator[Store]:
        from holdfast.adapters.stores.rights import reads_courses
        from holdfast.adapters.stores.store import SqlStore
        from holdfast.adapters.stores.upkeep import require_current, standing

        with _engine(address, folder) as engine:
            cluster = standing(engine).cluster
            require_current(engine, cluster)
            yield SqlStore(engine, cluster, recorder, courses=reads_courses(engine))

    return Ground(
        upkeep=lambda: upkeep_as(process),
        upkeep_as=upkeep_as,
        store=store,
        sealer=sealer,
        cabinet=lambda: files,
        keyring=our_keys,
        keys=lambda paths: (
            read_keys(paths, Purpose.AUDIT) if paths else own_keys(public, Purpose.AUDIT)
        ),
        notes=lambda paths: read_notes(paths) if paths else own_notes(anchors),
        keep_note=lambda note, name, path: keep_note(note, path or anchors / name),
        shelf=lambda: _shelf(wanted),
        read_lines=read_lines,
        write_lines=write_lines,
        passphrase=lambda: asked_twice(word, terminal),
        check=check,
        ssh_check=ssh.check,
        people=read_people,
        disk=lambda: _free([folder, *_file(address)]),
        exposed=lambda leash: [
            *by_others([*_with_files(leash), *_database(address, folder), *_with_files(anchors)])
        ],
        id=lambda prefix: new_id(prefix, SystemClock().now(), SystemDice().roll(RANDOM)),
        actor=f"cli:{settings.login()}",
    )


def _shelf(wanted: settings.Settings) -> Shelf | None:
    """The checkpoints on the cluster, if they are wanted there, by the keeper's credential."""
    from holdfast.adapters.kubernetes.kubeconfig import connect_to
    from holdfast.wiring.acting import keepers_cluster
    from holdfast.wiring.fencing import on_cluster

    if not wanted.anchors_on_cluster:
        return None
    own = keepers_cluster(wanted)
    return on_cluster(own or connect_to(environ=settings.environment(), home=settings.home()))


@contextmanager
def beneath(state: Path | None, process: Process) -> Iterator[Engine]:
    """What the engine of that process keeps its runs with."""
    from holdfast.adapters.stores.beneath import open_beneath
    from holdfast.adapters.stores.database import parse_url

    folder = state or settings.state_dir()
    address = _addresses(settings.read(), folder)[process]
    opened = open_beneath(parse_url(address or _default(folder)))
    try:
        yield opened
    finally:
        opened.dispose()


def _addresses(wanted: settings.Settings, folder: Path) -> Mapping[Process, str]:
    """Where each process reaches the database, which is the same one."""
    serve, keeper = wanted.database, wanted.keeper_database or wanted.database
    if serve != keeper:
        from holdfast.adapters.stores.database import parse_url, same_place

        if not same_place(parse_url(serve or _default(folder)), parse_url(keeper)):
            raise BadInput(
                "HOLDFAST_DATABASE and HOLDFAST_KEEPER_DATABASE name two databases.",
                remedy="Name one, with two roles: the keeper answers what serve puts into it.",
            )
    return {Process.SERVE: serve, Process.KEEPER: keeper}


def _default(folder: Path) -> str:
    return f"sqlite:///{folder.absolute()}/holdfast.db"


def _file(address: str) -> Iterator[Path]:
    """The folder of a database that is a file elsewhere; a server's disk is not ours to see."""
    from holdfast.adapters.stores.database import parse_url

    url = parse_url(address) if address else None
    if url is not None and url.get_backend_name() == "sqlite":
        yield Path(url.database or "").parent


def _database(address: str, folder: Path) -> Iterator[Path]:
    """The files of a database that is one, and their folder."""
    from holdfast.adapters.stores.database import parse_url

    url = parse_url(address or _default(folder))
    if url.get_backend_name() == "sqlite" and url.database:
        yield Path(url.database).parent
        yield from (Path(f"{url.database}{end}") for end in ("", "-wal", "-shm", "-journal"))


def _with_files(folder: Path) -> Iterator[Path]:
    yield folder
    if folder.is_dir():
        yield from sorted(each for each in folder.iterdir() if each.is_file())


def _free(folders: Iterable[Path]) -> Sequence[tuple[Path, int]]:
    """Of each disk once; of the nearest folder that is there already."""
    there = {each.stat().st_dev: each for each in map(_nearest, folders)}
    return [(each, shutil.disk_usage(each).free) for each in there.values()]


def _nearest(folder: Path) -> Path:
    return next(each for each in (folder, *folder.absolute().parents) if each.is_dir())


@contextmanager
def _engine(url: str, folder: Path) -> Iterator[Engine]:
    from holdfast.adapters.stores.database import open_engine, parse_url

    if not url:
        home = settings.homely(folder)
        if home is not None and not home.is_dir():
            raise BadInput(
                f"Your home folder {home} does not exist.",
                remedy="Name a folder with --state or HOLDFAST_STATE_DIR.",
            )
    engine = open_engine(parse_url(url or _default(folder)))
    try:
        yield engine
    finally:
        engine.dispose()
