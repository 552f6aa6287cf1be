"""Runs of five phases under kill -9, SIGSTOP and a database that is restarted: nothing is lost,
nothing happens twice, and dead work is taken over within ten seconds.

PostgreSQL with three processes, and SQLite with `serve` and `keeper` on one file. The whole of it
under `HOLDFAST_PROVE=1`, a short form always.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import Engine, create_engine, exc, text

from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.errors import StoreFailed
from lab.errors import DidNotStart
from lab.postgres import Postgres
from tests.adapters.engine.five_phases import (
    DONE,
    PHASES,
    TABLES,
    UNKNOWN,
    Five,
    World,
    an_engine,
    an_order,
)
from tests.adapters.engine.recorder import Listening, Recorder
from tests.audit.chains import CLUSTER
from tests.proving import PROVE
from tests.tally import Count, Tally

ROOT = Path(__file__).parents[3]
RUNS, KILLS, STOPS = (500, 20, 10) if PROVE else (12, 1, 1)
STILL = 8.0  # seconds of a SIGSTOP: longer than the heartbeat's five looks
WITHIN = 10.0  # seconds until what a dead process had is somebody else's
READY = 60.0  # seconds until a process works: a hold-up of everybody is a failure, and no wait
AWAY = 4.0  # seconds between two restarts of the database
SEED = 20261128

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500), pytest.mark.xdist_group("postgres")]


@dataclass
class Worker:
    """One process, and what it said."""

    role: str
    process: subprocess.Popen[str]
    executor: str = ""
    refused: int = 0
    ready: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        """Hear it out, to its end."""
        assert self.process.stdout is not None
        with self.process.stdout as said:
            self._hear(said)

    def _hear(self, said: IO[str]) -> None:
        for line in said:
            match line.split():
                case ["ready", executor]:
                    self.executor = executor
                    self.ready.set()
                case ["refused", times]:
                    self.refused = int(times)


class Crew:
    """The processes, and whoever starts another when one is gone."""

    def __init__(self, url: str, port: int, log: Path) -> None:
        self._url = url
        self._port = port
        self._log = log
        self.all: list[Worker] = []

    def start(self, role: str) -> Worker:
        """One more, once it is ready; again if the database was away when it began."""
        for _ in range(5):
            worker = self._started(role)
            until = time.monotonic() + READY
            while not worker.ready.wait(0.2) and worker.process.poll() is None:
                assert time.monotonic() < until, f"not ready: {self._log.read_text()[-2000:]}"
            if worker.process.poll() is None:
                return worker
            assert "holdfast.errors.Store" in self._log.read_text(), self._log.read_text()[-2000:]
        raise AssertionError("the database is never there")

    def _started(self, role: str) -> Worker:
        with self._log.open("a") as log:
            process = self._process(role, log)
        worker = Worker(role, process)
        self.all.append(worker)
        threading.Thread(target=worker.listen, daemon=True).start()
        return worker

    def _process(self, role: str, log: IO[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.adapters.engine.five_phases"),
                *(self._url, role, f"{role}-{len(self.all)}", str(self._port)),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )

    def living(self) -> list[Worker]:
        """Who has not ended."""
        return [each for each in self.all if each.process.poll() is None]

    @property
    def refused(self) -> int:
        """How often anybody was told that others had taken over."""
        return sum(each.refused for each in self.all)

    def end(self) -> None:
        """Nobody is left."""
        for each in self.living():
            each.process.send_signal(signal.SIGCONT)
            each.process.kill()
            each.process.wait(30)


@dataclass
class Site:
    """Where it happens."""

    engine: Engine
    crew: Crew
    recorder: Recorder
    orders: "Orders"
    roles: tuple[str, ...]
    dice: random.Random
    takeovers: list[float] = field(default_factory=list)
    away: list[tuple[float, float]] = field(default_factory=list)  # when the database was, and till
    held_up: int = 0  # SQLite: how often a process stood still while it wrote

    def rows(self, asked: str, **what: object) -> list[tuple[object, ...]]:
        """What the database says, as soon as it says something."""
        until = time.monotonic() + 60
        while True:
            try:
                with self.engine.connect() as connection:
                    return [tuple(row) for row in connection.execute(text(asked), what)]
            except exc.DBAPIError:
                assert time.monotonic() < until, "the database does not come back"
                time.sleep(0.05)

    def had(self, worker: Worker) -> list[str]:
        """The runs that a process has."""
        found: list[str] = []
        for table in self._tables():
            asked = "SELECT workflow_uuid FROM {} WHERE status = 'PENDING' AND executor_id = :e"
            found += [str(row[0]) for row in self.rows(asked.format(table), e=worker.executor)]
        return found

    def watch_taken_over(self, worker: Worker, began: float) -> threading.Thread:
        """See when the last of what a process has is somebody else's, or ended."""
        had = self.had(worker)

        def watch() -> None:
            while set(self.had(worker)) & set(had) and time.monotonic() - began < 60:
                time.sleep(0.1)
            self.takeovers.append(self._there(began, time.monotonic()))

        thread = threading.Thread(target=watch, daemon=True)
        if had:
            thread.start()
        return thread

    def _there(self, began: float, ended: float) -> float:
        """How much of that time the database was there: without it nobody takes anything over."""
        away = sum(max(0.0, min(end, ended) - max(start, began)) for start, end in self.away)
        return ended - began - away

    def _tables(self) -> list[str]:
        if self.engine.dialect.name == "sqlite":
            return ["workflow_status"]
        return [f"holdfast_{role}.workflow_status" for role in set(self.roles)]


