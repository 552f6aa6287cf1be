"""`Engine` on DBOS Transact: the one module that imports it, and only when an engine is made.

- It calls nobody: no conductor, no telemetry, no console, and no variable of the environment
  changes that.
- It reads and writes rows in our wording alone. Its own default, pickle, is disarmed: a row that
  claims to be written so is refused before a byte of it is read.
- Phases run on the loop of whoever starts the engine.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count
from typing import NoReturn

import msgspec
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions
from dbos._context import current_owner_xid
from dbos._error import DBOSWorkflowIDInUseError
from dbos._serialization import DBOSPortableJSONSerializer, DefaultSerializer, Serializer
from dbos._utils import GlobalParams
from sqlalchemy import Engine as Connections
from sqlalchemy.exc import DBAPIError

from holdfast.adapters.engine.attempts import AGAIN, AT_MOST, RunAttempt, patiently
from holdfast.adapters.engine.pulse import Pulse
from holdfast.adapters.engine.rows import STATES, Rows, of
from holdfast.adapters.engine.wording import Wording
from holdfast.adapters.engine.works import Desk, Works
from holdfast.errors import NOT_NOW, AlreadyKept, StoreUnreachable, TakenOver, UnreadableWork
from holdfast.model.runs import ATTEMPTS, Figures, Order, Queue, RunStatus
from holdfast.ports import Clock, Store, Tx
from holdfast.ports.engine import Phase, Value, ordered

VERSION = "1"  # of all phases; one whose body changes gets another name instead
WORDING = "holdfast"
SILENCE = 10  # seconds: a queue is looked at ten times a second, also while nobody answers
_CALL = "call "
THREADS = 16  # fewer than the connections of the store, so that the pulse always finds one


class TransactEngine:
    """An `Engine`; one for each process."""

    def __init__(self, works: Works, store: Store, beneath: Connections, clock: Clock) -> None:
        _harmless()
        self._works = works
        self._store = store
        self._clock = clock
        self._beneath = beneath
        self._application = f"holdfast-{works.role}"
        self._schema = f"holdfast_{works.role}"
        self._version = f"{works.role}.{VERSION}"  # two processes on one file share none
        self._phases = {each.name: each for each in works.phases}
        self._queues = {each.name: each for each in works.queues}
        self._check()
        wording = Wording([*{each.takes: None for each in works.phases}, *works.types])
        schema = self._schema if beneath.dialect.name == "postgresql" else None
        rows = Rows(schema, self._application, WORDING)
        self.desk = Desk(works=works, store=store, rows=rows, wording=wording, clock=clock)
        self._serializer = _OurWording(wording)
        self._client = DBOSClient(
            system_database_engine=beneath,
            dbos_system_schema=self._schema,
            serializer=self._serializer,
            application_name=self._application,
            lazy=True,
        )
        self._tasks: dict[asyncio.Task[object], str] = {}
        self.executor = works.executor
        self.refused = 0  # how often an attempt of ours was told that others had taken over
        self._pulse = Pulse(self.desk, self._active, self.enqueue, self.figures)

    def enqueue(self, tx: Tx, order: Order) -> bool:
        """Have a run made once the transaction is kept."""
        phase = ordered(order, self._phases, self._queues)
        options: EnqueueOptions = {
            "workflow_name": phase.name,
            "queue_name": self._queue(phase.queue),
            "workflow_id": order.id,
            "workflow_id_reuse_policy": "reject",
            "app_version": self._version,
        }
        if order.partition:
            options["queue_partition_key"] = order.partition
        if order.delay:
            options["delay_seconds"] = order.delay.total_seconds()
        try:
            self._client.enqueue_in_transaction(of(tx), options, order.argument)
        except DBOSWorkflowIDInUseError as there:
            if there.workflow_name != order.phase:
                raise AlreadyKept(
                    f"{order.id} is a run of another phase.", remedy="Look at that one."
                ) from None
            return False
        return True

    def cancel(self, tx: Tx, run: str) -> bool:
        """End a run before its end."""
        return self.desk.rows.cancel(tx, run, self._clock.now())

    def status(self, tx: Tx, run: str) -> RunStatus | None:
        """How it stands."""
        row = self.desk.rows.status(tx, run)
        if row is None:
            return None
        phase, status, attempts, executor, output, error = row
        failure = self.desk.wording.read(error) if error is not None else ""
        return RunStatus(
            id=run,
            phase=phase,
            state=STATES[status],
            attempts=attempts,
            executor=executor,
            result=self.desk.wording.read(output) if output is not None else None,
            failure=str(failure),
        )

    def figures(self, tx: Tx) -> Figures:
        """What is to be seen of the whole."""
        living = self._pulse.vigil.living() | {self._works.executor}
        running, orphaned, most, given_up = self.desk.rows.tallies(tx, living)
        return Figures(
            backlog=self.desk.rows.backlog(tx, self._clock.now()),
            running=running,
            orphaned=orphaned,
            most_attempts=most,
            given_up=given_up,
            requeued=self._pulse.deeds.requeued,
            put_back=self._pulse.deeds.put_back,
            refused=self.refused,
        )

    def forget(self, tx: Tx, before: datetime) -> int:
        """Remove some of the runs that ended before then."""
        return self.desk.rows.forget(tx, before)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work, on this loop."""
        await patiently(self._pulse.beat)  # before we have anything: who is new is alive
        dbos = self._made()
        try:
            await self._launch()
            self._look_first(dbos)
            self._pulse.start()
            yield
        finally:
            for each in dbos.background_thread_stop_events:
                each.set()  # nothing more is taken up
            await self._drained()
            own = ThreadPoolExecutor(1, thread_name_prefix="holdfast-stop")
            # The engine has put threads of its own beneath the loop, which end with it.
            asyncio.get_running_loop().set_default_executor(own)
            await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
            await asyncio.to_thread(self._pulse.stop)

    def _active(self) -> frozenset[str]:
        """The runs that we work at."""
        return frozenset(self._tasks.values())

    def _check(self) -> None:
        lost = [each.name for each in self._works.phases if each.queue not in self._queues]
        if lost:
            raise ValueError(f"phases without a queue: {', '.join(lost)}")

    def _queue(self, name: str) -> str:
        return f"{self._works.role}.{name}"  # two processes on one file share no queue

    def _made(self) -> DBOS:
        _quiet(self._works.troubled)
        config: DBOSConfig = {
            "name": self._application,
            "system_database_engine": self._beneath,
            "dbos_system_schema": self._schema,
            "application_version": self._version,
            "executor_id": self._works.executor,
            "serializer": self._serializer,
            "enable_otlp": False,
            "use_listen_notify": False,
            "log_level": "WARNING",
            "max_executor_threads": THREADS,
            "notification_listener_polling_interval_sec": 1.0,  # it looks for nothing; ends in time
            "scheduler_polling_interval_sec": 3600.0,  # schedules are ours
        }
        made = DBOS(config=config)
        for phase in self._phases.values():
            DBOS.workflow(name=phase.name, max_recovery_attempts=ATTEMPTS)(self._body(phase))
        return made

    def _body(self, phase: Phase) -> Callable[[msgspec.Struct], Coroutine[object, object, Value]]:
        async def body(argument: msgspec.Struct) -> Value:
            run = DBOS.workflow_id or ""
            task = asyncio.current_task()
            if task is not None:  # it ends later than this: how the run ended is written by then
                self._tasks[task] = run
                task.add_done_callback(self._tasks.pop)
            try:
                return await self._attempted(phase, run, argument)
            except TakenOver:
                self.refused += 1
                raise

        return body

    async def _attempted(self, phase: Phase, run: str, argument: msgspec.Struct) -> Value:
        """What comes of it; what the database did not answer, or refused, is gone on with."""
        owner, pause = current_owner_xid(run) or "", AGAIN
        for before in count():
            attempt = RunAttempt(self.desk, run, owner, before)
            await attempt.begin()
            try:
                return await phase.body(attempt, argument)
            except NOT_NOW as away:
                if before + 1 >= ATTEMPTS:
                    raise
                self._works.troubled(f"{run} goes on with another attempt: {away.wrong}")
            await asyncio.sleep(pause)
            pause = min(2 * pause, AT_MOST)
        raise AssertionError  # pragma: no cover - it counts for ever

    async def _launch(self) -> None:
        try:
            DBOS.launch()
            for queue in self._works.queues:
                await self._open(queue)
        except DBAPIError as away:
            raise StoreUnreachable(
                f"The engine cannot begin in its database: {first_line(str(away.orig))}.",
                remedy="Check that it runs, and that this user may make a schema in it.",
            ) from away

    def _look_first(self, dbos: DBOS) -> None:
        """Before the engine looks for what to begin, one row says whether there is anything: its
        own look costs some twenty times as much, and is had many times a second.
        """
        scopes = dbos._sys_db.dequeue_scopes

        def with_work(queue_name: str) -> list[str | None]:
            with self._store.reading() as tx:
                waits = self.desk.rows.waits(tx, queue_name)
            return scopes(queue_name) if waits else []

        dbos._sys_db.dequeue_scopes = with_work  # type: ignore[method-assign]

    async def _open(self, queue: Queue) -> None:
        rate = queue.rate
        await DBOS.register_queue_async(
            self._queue(queue.name),
            global_concurrency=queue.at_once,
            worker_concurrency=min(queue.in_each_process, queue.at_once or queue.in_each_process),
            partition_concurrency=queue.in_each_partition,
            limiter={"limit": rate.starts, "period": rate.within.total_seconds()} if rate else None,
            polling_interval_sec=queue.look.total_seconds(),
            on_conflict="always_update",
        )

    async def _drained(self) -> None:
        """What runs may end; what does not is broken off, and taken up by others."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._works.patience)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _OurWording(Serializer):
    """What is written in the engine's rows."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording

    def serialize(self, data: object) -> str:
        """A call of a phase, what it gave, or an error."""
        if isinstance(data, dict):  # a call: one argument, and no names
            return _CALL + self._wording.written(*data["args"])
        return self._wording.written(data)

    def deserialize(self, serialized_data: str) -> object:
        """What was written."""
        if serialized_data.startswith(_CALL):
            return {
                "args": (self._wording.read(serialized_data.removeprefix(_CALL)),),
                "kwargs": {},
            }
        return self._wording.read(serialized_data)

    def name(self) -> str:
        """What stands beside each row."""
        return WORDING


