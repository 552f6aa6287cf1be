"""After a restore nothing of what was open goes on, and nothing that was spent can be again."""

from pathlib import Path

import pytest

from holdfast.adapters.files.whole import opened
from holdfast.adapters.stores import backup
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import StoreRefused
from holdfast.execution.courses import Course, read, written
from holdfast.execution.states import ENDS as LASTING
from holdfast.execution.states import NEXT, UNDONE_FROM, State, acts_from
from holdfast.model.cases import Case
from holdfast.model.entries import Draft
from holdfast.ports import Store
from holdfast.testing.casework import CasesInMemory, Casework
from holdfast.testing.clock import NOON, FrozenClock
from holdfast.testing.memory import Kept, TxInMemory
from holdfast.workflow.orders import accept_restore
from holdfast.workflow.voiding import ENDS, UNSEEN, VOIDED, void
from tests.adapters.stores.test_backup import AT, whole
from tests.audit.chains import CLUSTER, a_chain, checkpoints, verified
from tests.contracts.test_casework import a_case, a_word, moved
from tests.contracts.test_store import a_letter, seal
from tests.workflow.test_sealing import Counted, a_sealer, told

LOST = [checkpoints(a_chain(5))[4]]
OPEN = [each.value for each in State if each in ENDS]


def of_each_state() -> list[Case]:
    return [a_case(number, state=state.value) for number, state in enumerate(State)]


async def accepted(store: Store) -> None:
    seal(store, a_chain(3))
    await accept_restore(a_sealer(store), LOST, "the disk died", "ada")


def waiting(store: Store) -> list[Draft]:
    with store.reading() as tx:
        return list(tx.records.waiting(99))


async def test_what_was_open_ends_and_what_had_ended_stays(store: Store) -> None:
    with store.transaction() as tx:
        for case in of_each_state():
            tx.cases.put(case)

    await accepted(store)

    with store.reading() as tx:
        there = {each.id: each.state for each in tx.cases.newest(99)}
    ends = {"proposed": "expired", "approved": "expired", "leased": "unknown"}
    assert {case.id: ends.get(case.state, case.state) for case in of_each_state()} == there


async def test_each_that_ends_so_is_an_entry(store: Store) -> None:
    with store.transaction() as tx:
        for case in of_each_state():
            tx.cases.put(case)

    await accepted(store)

    drafts = {each.subjects[0]: each for each in waiting(store)}
    assert [case.id for case in of_each_state() if case.state in OPEN] == sorted(drafts)
    assert {each.details["because"] for each in drafts.values()} == {VOIDED}
    assert [each.kind for _, each in sorted(drafts.items())] == ["expired", "expired", "outcome"]
    assert a_sealer(store).batch() == len(drafts)
    assert verified(told(store), anchors=LOST).broken is None


async def test_what_is_unknown_counts_as_looked_at_by_nobody(store: Store) -> None:
    unreadable = a_case(3, state="unknown", course="rubbish")
    with store.transaction() as tx:
        for number, state in enumerate(("unknown", "leased"), 1):
            tx.cases.put(a_case(number, state=state, course=written(Course(looks=7, says="x"))))
        tx.cases.put(unreadable)

    await accepted(store)

    with store.reading() as tx:
        there = {each.id: each for each in tx.cases.in_states(["unknown"], 9)}
    assert there.pop(unreadable.id).course == "rubbish"
    courses = [read(each.course) for each in there.values()]
    assert [(0, UNSEEN)] * 2 == [(each.looks, each.says) for each in courses]


def test_every_end_is_one_that_the_table_of_states_knows() -> None:
    for state, (event, _) in ENDS.items():
        assert event in NEXT[state]


def test_what_goes_on_can_begin_nothing_new() -> None:
    begins = {state for state in State if acts_from(state)} - ENDS.keys()

    assert begins == UNDONE_FROM | {State.UNDOING}  # which take back, and look first
    assert LASTING.isdisjoint(ENDS)


class Stuck(CasesInMemory):
    """Whatever is looked at, somebody else has moved before it is written."""

    def move(self, was: Case, case: Case) -> bool:
        assert was != case
        return False


def test_what_somebody_else_moves_meanwhile_is_not_passed_over() -> None:
    tx = TxInMemory(Kept(), FrozenClock())
    kept = Casework(cases={"prp_1": a_case()})
    tx.cases = Stuck(kept, lambda: kept)

    with pytest.raises(StoreRefused, match="prp_1 is not as it was a moment ago"):
        void(tx, FrozenClock(), Counted(), "ada")


class Late(Exception):
    """Somebody else was first."""


def approve(store: Store) -> None:
    """What the keeper does with a person's yes, in short: all of it, or nothing."""
    with store.transaction() as tx:
        tx.words.add(a_word())
        tx.letters.answer("ltr_1", "issued")
        spent = tx.once.spend("ticket", "jti_1", "run_1", NOON)
        if not spent or not tx.cases.move(a_case(), moved(a_case())):
            raise Late


@pytest.mark.slow
async def test_what_was_spent_after_the_backup_is_not_spent_again(
    database: str, sql_store: SqlStore, tmp_path: Path
) -> None:
    seal(sql_store, a_chain(3))
    with sql_store.transaction() as tx:
        tx.cases.put(a_case())
        tx.letters.put(a_letter(1))
    engine = open_engine(parse_url(database))
    backup.write(engine, tmp_path / "b", AT, opened)
    engine.dispose()
    approve(sql_store)
    with pytest.raises(Late):
        approve(sql_store)
    restored = open_engine(parse_url(f"sqlite:///{tmp_path}/restored.db"))
    backup.restore(restored, tmp_path / "b", whole)
    store = SqlStore(restored, CLUSTER)

    await accept_restore(a_sealer(store), LOST, "the disk died", "ada")

    with pytest.raises(Late):
        approve(store)
    with store.reading() as tx:
        case = tx.cases.case("prp_1")
        assert case is not None
        assert case.state == "expired"
        assert not tx.letters.waiting(9)
        assert not tx.words.of("prp_1", 1)
    store.close()