@contextmanager
def a_site(url: str, roles: tuple[str, ...], folder: Path) -> Iterator[Site]:
    """Processes at work, and all their runs ordered."""
    address = parse_url(url)
    ours = open_engine(address)
    upkeep.upgrade(ours, CLUSTER)
    ours.dispose()
    engine = create_engine(address, pool_pre_ping=True)
    with engine.begin() as connection:
        for each in TABLES.split(";"):
            connection.execute(text(each))
    recorder = Recorder(SEED)
    with Listening(recorder) as port:
        crew = Crew(url, port, folder / "stderr")
        orders = Orders(url, roles, port)
        site = Site(engine, crew, recorder, orders, roles, random.Random(SEED))
        try:
            for role in roles:
                crew.start(role)
            yield site
        finally:
            crew.end()
            orders.close()
            engine.dispose()


class Orders:
    """Whoever orders runs, each in a transaction of its own, role by role."""

    def __init__(self, url: str, roles: tuple[str, ...], port: int) -> None:
        names = sorted(set(roles))
        self._desks = [
            an_engine(url, role, "orders", Five(World(port), "orders")) for role in names
        ]
        self.given = 0

    def more(self, runs: int) -> None:
        """So many more."""
        wanted = self.given + runs
        while self.given < wanted:
            store, engine = self._desks[self.given % len(self._desks)]
            try:
                with store.transaction() as tx:
                    engine.enqueue(tx, an_order(f"run_{self.given:04}", 1))
            except StoreFailed:  # it is being restarted; the same id can be ordered again
                time.sleep(0.05)
                continue
            self.given += 1

    def close(self) -> None:
        """Let go of the database."""
        for store, _ in self._desks:
            store.close()


def outcomes(site: Site) -> int:
    """How many phases have ended."""
    return int(str(site.rows("SELECT count(*) FROM t_outcomes")[0][0]))


def kill(site: Site, worker: Worker) -> bool:
    """kill -9, and another in its place."""
    watching = site.watch_taken_over(worker, time.monotonic())
    worker.process.kill()
    worker.process.wait(30)
    site.crew.start(worker.role)
    if watching.is_alive():
        watching.join(60)
    return True


def stand_still(site: Site, worker: Worker) -> bool:
    """SIGSTOP for longer than the heartbeat; it goes on while others have its work.

    On SQLite one that stands still while it writes holds up everybody: it is let go on, and that is
    counted; False.
    """
    began = time.monotonic()
    worker.process.send_signal(signal.SIGSTOP)
    os.waitpid(worker.process.pid, os.WUNTRACED)  # until each of its threads stands still
    if site.engine.dialect.name == "sqlite" and not writable(site.engine):
        site.held_up += 1
        worker.process.send_signal(signal.SIGCONT)
        return False
    had = site.had(worker)
    if not had:
        worker.process.send_signal(signal.SIGCONT)
        return False
    watching = site.watch_taken_over(worker, began)
    if len([each for each in site.crew.living() if each.role == worker.role]) == 1:
        site.crew.start(worker.role)
    time.sleep(max(0.0, STILL - (time.monotonic() - began)))
    watching.join(60)
    worker.process.send_signal(signal.SIGCONT)
    time.sleep(1.0)  # it tries to go on where it stood
    worker.process.kill()
    worker.process.wait(30)
    if not [each for each in site.crew.living() if each.role == worker.role]:
        site.crew.start(worker.role)
    return True


def writable(engine: Engine) -> bool:
    """Whether anybody can write, within a second."""
    until = time.monotonic() + 1
    while time.monotonic() < until:
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA busy_timeout = 0")
            raw.cursor().execute("BEGIN IMMEDIATE")
            raw.rollback()
        except engine.dialect.loaded_dbapi.OperationalError:
            time.sleep(0.02)
        else:
            return True
        finally:
            raw.close()
    return False


