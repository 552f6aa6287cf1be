"""Everything that an act asks of the system fails once: a process of its own, which forks for each.

python -m tests.adapters.stores.sweeping ACT HOW URL FOLDER EVERY

EVERY is 1 for all points, 5 for each fifth. ACT is one of `ACTS`. HOW is
`kill`  SIGKILL before and after each statement and each call to the file system,
`fails` each call to the file system says EIO, then ENOSPC, in place of what it does or afterwards,
`full`  no file may grow beyond ever more bytes: SQLite's own writes fail in their midst,
`lost`  PostgreSQL ends the connection before or after each statement,
`wire`  the wire to PostgreSQL breaks at each COMMIT: before it arrives, or before its answer does.

Prints JSON: how many points there were, how the act ended, and where the state was not whole.
"""

import asyncio
import errno
import json
import os
import resource
import shutil
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Concatenate

import alembic.command  # noqa: F401  (here, once, and not again in each process that forks off)
import psycopg
from sqlalchemy import Connection, Engine, event, make_url

from holdfast.adapters.files.lines import write_lines
from holdfast.adapters.files.notes import keep_note
from holdfast.adapters.files.whole import opened
from holdfast.adapters.signers.ed25519 import check
from holdfast.adapters.stores import backup, upkeep
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import HoldfastError
from holdfast.model.times import stamp
from holdfast.testing.clock import NOON, FrozenClock
from holdfast.workflow.judging import judge
from holdfast.workflow.orders import accept_restore
from holdfast.workflow.retention import Trust, let_go, part_before, verified
from tests.adapters.stores import approving, released
from tests.adapters.stores.test_backup import AT, whole
from tests.adapters.stores.wire import Wire
from tests.audit.chains import CLUSTER, a_chain, a_chain_of, a_draft, a_key, checkpoints, lines
from tests.contracts.test_casework import a_case
from tests.contracts.test_store import a_letter
from tests.workflow.test_sealing import a_sealer

THROUGH, HEARD, KILLED, BEYOND, WRONG = "through", "heard", "killed", "beyond", "wrong"
_CODES = {0: THROUGH, 10: HEARD, 3: BEYOND, -signal.SIGKILL: KILLED}
STEP = 1024  # bytes
MOST = 2000  # points
FILES = {"open", "fsync", "write", "flush", "replace", "rename", "unlink", "fchmod", "mkdir"}
TRUST = Trust(keys=[a_key().public], check=check)


class Point:
    """Counts what is asked of the system, and does something at the n-th time."""

    def __init__(self, number: int, strike: Callable[[Connection | None], None]) -> None:
        self._number = number
        self._strike = strike
        self.seen = 0

    def pass_by(self, connection: Connection | None = None, *_: object) -> None:
        self.seen += 1
        if self.seen == self._number:
            self._strike(connection)

    def on_calls(self, _: FrameType, what: str, called: object) -> None:
        if what in ("c_call", "c_return") and getattr(called, "__name__", "") in FILES:
            self.pass_by()

    def on_statements(self, engine: Engine) -> None:
        for moment in ("before_cursor_execute", "after_cursor_execute", "begin", "commit"):
            event.listen(engine, moment, self.pass_by)
        event.listen(engine, "checkin", lambda *_: self.pass_by())  # when it was committed


def kill(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def lose(connection: Connection | None) -> None:
    """The server ends this connection, and is done with it."""
    if connection is None:
        return
    info = connection.connection.dbapi_connection.info  # type: ignore[union-attr]
    url = make_url(connection.engine.url).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 30000)", [info.backend_pid])


