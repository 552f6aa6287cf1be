"""The engine's rows, as far as we read and write them ourselves.

Everything here happens in the transaction of whoever calls: what must be true together is asked
and written together. The engine itself is not imported; its tables are those that it documents.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    case,
    column,
    delete,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    table,
    true,
    update,
)

from holdfast.errors import TakenOver
from holdfast.model.runs import ATTEMPTS, Backlog, RunState
from holdfast.ports import Tx

STATES = {
    "ENQUEUED": RunState.WAITING,
    "DELAYED": RunState.WAITING,
    "PENDING": RunState.RUNNING,
    "SUCCESS": RunState.DONE,
    "ERROR": RunState.FAILED,
    "CANCELLED": RunState.CANCELLED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": RunState.GIVEN_UP,
}
_ENDED = [name for name, state in STATES.items() if state.ended]
_OPEN = [name for name, state in STATES.items() if not state.ended]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = 500
FROZEN = 5000  # milliseconds after which PostgreSQL ends a transaction whose process stands still
REAPER = 0x72656170  # the advisory lock of whoever gives away what the dead have left


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt begins with."""

    owner: str | None  # the token of whoever has the run now
    number: int


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A step that has ended."""

    name: str
    output: str | None = None
    error: str | None = None


class Rows:
    """One engine's part of a database: a schema of its own, or what carries its name."""

    def __init__(self, schema: str | None, application: str, wording: str) -> None:
        self._application = application
        self._wording = wording
        self.shared = schema is None  # one file: who looks after the dead does so for all
        columns = (
            *("workflow_uuid", "status", "name", "executor_id", "application_version"),
            *("application_name", "recovery_attempts", "queue_name", "owner_xid"),
            *("created_at", "updated_at", "completed_at", "started_at_epoch_ms"),
            *("deduplication_id", "serialization"),
        )
        self._runs = table("workflow_status", *map(column, columns), schema=schema)
        ending = ("workflow_uuid", "output", "error")
        self._inputs = table("workflow_input", column("workflow_uuid"), schema=schema)
        self._outputs = table("workflow_output", *map(column, ending), schema=schema)
        of_a_step = (
            *("workflow_uuid", "function_id", "function_name", "output", "error"),
            *("serialization", "started_at_epoch_ms", "completed_at_epoch_ms"),
            *("application_name", "retention_timestamp"),
        )
        self._steps = table("operation_outputs", *map(column, of_a_step), schema=schema)
        runs = self._runs.c
        waiting, running = (literal_column(f"'{each}'", String) for each in ("ENQUEUED", "PENDING"))
        self._first = (
            select(literal(1))
            .where(runs.queue_name == bindparam("queue"), runs.status == waiting)
            .where(runs.status.in_([waiting, running]))  # as the index says it, for SQLite
            .limit(1)
        )

    def waits(self, tx: Tx, queue: str) -> bool:
        """Whether anything in that queue waits for somebody who begins it."""
        return of(tx).execute(self._first, {"queue": queue}).first() is not None

    def claimed(self, tx: Tx, run: str) -> Claimed | None:
        """Who has a run, and the how-manieth that is."""
        runs = self._runs.c
        asked = select(runs.owner_xid, runs.recovery_attempts).where(self._is(run))
        row = of(tx).execute(asked).one_or_none()
        if row is None:
            return None
        return Claimed(owner=row.owner_xid, number=row.recovery_attempts or 0)

    def hold(self, tx: Tx, run: str, owner: str) -> None:
        """Have the run stay ours until the transaction ends; raise `TakenOver` if it is not."""
        connection = of(tx)
        asked = select(self._runs.c.owner_xid, *_impatient(connection)).where(self._is(run))
        row = connection.execute(asked.with_for_update(key_share=True)).one_or_none()
        if row is None or row.owner_xid != owner:
            raise taken_over(run)

    def steps(self, tx: Tx, run: str) -> Mapping[int, Kept]:
        """The steps that have ended, by their place."""
        steps = self._steps.c
        asked = select(steps.function_id, steps.function_name, steps.output, steps.error)
        return {
            row.function_id: Kept(name=row.function_name, output=row.output, error=row.error)
            for row in of(tx).execute(asked.where(steps.workflow_uuid == run))
        }

    def keep_step(self, tx: Tx, run: str, place: int, step: Kept, now: datetime) -> None:
        """A step has ended."""
        at = milliseconds(now)
        of(tx).execute(
            insert(self._steps).values(
                workflow_uuid=run,
                function_id=place,
                function_name=step.name,
                output=step.output,
                error=step.error,
                serialization=self._wording,
                started_at_epoch_ms=at,
                completed_at_epoch_ms=at,
                application_name=self._application,
                retention_timestamp=at,
            )
        )

    def cancel(self, tx: Tx, run: str, now: datetime) -> bool:
        """End a run that has not ended."""
        told = of(tx).execute(
            update(self._runs)
            .where(self._is(run), self._runs.c.status.in_(_OPEN))
            .values(**_left("CANCELLED", now), queue_name=None, completed_at=milliseconds(now))
        )
        return told.rowcount > 0

    def status(self, tx: Tx, run: str) -> tuple[str, str, int, str, str | None, str | None] | None:
        """Phase, status, attempts, executor, output and error."""
        runs, outputs = self._runs, self._outputs.c
        asked = (
            select(runs.c.name, runs.c.status, runs.c.recovery_attempts, runs.c.executor_id)
            .add_columns(outputs.output, outputs.error)
            .select_from(
                runs.outerjoin(self._outputs, runs.c.workflow_uuid == outputs.workflow_uuid)
            )
            .where(self._is(run))
        )
        row = of(tx).execute(asked).one_or_none()
        if row is None:
            return None
        name, status, attempts, executor, output, error = row
        return name, status, attempts or 0, executor or "", output, error

    def backlog(self, tx: Tx, now: datetime) -> tuple[Backlog, ...]:
        """What waits, by queue and version."""
        runs = self._runs.c
        waiting = ("ENQUEUED", "DELAYED")
        asked = (
            select(runs.queue_name, runs.application_version, func.count().label("runs"))
            .add_columns(func.min(runs.created_at).label("oldest"))
            .where(self._ours(), runs.status.in_(waiting))
            .group_by(runs.queue_name, runs.application_version)
            .order_by(runs.queue_name, runs.application_version)
        )
        return tuple(
            Backlog(
                queue=row.queue_name or "",
                version=row.application_version or "",
                runs=row.runs,
                oldest=max(now - moment(row.oldest), timedelta(0)),
            )
            for row in of(tx).execute(asked)
        )

    def tallies(self, tx: Tx, living: Collection[str]) -> tuple[int, int, int, int]:
        """How many run, how many of those nobody alive works at, the most attempts, given up."""
        runs = self._runs.c
        pending = runs.status == "PENDING"
        orphaned = and_(pending, runs.executor_id.not_in(list(living)))
        given_up = runs.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED"
        asked = select(
            *(func.coalesce(func.sum(case((each, 1), else_=0)), 0) for each in (pending, orphaned)),
            func.coalesce(
                func.max(case((runs.status.in_(_OPEN), runs.recovery_attempts), else_=0)), 0
            ),
            func.coalesce(func.sum(case((given_up, 1), else_=0)), 0),
        ).where(self._ours())
        row = of(tx).execute(asked).one()
        return int(row[0]), int(row[1]), int(row[2]), int(row[3])

    def orphans(self, tx: Tx, living: Collection[str]) -> int:
        """How many runs somebody has who is not alive, of all that we may give away."""
        runs = self._runs.c
        asked = select(func.count()).where(
            self._reach(), runs.status == "PENDING", runs.executor_id.not_in(list(living))
        )
        return of(tx).execute(asked).scalar_one()

    def forget(self, tx: Tx, before: datetime) -> int:
        """Remove some of what ended before then, with everything that belongs to it."""
        runs = self._runs.c
        old = list(
            of(tx)
            .execute(
                select(runs.workflow_uuid)
                .where(self._ours(), runs.status.in_(_ENDED))
                .where(runs.completed_at < milliseconds(before))
                .limit(_AT_ONCE)
            )
            .scalars()
        )
        for each in (self._steps, self._inputs, self._outputs, self._runs) if old else ():
            of(tx).execute(delete(each).where(each.c.workflow_uuid.in_(old)))
        return len(old)

    def sole_reaper(self, tx: Tx) -> bool:
        """On SQLite whoever writes is alone; on PostgreSQL a lock of this transaction says so."""
        connection = of(tx)
        if connection.dialect.name == "sqlite":
            return True
        lock = func.pg_try_advisory_xact_lock(REAPER, func.hashtext(self._application))
        return bool(connection.execute(select(lock, *_impatient(connection))).one()[0])

    def give_back(self, tx: Tx, whose: ColumnElement[bool], now: datetime) -> int:
        """Let others take up what somebody has; whoever had it writes nothing more.

        A row that is locked at this moment is left for the next time: nobody is waited for. What
        was tried too often is given up, and so is what we have not written.
        """
        runs = self._runs.c
        chosen = (
            select(runs.workflow_uuid)
            .where(self._reach(), runs.status == "PENDING", whose)
            .with_for_update(skip_locked=True)
        )
        foreign = func.coalesce(runs.serialization, "") != self._wording
        spent = or_(runs.recovery_attempts >= ATTEMPTS, foreign)
        told = of(tx).execute(
            update(self._runs)
            .where(runs.workflow_uuid.in_(chosen), runs.status == "PENDING")
            .values(
                **_left(
                    case(
                        (spent, literal("MAX_RECOVERY_ATTEMPTS_EXCEEDED")),
                        else_=literal("ENQUEUED"),
                    ),
                    now,
                ),
                completed_at=case((spent, milliseconds(now)), else_=None),
            )
        )
        return told.rowcount

    def of_others_than(self, living: Collection[str]) -> ColumnElement[bool]:
        """Whatever nobody of those works at."""
        return self._runs.c.executor_id.not_in(list(living))

    def of_executor(self, executor: str, without: Collection[str]) -> ColumnElement[bool]:
        """Whatever that one has, without those."""
        runs = self._runs.c
        return and_(runs.executor_id == executor, runs.workflow_uuid.not_in(list(without)))

    def running_of(self, tx: Tx, executor: str) -> set[str]:
        """What that one has."""
        runs = self._runs.c
        asked = select(runs.workflow_uuid).where(
            self._ours(), runs.status == "PENDING", runs.executor_id == executor
        )
        return set(of(tx).execute(asked).scalars())

    def _is(self, run: str) -> ColumnElement[bool]:
        return and_(self._runs.c.workflow_uuid == run, self._ours())

    def _reach(self) -> ColumnElement[bool]:
        return true() if self.shared else self._ours()

    def _ours(self) -> ColumnElement[bool]:
        runs = self._runs.c
        return or_(runs.application_name == self._application, runs.application_name.is_(None))