def make_trouble(site: Site) -> tuple[int, int]:
    """Kills and stops of whoever has something to do, with some more runs ordered before each."""
    deeds = [kill] * KILLS + [stand_still] * STOPS
    site.dice.shuffle(deeds)
    done: list[str] = []
    for deed in deeds:
        site.orders.more(RUNS // (len(deeds) + 1))
        for tried in range(200):
            time.sleep(site.dice.uniform(0.1, 0.5))
            worker = site.dice.choice(site.crew.living())
            if site.had(worker) and deed(site, worker):
                done.append(deed.__name__)
                break
            if tried % 5 == 4 and outcomes(site) == site.orders.given * PHASES:
                site.orders.more(2)
    site.orders.more(max(0, RUNS - site.orders.given))
    return done.count("kill"), done.count("stand_still")


def judge(site: Site) -> list[str]:
    """Everything that is wrong; nothing but the recorder's word is believed of the world."""
    recorder, wrong = site.recorder, []
    told = {
        str(row[0]): (str(row[1]), int(str(row[2])), int(str(row[3])))
        for row in site.rows("SELECT target, outcome, attempt, intended FROM t_outcomes")
    }
    for n in range(site.orders.given):
        for number in range(1, PHASES + 1):
            target = f"run_{n:04}/{number}"
            version = recorder.versions.get(target, 1)
            outcome, attempt, intended = told.get(target, ("missing", 0, 0))
            unsure = recorder.is_blind(target) and (
                target in recorder.replies_lost or attempt > intended
            )
            if outcome == DONE and version == 2:
                continue
            if outcome == UNKNOWN and unsure:
                continue
            wrong.append(f"{target}: {outcome} by attempt {attempt}, at version {version}")
    return wrong + [f"{target}: done twice" for target in recorder.twice()]


def all_end(site: Site, within: float) -> None:
    """Wait until every phase of every run has ended."""
    until = time.monotonic() + within
    while (ended := outcomes(site)) < (total := site.orders.given * PHASES):
        assert time.monotonic() < until, f"{ended} of {total} have ended"
        time.sleep(0.2)


def report(site: Site, where: str, counts: tuple[int, int], tally: Tally, began: float) -> None:
    """Say what was seen, and judge it."""
    wrong = judge(site)
    unknown = site.rows("SELECT count(*) FROM t_outcomes WHERE outcome = :u", u=UNKNOWN)[0][0]
    slowest = max(site.takeovers, default=0.0)
    print(
        f"\nengine chaos on {where}: {site.orders.given} runs of {PHASES} phases in "
        f"{time.monotonic() - began:.0f} s, {counts[0]} kill -9, {counts[1]} SIGSTOP; "
        f"{len(site.recorder.acts)} acts, {unknown} unknown, "
        f"{len(site.recorder.refused)} acts and {site.crew.refused} attempts refused; "
        f"{len(site.takeovers)} takeovers, slowest {slowest:.1f} s; "
        f"{len(site.away)} restarts of the database; "
        f"{site.held_up} stops held up everybody"
    )
    late = [each for each in site.takeovers if each > WITHIN]
    tally(Count(f"engine chaos on {where}: phases", site.orders.given * PHASES, len(wrong), SEED))
    tally(
        Count(f"engine chaos on {where}: takeovers in 10 s", len(site.takeovers), len(late), SEED)
    )
    assert [] == wrong
    assert [] == late
    assert (KILLS, STOPS) == counts


def test_nothing_is_lost_or_done_twice_on_postgres(tmp_path: Path, tally: Tally) -> None:
    with Postgres.started() as server:
        began = time.monotonic()
        url = server.url("postgres")
        with a_site(url, ("keeper",) * 3, tmp_path) as site, restarted(server, site):
            counts = make_trouble(site)
            all_end(site, 600)
            report(site, "PostgreSQL", counts, tally, began)


def test_nothing_is_lost_or_done_twice_on_sqlite(tmp_path: Path, tally: Tally) -> None:
    began = time.monotonic()
    url = f"sqlite:///{tmp_path}/holdfast.db"
    with a_site(url, ("serve", "keeper"), tmp_path) as site:
        counts = make_trouble(site)
        all_end(site, 600)
        report(site, "SQLite", counts, tally, began)


@contextmanager
def restarted(server: Postgres, site: Site) -> Iterator[None]:
    """The database is torn away every few seconds, and has to recover each time."""
    ended = threading.Event()
    failed: list[BaseException] = []

    def go_on() -> None:
        try:
            while not ended.wait(AWAY):
                began = time.monotonic()
                server.stop(signal.SIGQUIT)
                server.start()
                site.away.append((began, time.monotonic()))
        except (DidNotStart, subprocess.TimeoutExpired) as error:
            failed.append(error)

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(130)
    assert not failed, failed
