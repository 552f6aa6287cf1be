"""What is kept of proposals. Of two who write at once, one is told that it came too late.

- A row that must be the first is inserted, and the database says whether it was.
- A row that changes is changed where it is still, in every column, as its changer saw it: the
  database waits for whoever changes it meanwhile, and then looks again.
- A row of which a column holds what it is not of, or text in no encoding, is told without its
  content: nobody can act on it, and whoever reads it says that it was changed. Such a word is
  nobody's.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import batched
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    delete,
    literal,
    select,
    tuple_,
    update,
)

from holdfast.adapters.stores.rows import (
    as_written,
    insert_into,
    is_text,
    keep,
    milliseconds,
    moment,
    written,
)
from holdfast.adapters.stores.tables import BUCKETS, CASES, ONCE, SWITCHES, WORDS
from holdfast.model.cases import Bucket, Case, Word, require_same_proposal
from holdfast.ports.casework import Changed

AT_ONCE = 1000  # proposals that are asked about in one statement: databases take only so many
type _Values = Mapping[str, str | int]
_WORD = tuple(each for each in WORDS.columns if each is not WORDS.c.cluster_uid)
_SHOWN = (
    *(each for each in CASES.columns if each is not CASES.c.course),
    literal("").label("course"),
)


class _Shelf:
    """The rows of one cluster."""

    def __init__(self, connection: Connection, cluster: str) -> None:
        self._connection = connection
        self._cluster = cluster

    def _first(self, table: Table, values: _Values) -> bool:
        """Whether nobody had written it. By what comes back: drivers do not count here."""
        row = insert_into(self._connection, table).values(cluster_uid=self._cluster, **values)
        told = row.on_conflict_do_nothing().returning(table.c.cluster_uid)
        return self._connection.execute(told).first() is not None

    def _changed(self, table: Table, was: _Values, now: _Values) -> bool:
        """Whether it was as it was thought to be, and so was changed."""
        still = [table.c[name] == value for name, value in was.items()]
        changed = update(table).where(table.c.cluster_uid == self._cluster, *still).values(**now)
        return self._connection.execute(changed).rowcount == 1


class SqlCases(_Shelf):
    """`Cases`; without their courses, for whoever may not read those."""

    def __init__(self, connection: Connection, cluster: str, *, courses: bool = True) -> None:
        super().__init__(connection, cluster)
        self._columns = CASES.columns if courses else _SHOWN

    def put(self, case: Case) -> bool:
        """Keep a new one."""
        return self._first(CASES, _of_case(case))

    def case(self, id: str) -> Case | None:  # noqa: A002 - the word of the record
        """The one of that id."""
        return next(iter(self._told(self._ours().where(CASES.c.id == id))), None)

    def move(self, was: Case, case: Case) -> bool:
        """Write it as it is now, if it is still as `was` says."""
        require_same_proposal(was, case)
        return self._changed(CASES, _of_case(was), _of_case(case))

    def close(self, was: Case, state: str, at: datetime) -> bool:
        """Have one whose row is damaged be in that state from then on."""
        there = self.case(was.id)
        if there is None or not there.damaged or there.state != was.state:
            return False
        closed = (
            update(CASES)
            .where(CASES.c.cluster_uid == self._cluster, CASES.c.id == was.id)
            .where(CASES.c.state == was.state)
            .values(state=state, changed_ms=milliseconds(at))
        )
        return self._connection.execute(closed).rowcount == 1

    def in_states(
        self, states: Collection[str], limit: int, after: Changed | None = None
    ) -> Sequence[Case]:
        """Those in one of these states, the longest unchanged first."""
        there = self._ours().where(CASES.c.state.in_(list(states)))
        if after is not None:
            place = milliseconds(after[0]), after[1]
            there = there.where(tuple_(CASES.c.changed_ms, CASES.c.id) > tuple_(*place))
        told = self._told(there.order_by(CASES.c.changed_ms, CASES.c.id).limit(limit))
        # Rows of no moment that there is stand last, after any place: who goes on has seen them.
        return [each for each in told if after is None or (each.changed, each.id) > after]

    def of_target(self, uid: str, limit: int) -> Sequence[Case]:
        """Those of one target, the newest first."""
        return self._told(_newest(self._ours().where(CASES.c.target == uid), limit))

    def newest(self, limit: int) -> Sequence[Case]:
        """The newest of all."""
        return self._told(_newest(self._ours(), limit))

    def _ours(self) -> Select[*tuple[Any, ...]]:
        asked = as_written(self._connection, self._columns)
        return asked.where(CASES.c.cluster_uid == self._cluster)

    def _told(self, asked: Select[*tuple[Any, ...]]) -> list[Case]:
        return [_case(row) for row in self._connection.execute(asked)]


class SqlWords(_Shelf):
    """`Words`."""

    def add(self, word: Word) -> bool:
        """Keep it, once of each person."""
        told: _Values = {
            "proposal": word.proposal,
            "step": word.step,
            "person": word.person,
            "statement": word.statement,
            "signature": word.signature,
            "assent": word.assent,
            "at_ms": milliseconds(word.at),
        }
        return self._first(WORDS, told)

    def of(self, proposal: str, step: int) -> Sequence[Word]:
        """All of one step, in the order in which they came."""
        return self._told(WORDS.c.proposal == proposal, WORDS.c.step == step)

    def of_all(self, proposals: Collection[str]) -> Sequence[Word]:
        """Those of all of these."""
        return [
            word
            for some in batched(proposals, AT_ONCE)
            for word in self._told(WORDS.c.proposal.in_(some))
        ]

    def _told(self, *those: ColumnElement[bool]) -> Sequence[Word]:
        asked = as_written(self._connection, _WORD).where(
            WORDS.c.cluster_uid == self._cluster, *those
        )
        in_order = asked.order_by(WORDS.c.proposal, WORDS.c.step, WORDS.c.place)
        return [
            Word(
                proposal=written(row.proposal),
                step=row.step,
                person=written(row.person),
                statement=written(row.statement),
                signature=written(row.signature),
                assent=written(row.assent),
                at=moment(row.at_ms),
            )
            for row in self._connection.execute(in_order)
            if row.whole
        ]


class SqlOnce(_Shelf):
    """`Once`."""

    def spend(self, what: str, key: str, by: str, at: datetime) -> bool:
        """Spend it, for ever."""
        told: _Values = {"what": what, "key": key, "spent_by": by, "at_ms": milliseconds(at)}
        return self._first(ONCE, told)

    def spent(self, what: str, key: str) -> str | None:
        """By whom it was spent."""
        asked = select(ONCE.c.spent_by).where(
            ONCE.c.cluster_uid == self._cluster, ONCE.c.what == what, ONCE.c.key == key
        )
        return self._connection.execute(asked).scalar_one_or_none()


class SqlBuckets(_Shelf):
    """`Buckets`."""

    def bucket(self, person: str, of_class: str) -> Bucket | None:
        """The last that was written."""
        row = self._connection.execute(
            select(BUCKETS).where(
                BUCKETS.c.cluster_uid == self._cluster,
                BUCKETS.c.person == person,
                BUCKETS.c.of_class == of_class,
            )
        ).one_or_none()
        return None if row is None else Bucket(thousandths=row.thousandths, at=moment(row.at_ms))

    def fill(self, person: str, of_class: str, was: Bucket | None, now: Bucket) -> bool:
        """Write it, if it is still as `was` says."""
        whose = {"person": person, "of_class": of_class}
        if was is None:
            return self._first(BUCKETS, whose | _of_bucket(now))
        return self._changed(BUCKETS, whose | _of_bucket(was), _of_bucket(now))


class SqlSwitches(_Shelf):
    """`Switches`."""

    def value(self, name: str) -> str | None:
        """What that switch says."""
        asked = select(SWITCHES.c.value).where(
            SWITCHES.c.cluster_uid == self._cluster, SWITCHES.c.name == name
        )
        return self._connection.execute(asked).scalar_one_or_none()

    def on(self, name: str, value: str, at: datetime) -> None:
        """Switch it on, or have it say something else."""
        told = {"value": value, "at_ms": milliseconds(at)}
        key = [SWITCHES.c.cluster_uid, SWITCHES.c.name]
        upsert = insert_into(self._connection, SWITCHES).on_conflict_do_update(
            index_elements=key, set_=told
        )
        keep(self._connection, upsert, [{"cluster_uid": self._cluster, "name": name, **told}])

    def turn(self, name: str, was: str | None, value: str, at: datetime) -> bool:
        """Have it say something else."""
        told: _Values = {"value": value, "at_ms": milliseconds(at)}
        if was is None:
            return self._first(SWITCHES, {"name": name, **told})
        return self._changed(SWITCHES, {"name": name, "value": was}, told)

    def off(self, name: str) -> None:
        """Switch it off."""
        self._connection.execute(
            delete(SWITCHES).where(SWITCHES.c.cluster_uid == self._cluster, SWITCHES.c.name == name)
        )

    def all(self) -> Sequence[tuple[str, str]]:
        """Those that are on, by name."""
        rows = self._connection.execute(
            select(SWITCHES.c.name, SWITCHES.c.value).where(SWITCHES.c.cluster_uid == self._cluster)
        )
        return sorted((row.name, row.value) for row in rows)


def _newest(asked: Select[*tuple[Any, ...]], limit: int) -> Select[*tuple[Any, ...]]:
    return asked.order_by(CASES.c.proposed_ms.desc(), CASES.c.id.desc()).limit(limit)


def _of_case(case: Case) -> _Values:
    return {
        "id": case.id,
        "state": case.state,
        "digest": case.digest,
        "namespace": case.namespace,
        "target": case.target,
        "of_class": case.of_class,
        "content": case.content,
        "card": case.card,
        "course": case.course,
        "proposed_ms": milliseconds(case.proposed),
        "changed_ms": milliseconds(case.changed),
        "open_until_ms": milliseconds(case.open_until),
        "progress": case.progress,
    }


def _case(row: Row[*tuple[Any, ...]]) -> Case:
    return Case(
        id=written(row.id),
        state=written(row.state),
        digest=written(row.digest),
        namespace=written(row.namespace),
        target=written(row.target),
        of_class=written(row.of_class),
        content=written(row.content) if row.whole and all(map(is_text, row)) else "",
        card=written(row.card),
        course=written(row.course),
        proposed=moment(row.proposed_ms),
        changed=moment(row.changed_ms),
        open_until=moment(row.open_until_ms),
        progress=written(row.progress),
    )


def _of_bucket(bucket: Bucket) -> dict[str, str | int]:
    return {"thousandths": bucket.thousandths, "at_ms": milliseconds(bucket.at)}
