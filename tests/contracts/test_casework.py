"""What every `Store` promises of proposals, approvals, budgets and switches."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from holdfast.errors import StoreRefused
from holdfast.model.cases import Bucket, Case, Word
from holdfast.ports import Store, Tx
from holdfast.testing.clock import NOON
from tests.contracts.test_store import Undone

SOON = 60  # seconds that a thread of the tests may take
AT_ONCE = 8  # threads
FINER = datetime(2026, 3, 2, 12, 0, 0, 123_456, tzinfo=UTC)
TEXT = '{"says":"ja \N{EM DASH} \U0001f600 \\" \'"}'


def a_case(number: int = 1, *, state: str = "proposed", **changed: object) -> Case:
    case = Case(
        id=f"prp_{number}",
        state=state,
        digest="ab" * 32,
        namespace="shop",
        target="uid-1",
        of_class="restart",
        content=TEXT,
        card=TEXT,
        course="{}",
        proposed=NOON + timedelta(seconds=number),
        changed=NOON + timedelta(seconds=number),
        open_until=NOON + timedelta(hours=4),
    )
    return msgspec.structs.replace(case, **changed)


def a_word(person: str = "ada", *, step: int = 1, **changed: object) -> Word:
    word = Word(
        proposal="prp_1",
        step=step,
        person=person,
        statement=TEXT,
        signature="-----BEGIN SSH SIGNATURE-----\nab\n",
        assent="{}",
        at=NOON,
    )
    return msgspec.structs.replace(word, **changed)


def moved(case: Case, state: str = "approved") -> Case:
    return msgspec.structs.replace(case, state=state, changed=case.changed + timedelta(seconds=9))


def a_bucket(thousandths: int = 9000, at: datetime = NOON) -> Bucket:
    return Bucket(thousandths=thousandths, at=at)


def put(store: Store, *cases: Case) -> None:
    with store.transaction() as tx:
        for case in cases:
            assert tx.cases.put(case)


def case_of(store: Store, id_: str = "prp_1") -> Case | None:
    with store.reading() as tx:
        return tx.cases.case(id_)


def together(work: Callable[[int], bool]) -> int:
    """How many of several who begin at the same moment are told yes."""
    barrier, told = threading.Barrier(AT_ONCE), list[bool]()

    def run(number: int) -> None:
        barrier.wait(SOON)
        told.append(work(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert len(told) == AT_ONCE
    return sum(told)


def test_a_case_is_given_back_as_it_was(store: Store) -> None:
    put(store, a_case())

    assert case_of(store) == a_case()
    assert case_of(store, "prp_9") is None


def test_a_case_is_put_once(store: Store) -> None:
    put(store, a_case())

    with store.transaction() as tx:
        assert not tx.cases.put(a_case(state="approved"))

    assert case_of(store) == a_case()


def test_a_case_moves_from_where_its_mover_saw_it(store: Store) -> None:
    put(store, a_case(), a_case(2))

    with store.transaction() as tx:
        assert tx.cases.move(a_case(), moved(a_case()))

    assert case_of(store) == moved(a_case())
    assert case_of(store, "prp_2") == a_case(2)


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "rejected"},
        {"course": '{"step":1}'},
        {"card": "{}"},
        {"changed": NOON},
        {"open_until": NOON},
    ],
    ids=lambda each: next(iter(each)),
)
def test_a_case_that_is_not_as_it_was_seen_does_not_move(
    store: Store, changed: dict[str, object]
) -> None:
    there = a_case(**changed)  # type: ignore[arg-type]
    put(store, there)

    with store.transaction() as tx:
        assert not tx.cases.move(a_case(), moved(a_case()))

    assert case_of(store) == there


def test_a_case_that_is_not_there_does_not_move(store: Store) -> None:
    with store.transaction() as tx:
        assert not tx.cases.move(a_case(), moved(a_case()))

    assert case_of(store) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "prp_2"},
        {"digest": "cd" * 32},
        {"namespace": "kube-system"},
        {"target": "uid-2"},
        {"of_class": "delete"},
        {"content": "{}"},
        {"proposed": NOON - timedelta(days=1)},
    ],
    ids=lambda each: next(iter(each)),
)
def test_what_people_are_asked_about_never_changes(
    store: Store, changed: dict[str, object]
) -> None:
    put(store, a_case())

    with pytest.raises(StoreRefused, match="never does"), store.transaction() as tx:
        tx.cases.move(a_case(), msgspec.structs.replace(moved(a_case()), **changed))

    assert case_of(store) == a_case()


def test_of_several_who_move_a_case_one_does(store: Store) -> None:
    put(store, a_case())

    def move(number: int) -> bool:
        with store.transaction() as tx:
            return tx.cases.move(a_case(), moved(a_case(), f"state {number}"))

    assert together(move) == 1


def test_a_case_that_somebody_moves_meanwhile_does_not_move_again(store: Store) -> None:
    put(store, a_case())
    with store.transaction() as tx:
        seen = tx.cases.case("prp_1")
        assert seen is not None
        assert tx.cases.move(seen, moved(seen))
        assert not tx.cases.move(seen, moved(seen, "rejected"))

    assert case_of(store) == moved(a_case())


def test_cases_are_found_by_where_they_are_the_longest_unchanged_first(store: Store) -> None:
    cases = [
        a_case(1, changed=NOON + timedelta(hours=2)),
        a_case(2, state="approved"),
        a_case(3, changed=NOON + timedelta(hours=1)),
        a_case(4, state="expired"),
    ]
    put(store, *cases)

    with store.reading() as tx:
        told = tx.cases.in_states({"proposed", "approved"}, 9)
        assert [cases[1], cases[2], cases[0]] == list(told)
        assert [cases[1], cases[2]] == list(tx.cases.in_states(["proposed", "approved"], 2))
        assert not tx.cases.in_states((), 9)


def test_what_is_damaged_is_closed_and_nothing_else_of_it_is_written(store: Store) -> None:
    damaged, whole, at = a_case(1, content=""), a_case(2), NOON + timedelta(hours=9)
    put(store, damaged, whole)

    with store.transaction() as tx:
        assert not tx.cases.close(whole, "expired", at)
        assert not tx.cases.close(msgspec.structs.replace(damaged, state="applied"), "expired", at)
        assert not tx.cases.close(msgspec.structs.replace(damaged, id="prp_9"), "expired", at)
        assert tx.cases.close(damaged, "expired", at)
        assert not tx.cases.close(damaged, "expired", at)

    with store.reading() as tx:
        assert whole == tx.cases.case("prp_2")
        closed = msgspec.structs.replace(damaged, state="expired", changed=at)
        assert closed == tx.cases.case("prp_1")


def test_cases_are_read_page_by_page_also_where_many_changed_at_once(store: Store) -> None:
    put(store, *(a_case(n, changed=NOON + timedelta(hours=n // 3)) for n in range(1, 9)))
    found: list[str] = []
    with store.reading() as tx:
        page = tx.cases.in_states(["proposed"], 2, (NOON, ""))
        while page:
            found += [each.id for each in page]
            page = tx.cases.in_states(["proposed"], 2, (page[-1].changed, page[-1].id))
        assert [each.id for each in tx.cases.in_states(["proposed"], 99)] == found
        assert 6 == len(tx.cases.in_states(["proposed"], 99, (NOON + timedelta(hours=1), "")))


def test_cases_are_found_by_their_target_and_by_their_age_the_newest_first(store: Store) -> None:
    cases = [a_case(n, target=f"uid-{n % 2}") for n in (2, 1, 4, 3)]
    put(store, *cases)

    with store.reading() as tx:
        assert ["prp_4", "prp_2"] == [each.id for each in tx.cases.of_target("uid-0", 9)]
        assert ["prp_3"] == [each.id for each in tx.cases.of_target("uid-1", 1)]
        assert ["prp_4", "prp_3", "prp_2"] == [each.id for each in tx.cases.newest(3)]


def test_words_come_back_in_the_order_in_which_they_came(store: Store) -> None:
    words = [a_word("grace"), a_word("ada"), a_word("ada", step=2)]
    with store.transaction() as tx:
        for word in words:
            assert tx.words.add(word)

    with store.reading() as tx:
        assert words[:2] == list(tx.words.of("prp_1", 1))
        assert words[2:] == list(tx.words.of("prp_1", 2))
        assert not tx.words.of("prp_2", 1)


def test_words_of_many_come_at_once_of_each_step_by_step(store: Store) -> None:
    words = [
        a_word("grace", proposal="prp_2"),
        a_word("grace", step=2),
        a_word("ada", step=2),
        a_word("zoe"),
        a_word("ada", proposal="prp_2"),
        a_word("ada", proposal="prp_3"),
        a_word("ada"),
    ]
    with store.transaction() as tx:
        for word in words:
            assert tx.words.add(word)

    with store.reading() as tx:
        told = tx.words.of_all(["prp_2", "prp_1"])
        assert not tx.words.of_all([])
    of_each = [[each for each in told if each.proposal == id_] for id_ in ("prp_1", "prp_2")]
    assert [[words[3], words[6], words[1], words[2]], [words[0], words[4]]] == of_each
    assert 6 == len(told)


@pytest.mark.slow
def test_words_are_asked_for_of_any_number(store: Store) -> None:
    asked = [f"prp_{number}" for number in range(70_000)]
    with store.transaction() as tx:
        assert tx.words.add(a_word(proposal=asked[0]))
        assert tx.words.add(a_word(proposal=asked[-1]))

    with store.reading() as tx:
        assert [asked[0], asked[-1]] == [each.proposal for each in tx.words.of_all(asked)]


def test_a_person_says_yes_once(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.words.add(a_word())

    def again(number: int) -> bool:
        with store.transaction() as tx:
            return tx.words.add(a_word(statement=f"{number}"))

    assert together(again) == 0
    with store.reading() as tx:
        assert [a_word()] == list(tx.words.of("prp_1", 1))


def test_what_is_spent_stays_spent(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.once.spend("ticket", "jti_1", "run_1", NOON)
        assert not tx.once.spend("ticket", "jti_1", "run_1", NOON)
    with store.transaction() as tx:
        assert not tx.once.spend("ticket", "jti_1", "run_2", NOON)
        assert tx.once.spend("claim", "jti_1", "run_2", NOON)

    with store.reading() as tx:
        assert ("run_1", "run_2") == (
            tx.once.spent("ticket", "jti_1"),
            tx.once.spent("claim", "jti_1"),
        )
        assert tx.once.spent("ticket", "jti_2") is None


def test_of_several_who_spend_one_does(store: Store) -> None:
    def spend(number: int) -> bool:
        with store.transaction() as tx:
            return tx.once.spend("claim", "prp_1/1/1", f"run_{number}", NOON)

    assert together(spend) == 1


def test_what_was_spent_in_a_transaction_that_ended_badly_is_not(store: Store) -> None:
    def spend(tx: Tx) -> None:
        assert tx.once.spend("ticket", "jti_1", "run_1", NOON)
        raise Undone

    with pytest.raises(Undone), store.transaction() as tx:
        spend(tx)

    with store.transaction() as tx:
        assert tx.once.spend("ticket", "jti_1", "run_2", NOON)


def test_a_bucket_is_filled_from_where_it_was_seen(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.buckets.bucket("ada", "restart") is None
        assert tx.buckets.fill("ada", "restart", None, a_bucket())
        assert not tx.buckets.fill("ada", "restart", None, a_bucket(8000))
        assert not tx.buckets.fill("ada", "restart", a_bucket(8000), a_bucket(7000))
        later = NOON + timedelta(seconds=1)
        assert not tx.buckets.fill("ada", "restart", a_bucket(at=later), a_bucket(7000))
        assert tx.buckets.fill("ada", "restart", a_bucket(), a_bucket(8000, later))

    with store.reading() as tx:
        assert tx.buckets.bucket("ada", "restart") == a_bucket(8000, later)


def test_a_bucket_that_nobody_ever_took_from_is_not_one_that_somebody_saw(store: Store) -> None:
    with store.transaction() as tx:
        assert not tx.buckets.fill("ada", "restart", a_bucket(), a_bucket(8000))
        assert tx.buckets.bucket("ada", "restart") is None


def test_of_several_who_take_at_once_one_does(store: Store) -> None:
    def take(number: int) -> bool:
        with store.transaction() as tx:
            return tx.buckets.fill("ada", "restart", None, a_bucket(number))

    assert together(take) == 1


def test_no_bucket_is_anothers_whatever_their_names(store: Store) -> None:
    keys = [
        ("a", "b/c"),
        ("a/b", "c"),
        ("a", ""),
        ("", "a"),
        ("A", "b/c"),
        ("a ", "b/c"),
        ("à", ""),
    ]
    keys += [("a\N{COMBINING GRAVE ACCENT}", ""), ("a', 'b", "c"), ("a%", "b_"), ("a,b", "c")]

    with store.transaction() as tx:
        for number, (person, of_class) in enumerate(keys):
            assert tx.buckets.fill(person, of_class, None, a_bucket(number))

    with store.reading() as tx:
        told = [tx.buckets.bucket(person, of_class) for person, of_class in keys]
    assert [a_bucket(number) for number in range(len(keys))] == told


def test_a_switch_is_turned_only_from_what_somebody_saw(store: Store) -> None:
    with store.transaction() as tx:
        assert not tx.switches.turn("breaker/restart", "1", "2", NOON)
        assert tx.switches.turn("breaker/restart", None, "1", NOON)
        assert not tx.switches.turn("breaker/restart", None, "1", NOON)
        assert tx.switches.turn("breaker/restart", "1", "2", NOON)
    with store.reading() as tx:
        assert [("breaker/restart", "2")] == tx.switches.all()


def test_a_switch_says_what_it_was_told_last_until_it_is_off(store: Store) -> None:
    with store.transaction() as tx:
        tx.switches.on("freeze", "{}", NOON)
        tx.switches.on("breaker/restart", TEXT, NOON)
        tx.switches.on("freeze", '{"undo_too":true}', NOON)
    with store.reading() as tx:
        assert [("breaker/restart", TEXT), ("freeze", '{"undo_too":true}')] == tx.switches.all()
        assert tx.switches.value("breaker/restart") == TEXT

    with store.transaction() as tx:
        tx.switches.off("breaker/restart")
        tx.switches.off("nothing")

    with store.reading() as tx:
        assert tx.switches.value("breaker/restart") is None
        assert [("freeze", '{"undo_too":true}')] == tx.switches.all()


def test_moments_are_kept_to_the_millisecond(store: Store) -> None:
    cut = FINER.replace(microsecond=123_000)
    finer = a_case(proposed=FINER, changed=FINER, open_until=FINER)

    with store.transaction() as tx:
        assert tx.cases.put(finer)
        assert tx.cases.move(finer, msgspec.structs.replace(finer, state="approved"))
        assert tx.words.add(a_word(at=FINER))
        assert tx.buckets.fill("ada", "restart", None, a_bucket(at=FINER))
        assert tx.buckets.fill("ada", "restart", a_bucket(at=FINER), a_bucket(1, at=FINER))

    with store.reading() as tx:
        kept = a_case(state="approved", proposed=cut, changed=cut, open_until=cut)
        assert tx.cases.case("prp_1") == kept
        assert [a_word(at=cut)] == list(tx.words.of("prp_1", 1))
        assert tx.buckets.bucket("ada", "restart") == a_bucket(1, at=cut)


WRITES: dict[str, Callable[[Tx], object]] = {
    "put": lambda tx: tx.cases.put(a_case()),
    "move": lambda tx: tx.cases.move(a_case(), moved(a_case())),
    "add": lambda tx: tx.words.add(a_word()),
    "spend": lambda tx: tx.once.spend("ticket", "jti_1", "run_1", NOON),
    "fill": lambda tx: tx.buckets.fill("ada", "restart", None, a_bucket()),
    "on": lambda tx: tx.switches.on("freeze", "{}", NOON),
    "turn": lambda tx: tx.switches.turn("freeze", None, "{}", NOON),
    "off": lambda tx: tx.switches.off("freeze"),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_reader_writes_nothing_of_it(store: Store, write: str) -> None:
    with pytest.raises(StoreRefused), store.reading() as tx:
        WRITES[write](tx)


def test_a_transaction_that_ends_badly_leaves_nothing_of_it(store: Store) -> None:
    with store.transaction() as tx:
        tx.cases.put(a_case(2))

    def everything(tx: Tx) -> None:
        for write in WRITES.values():
            write(tx)
        tx.switches.on("freeze", "{}", NOON)
        tx.cases.move(a_case(2), moved(a_case(2)))
        raise Undone

    with pytest.raises(Undone), store.transaction() as tx:
        everything(tx)

    with store.reading() as tx:
        assert [a_case(2)] == list(tx.cases.newest(9))
        assert not tx.words.of("prp_1", 1)
        assert tx.once.spent("ticket", "jti_1") is None
        assert tx.buckets.bucket("ada", "restart") is None
        assert not tx.switches.all()