def of(tx: Tx) -> Connection:
    """The connection of a transaction on SQL."""
    if not isinstance(tx.native, Connection):
        raise TypeError("this engine works in a database only")
    return tx.native


def milliseconds(at: datetime) -> int:
    """As the engine keeps times."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def moment(at: int) -> datetime:
    """What the engine kept."""
    return _EPOCH + timedelta(milliseconds=at)


def taken_over(run: str) -> TakenOver:
    """Somebody else has it."""
    return TakenOver(
        f"The run {run} was taken over by another process, or cancelled.",
        remedy="Nothing was written, and nothing is to be done: see how the run stands.",
    )


def _left(status: str | ColumnElement[str], now: datetime) -> dict[str, object]:
    """Nobody has it any more."""
    return {
        "status": status,
        "owner_xid": None,
        "started_at_epoch_ms": None,
        "deduplication_id": None,
        "updated_at": milliseconds(now),
    }


def _impatient(connection: Connection) -> tuple[ColumnElement[str], ...]:
    """A process that is stopped in the middle of a transaction holds up others no longer than so.

    SQLite has no such thing: there, whoever is stopped while it writes holds up everybody.
    """
    if connection.dialect.name == "sqlite":
        return ()
    return (func.set_config("idle_in_transaction_session_timeout", str(FROZEN), literal(True)),)
