"""Backups: one file of lines, the same for both databases, of our tables and never the engine's.

- First a manifest, then a row on each line, last the SHA-256 of everything before.
- It shows one moment, whatever is written meanwhile, and appears whole or not at all.
- It is restored into an empty database alone, in one transaction that ends well only if the file
  is whole, its counts are right, and somebody has judged the record in it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import IO

import msgspec
from sqlalchemy import Connection, Engine, column, func, inspect, select, table

from holdfast.adapters.stores.database import asking, prepare
from holdfast.adapters.stores.records import SqlRecords
from holdfast.adapters.stores.tables import BEATS, DRAFTS, METADATA, WORDS
from holdfast.adapters.stores.upkeep import migrate, revisions, standing, standing_in
from holdfast.errors import BadRecord, WrongStore
from holdfast.model.access import Process
from holdfast.model.standing import Manifest, Standing
from holdfast.ports import Records

API_VERSION, KIND = "holdfast.dev/v1alpha1", "Backup"
LONGEST = 16 << 20  # bytes of one line: an entry of 1 MiB, escaped once more, stays far below
AT_ONCE = 500  # rows that are written to a database together
_TABLES = [each for each in METADATA.sorted_tables if each is not BEATS]  # who lived is no matter

type Opened = Callable[[Path, int], AbstractContextManager[IO[bytes]]]
"""Opens a file of that mode, which is there whole when that ends well, and else not at all."""

type _Row = tuple[str, dict[str, str | int]]


def write(engine: Engine, path: Path, at: str, opened: Opened) -> Manifest:
    """Write a backup to a file that must not be there yet."""
    if path.exists(follow_symlinks=False):
        raise BadRecord(f"{path} is there already.", remedy="Name a new file.")
    _refuse_unmade(standing(engine))  # where there is none, none is made
    # The file is finished last: whoever hears that this failed finds none.
    with opened(path, 0o600) as file, asking(engine, writing=False) as connection:
        now = standing_in(connection)
        _refuse_unmade(now)
        return _write(connection, file, now, at)


def restore(engine: Engine, path: Path, judge: Callable[[Records], None]) -> Manifest:
    """Fill an empty database from a backup, unless `judge` raises for the record in it."""
    with path.open("rb") as opened:
        lines = _lines(opened)
        manifest = _manifest(next(lines, b""))
        _refuse_filled(standing(engine))
        with _gone_unless_filled(engine), asking(engine, writing=True) as connection:
            _refuse_filled(standing_in(connection))
            migrate(connection, manifest.revision)
            _fill(connection, lines, manifest)
            migrate(connection, "head")
            _count_on(connection)
            records = SqlRecords(connection, manifest.cluster, Process.KEEPER)
            tip = records.tip()
            had = (tip.chain, tip.epoch, tip.size, tip.head) if tip else ("", 0, 0, "")
            if had != (manifest.chain, manifest.epoch, manifest.size, manifest.head):
                raise _bad("its chain does not end where its manifest says")
            judge(records)
    return manifest


@contextmanager
def _gone_unless_filled(engine: Engine) -> Iterator[None]:
    """A file that is made for a restore goes with it."""
    path = Path(engine.url.database or "")
    made = engine.dialect.name == "sqlite" and not path.exists()
    with ExitStack() as failing:
        if made:
            failing.callback(_remove, engine, path)
        prepare(engine)
        yield
        failing.pop_all()


def _remove(engine: Engine, path: Path) -> None:
    engine.dispose()
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)


def _write(connection: Connection, opened: IO[bytes], now: Standing, at: str) -> Manifest:
    tip = SqlRecords(connection, now.cluster, Process.KEEPER).tip()
    counts = {
        str(each.name): connection.execute(select(func.count()).select_from(each)).scalar_one()
        for each in _TABLES
    }
    manifest = Manifest(
        api_version=API_VERSION,
        kind=KIND,
        revision=now.newest,
        cluster=now.cluster,
        at=at,
        tables=counts,
        chain=tip.chain if tip else "",
        epoch=tip.epoch if tip else 0,
        size=tip.size if tip else 0,
        head=tip.head if tip else "",
    )
    digest = hashlib.sha256()

    def put(value: object) -> None:
        line = msgspec.json.encode(value) + b"\n"
        digest.update(line)
        opened.write(line)

    put(manifest)
    streaming = connection.execution_options(yield_per=AT_ONCE)
    for each in _TABLES:
        ordered = select(each).order_by(*each.primary_key.columns)
        for row in streaming.execute(ordered).mappings():
            put((str(each.name), {str(name): value for name, value in row.items()}))
    opened.write(msgspec.json.encode({"sha256": digest.hexdigest()}) + b"\n")
    return manifest


def _lines(opened: IO[bytes]) -> Iterator[bytes]:
    """Every line but the last, which must be the hash of the others."""
    digest = hashlib.sha256()
    line = opened.readline(LONGEST)
    while following := opened.readline(LONGEST):
        if not line.endswith(b"\n"):
            raise _bad("a line of it is longer than any of ours")
        digest.update(line)
        yield line
        line = following
    if line != msgspec.json.encode({"sha256": digest.hexdigest()}) + b"\n":
        raise _bad("it is cut off or changed: it does not end with the hash of what it holds")


def _manifest(line: bytes) -> Manifest:
    try:
        manifest = msgspec.json.decode(line, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _bad("it does not begin with a manifest") from None
    if (manifest.api_version, manifest.kind) != (API_VERSION, KIND):
        raise _bad(f"it is a {manifest.kind} of {manifest.api_version}")
    if manifest.revision not in revisions():
        raise _bad(f"it is of revision {manifest.revision}, which this version does not know")
    return manifest


def _fill(connection: Connection, lines: Iterator[bytes], manifest: Manifest) -> None:
    there = {*inspect(connection).get_table_names()}
    counted: Counter[str] = Counter()
    pile: list[dict[str, str | int]] = []
    into = ""

    def empty() -> None:
        if pile:
            target = table(into, *(column(name) for name in pile[0]))
            connection.execute(target.insert(), pile)
            pile.clear()

    for line in lines:
        name, row = _row(line)
        if name not in manifest.tables or name not in there:
            raise _bad(f"it holds rows of {name[:100]}, which is no table of ours")
        if name != into or len(pile) >= AT_ONCE:
            empty()
            into = name
        pile.append(row)
        counted[name] += 1
    empty()
    if {name: counted[name] for name in manifest.tables} != manifest.tables:
        raise _bad("it does not hold as many rows as its manifest says")


def _row(line: bytes) -> _Row:
    try:
        return msgspec.json.decode(line, type=tuple[str, dict[str, str | int]])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _bad("a line of it is no row") from None


def _count_on(connection: Connection) -> None:
    """PostgreSQL does not notice that places were given by us."""
    if connection.dialect.name != "postgresql":
        return
    for counted in (DRAFTS, WORDS):
        place = func.pg_get_serial_sequence(counted.name, counted.c.place.name)
        following = select(func.coalesce(func.max(counted.c.place), 0) + 1).scalar_subquery()
        connection.execute(select(func.setval(place, following, False)))


def _refuse_unmade(now: Standing) -> None:
    if now.revision != now.newest or now.missing or now.foreign:
        raise WrongStore(
            f"{now.name} is not as this version makes it.",
            remedy="See what is wrong with: holdfast db check",
        )


def _refuse_filled(now: Standing) -> None:
    if now.revision is not None or now.foreign or now.missing:
        raise WrongStore(
            f"{now.name} is not empty, and a backup is restored into an empty one alone.",
            remedy="Name a new database with HOLDFAST_DATABASE, and keep this one until you know.",
        )


def _bad(why: str) -> BadRecord:
    return BadRecord(
        f"This backup cannot be restored: {why}.",
        remedy="Take another backup. Nothing was written.",
    )