@contextmanager
def failing(how: str, number: int, engine: Engine) -> Iterator[tuple[Engine, Point | Wire | None]]:
    """What to ask in place of the engine, and the point: the n-th of them fails in that way."""
    if how == "wire":
        with Wire(engine.url, number) as wire:
            yield open_engine(wire.url), wire
        return
    if how == "full":
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (number * STEP, hard))
        yield engine, None
        return
    code = errno.EIO if number % 2 else errno.ENOSPC

    def fail(_: object) -> None:
        raise OSError(code, os.strerror(code))

    strike = {"kill": kill, "lost": lose, "fails": fail}[how]
    point = Point((number + 1) // 2 if how == "fails" else number, strike)
    if how != "fails":
        point.on_statements(engine)
    if how != "lost":
        sys.setprofile(point.on_calls)
    try:
        yield engine, point
    finally:
        sys.setprofile(None)


def store_of(engine: Engine) -> SqlStore:
    return SqlStore(engine, CLUSTER)


def seal_days(engine: Engine, days: int) -> None:
    """Two entries on each."""
    for day in range(days):
        with store_of(engine).transaction() as tx:
            tx.records.submit(a_draft(1000 + 2 * day), a_draft(1001 + 2 * day))
        a_sealer(store_of(engine), clock=FrozenClock(NOON + timedelta(days=day))).batch()


def three_wait(engine: Engine) -> None:
    seal_days(engine, 1)
    with store_of(engine).transaction() as tx:
        tx.records.submit(*map(a_draft, (1, 2, 3)))


def append(engine: Engine, _: Path) -> None:
    with store_of(engine).transaction() as tx:
        tx.letters.put(a_letter(7))
        tx.records.submit(a_draft(7))


def appended(engine: Engine, _: Path, ended: str) -> None:
    with store_of(engine).reading() as tx:
        there = [each.id for each in tx.records.waiting(9)], [e.id for e in tx.letters.waiting(9)]
    yes = ([a_draft(7).id], ["ltr_7"])
    no: tuple[list[str], list[str]] = ([], [])
    assert there in {THROUGH: [yes], HEARD: [no], KILLED: [yes, no]}[ended]
    is_whole(engine)


def seal(engine: Engine, _: Path) -> None:
    a_sealer(store_of(engine)).batch()


def sealed(engine: Engine, _: Path, ended: str) -> None:
    with store_of(engine).reading() as tx:
        there = len(tx.records.waiting(9)), len(list(tx.records.lines()))
    yes, no = (0, 5), (3, 2)
    assert there in {THROUGH: [yes], HEARD: [no], KILLED: [yes, no]}[ended]
    is_whole(engine)


def upgrade(engine: Engine, _: Path) -> None:
    upkeep.upgrade(engine, CLUSTER)


def upgraded(engine: Engine, _: Path, ended: str) -> None:
    old, new = released_revisions()[-2:]
    there = upkeep.standing(engine).revision
    assert there in {THROUGH: [new], HEARD: [old, new], KILLED: [old, new]}[ended]
    upkeep.upgrade(engine, CLUSTER)
    upkeep.require_current(engine, CLUSTER)
    with store_of(engine).reading() as tx:
        assert list(tx.records.lines()) == lines(a_chain_of(released.as_released(*range(1, 6))))
        assert len(tx.records.waiting(9)) == 2


def back_up(engine: Engine, folder: Path) -> None:
    backup.write(engine, folder / "b", AT, opened)


def backed_up(engine: Engine, folder: Path, ended: str) -> None:
    is_whole(engine)
    if not (folder / "b").exists():
        assert ended != THROUGH
        return
    restored = open_engine(parse_url(f"sqlite:///{folder}/restored.db"))
    assert backup.restore(restored, folder / "b", whole).size == 4
    restored.dispose()


def retain(engine: Engine, folder: Path) -> None:
    store = store_of(engine)
    with store.reading() as tx:
        part = part_before(tx.records, TRUST, stamp(NOON + timedelta(days=1, hours=1)))
        if part is None:
            raise AssertionError("there is nothing to let go")
        there = islice(tx.records.lines(part.first), part.count)
        write_lines(folder / part.name, verified(part, TRUST, there))
    keep_note(part.note, folder / "note")
    asyncio.run(let_go(a_sealer(store, clock=FrozenClock(NOON + timedelta(days=9))), part, "ada"))


def retained(engine: Engine, folder: Path, ended: str) -> None:
    is_whole(engine)
    with store_of(engine).reading() as tx:
        start, left = tx.records.start(), list(tx.records.lines())
    files = list(folder.glob("*.jsonl"))
    if start is None:  # everything is there still
        assert (len(left), ended == THROUGH) == (6, False)
        return
    assert ended != HEARD  # it has happened, and whoever ordered it knows
    assert (start.size, len(left)) == (4, 3)
    assert [len(each.read_bytes().splitlines()) for each in files] == [4]
    assert (folder / "note").read_bytes() == start.note


def restore(engine: Engine) -> None:
    """As a backup left it: an anchor knows more entries, and something was open."""
    with store_of(engine).transaction() as tx:
        tx.records.seal(a_chain(3), checkpoints(a_chain(3))[-1])
        tx.letters.put(a_letter(1))
        for number, state in enumerate(("proposed", "leased", "unknown", "applied"), 1):
            tx.cases.put(a_case(number, state=state, course=""))


def accept(engine: Engine, _: Path) -> None:
    lost = checkpoints(a_chain(5))[-1]
    asyncio.run(accept_restore(a_sealer(store_of(engine)), [lost], "the disk died", "ada"))


def accepted(engine: Engine, _: Path, ended: str) -> None:
    with store_of(engine).reading() as tx:
        tip, cases = tx.records.tip(), tx.cases.newest(9)
        states = {each.id: (each.state, bool(each.course)) for each in cases}
        there = (tip.epoch if tip is not None else None, len(tx.letters.waiting(9)), states)
    yes = (1, 0, dict(_voided("expired", "unknown")))
    no = (0, 1, dict(_voided("proposed", "leased", told=False)))
    assert there in {THROUGH: [yes], HEARD: [no], KILLED: [yes, no]}[ended]
    is_whole(engine)


def _voided(
    first: str, second: str, *, told: bool = True
) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Where each case is, and whether its course says that nobody has looked since."""
    yield "prp_1", (first, False)
    yield "prp_2", (second, told)
    yield "prp_3", ("unknown", told)
    yield "prp_4", ("applied", told)


def approved(engine: Engine, folder: Path, ended: str) -> None:
    there = approving.state_of(engine)
    yes, no = approving.AFTER, approving.BEFORE
    assert there in {THROUGH: [yes], HEARD: [no], KILLED: [yes, no]}[ended]
    if there == no:  # and whoever tries again gets through
        approving.approve(engine, folder)
        assert approving.state_of(engine) == yes


def is_whole(engine: Engine) -> None:
    with store_of(engine).reading() as tx:
        judge(TRUST.keys, check)(tx.records)


def released_revisions() -> list[str]:
    return sorted(path.stem for path in released.FOLDER.glob("*.sql"))


def current(before: Callable[[Engine], None]) -> Callable[[Engine], None]:
    """In tables as this version has them."""

    def prepare(engine: Engine) -> None:
        upkeep.upgrade(engine, CLUSTER)
        before(engine)

    return prepare


ACTS = {
    "append": (current(lambda engine: seal_days(engine, 1)), append, appended),
    "approve": (current(approving.propose), approving.approve, approved),
    "seal": (current(three_wait), seal, sealed),
    "upgrade": (lambda e: released.made(e, released_revisions()[-2]), upgrade, upgraded),
    "accept": (current(restore), accept, accepted),
    "backup": (current(lambda engine: seal_days(engine, 2)), back_up, backed_up),
    "retain": (current(lambda engine: seal_days(engine, 3)), retain, retained),
}


def apart(work: Callable[[], int]) -> int:
    """Do it in a process of its own: it may be killed, and leaves no connection open."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = work()
        finally:  # whatever it was, nothing of it goes on in here
            if sys.exception() is not None:
                traceback.print_exc()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Places:
    """A database like the first one, and a folder, for each point."""

    def __init__(self, url: str, folder: Path) -> None:
        self.first = url
        self._folder = folder

    @contextmanager
    def place(self, number: int) -> Iterator[tuple[str, Path]]:
        folder = self._folder / str(number)
        folder.mkdir()
        url = make_url(self.first)
        if url.get_backend_name() == "sqlite":
            shutil.copy(str(url.database), folder / "holdfast.db")
            yield f"sqlite:///{folder}/holdfast.db", folder
        else:
            name = f"{url.database}_{number}"
            with psycopg.connect(url.set(database="postgres").render_as_string()) as server:
                server.autocommit = True
                server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{url.database}"'.encode())
                yield url.set(database=name).render_as_string(), folder
                server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
        shutil.rmtree(folder)


def with_engine[**P](
    url: str, work: Callable[Concatenate[Engine, P], object], *args: P.args, **kwargs: P.kwargs
) -> int:
    """Do it on that database, in a process of its own; how that ended."""

    def run() -> int:
        engine = open_engine(parse_url(url))
        code = work(engine, *args, **kwargs)
        engine.dispose()
        return code if isinstance(code, int) else 0

    return apart(run)


def struck(engine: Engine, act: str, how: str, number: int, folder: Path) -> int:
    """Do it, with the n-th point failing."""
    with failing(how, number, engine) as (asked, point):
        try:
            ACTS[act][1](asked, folder)
        except (HoldfastError, OSError):
            return 10
    met = (number + 1) // 2 if how in ("fails", "wire") else number
    return 3 if point is None or point.seen < met else 0


def main(act: str, how: str, url: str, folder: Path, every: int) -> None:
    """Those points, one after the other, until the act gets through without meeting one."""
    before, _, after = ACTS[act]
    if with_engine(url, before) != 0:
        raise SystemExit("nothing could be prepared")
    places, ends, bad = Places(url, folder), Counter[str](), list[str]()
    for number in range(1, MOST, every):
        with places.place(number) as (here, into):
            ended = _CODES.get(with_engine(here, struck, act, how, number, into), WRONG)
            said = THROUGH if ended == BEYOND else ended
            if how == "wire" and ended == HEARD:
                said = KILLED  # nobody could tell the caller whether it was done
            ends[ended] += 1
            judged = with_engine(here, after, into, said)
            if ended == WRONG or judged != 0:
                bad.append(f"{act} {how} {number}: {ended}")
        if ended == BEYOND:
            break
    else:
        raise SystemExit("it never got through")
    print(json.dumps({"points": ends.total() - 1, "ended": ends, "bad": bad}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]), int(sys.argv[5]))