def _refuse(_: object, __: object) -> NoReturn:
    raise UnreadableWork(
        "A row of the engine says that it was written by another program.",
        remedy="See who can write into the database; this run is ended and does nothing.",
    )


def _only_errors(_: object, data: object) -> str:
    """Such a row is ended with an error, in our wording like every other."""
    if isinstance(data, Exception):
        return Wording([]).written(data)
    said = data.get("message") if isinstance(data, dict) else None
    return Wording([]).written(UnreadableWork(str(said), remedy="")) if said else _refuse(_, data)


def _harmless() -> None:
    """Disarm what could run code from a row, or let the environment have a say."""
    for each in (DefaultSerializer, DBOSPortableJSONSerializer):
        each.deserialize = _refuse  # type: ignore[method-assign,assignment]
        each.serialize = _only_errors  # type: ignore[method-assign,assignment]
    GlobalParams.dbos_cloud = False


def first_line(said: str) -> str:
    """The first line of it that says anything."""
    return next(filter(None, map(str.strip, said.splitlines())), "it does not say why")


def complaint(record: logging.LogRecord) -> str:
    """What it complains about, with the error that it names beside its sentence, if any."""
    said = first_line(record.getMessage())
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return said
    return f"{said.rstrip(':')}: {type(error).__name__}: {first_line(str(error))}"


class _Told(logging.Handler):
    """Hands on what the engine complains about; the same thing once in `SILENCE`."""

    def __init__(self, told: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._told = told
        self._last: dict[tuple[str, int], float] = {}  # by the place in the code: there are few

    def emit(self, record: logging.LogRecord) -> None:
        """One complaint, as one line."""
        place = (record.pathname, record.lineno)
        if record.created - self._last.get(place, 0.0) >= SILENCE:
            self._last[place] = record.created
            self._told(complaint(record))


def _quiet(told: Callable[[str], None]) -> None:
    logger = logging.getLogger("dbos")
    logger.handlers[:] = [_Told(told)]
    logger.propagate = False
