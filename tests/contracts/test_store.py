"""What every `Store` promises, on the one in memory, on SQLite and on PostgreSQL."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from holdfast.audit import chain
from holdfast.errors import AlreadyKept, NotCanonical, StoreRefused
from holdfast.model.entries import Draft, Entry, Head, Segment
from holdfast.model.letters import Beat, Letter
from holdfast.model.runs import Backlog, Figures
from holdfast.ports import Store, Tx
from holdfast.testing.clock import FrozenClock
from holdfast.testing.memory import StoreInMemory
from tests.audit.chains import CLUSTER, a_chain, a_draft, checkpoints, lines, verified

NOON = datetime(2026, 3, 2, 12, 0, 0, 123_000, tzinfo=UTC)


class Undone(Exception):
    """Ends a transaction badly."""


def a_letter(number: int = 1, *, at: datetime = NOON) -> Letter:
    body = {"proposal": "prp_1", "says": "ja \N{EM DASH} \U0001f600", "n": [1, None, True]}
    return Letter(id=f"ltr_{number}", kind="approval", sender="serve", body=body, at=at)


def a_beat(executor: str = "keeper-0-a1", *, beat: datetime = NOON) -> Beat:
    return Beat(executor=executor, role="keeper", version="1.2.3", started=NOON, beat=beat)


def submit(store: Store, *drafts: Draft) -> None:
    with store.transaction() as tx:
        for draft in drafts:
            tx.records.submit(draft)


def seal(store: Store, entries: list[Entry], before: list[Entry] | None = None) -> None:
    with store.transaction() as tx:
        tx.records.seal(entries, checkpoints([*(before or []), *entries])[-1])


def waiting(store: Store, limit: int = 100) -> list[Draft]:
    with store.reading() as tx:
        return list(tx.records.waiting(limit))


def head_of(entries: list[Entry]) -> Head:
    return chain.head_of(checkpoints(entries)[-1])


def test_gives_back_drafts_as_they_were_in_the_order_in_which_they_came(store: Store) -> None:
    drafts = [a_draft(n) for n in (3, 1, 2)]

    submit(store, *drafts)

    assert drafts == waiting(store)
    assert drafts[:2] == waiting(store, limit=2)


def test_a_transaction_that_ends_badly_never_was(store: Store) -> None:
    def everything(tx: Tx) -> None:
        tx.records.submit(a_draft(2))
        tx.letters.put(a_letter())
        tx.beats.beat(a_beat())
        tx.records.seal(a_chain(1), checkpoints(a_chain(1))[-1])
        raise Undone

    with pytest.raises(Undone), store.transaction() as tx:
        everything(tx)

    with store.reading() as tx:
        assert not tx.records.waiting(9)
        assert not tx.letters.waiting(9)
        assert not tx.beats.all()
        assert tx.records.tip() is None
        assert not list(tx.records.lines())


def test_what_a_transaction_did_is_not_seen_before_it_ends(store: Store) -> None:
    with store.transaction() as tx:
        tx.records.submit(a_draft(1))
        assert tx.records.waiting(9)
        assert not waiting(store)

    assert waiting(store)


def test_a_reader_sees_one_moment(store: Store) -> None:
    submit(store, a_draft(1))
    with store.reading() as tx:
        before = list(tx.records.waiting(9))
        submit(store, a_draft(2))

        assert before == list(tx.records.waiting(9))

    assert len(waiting(store)) == 2


@pytest.mark.parametrize(
    "write",
    [
        lambda tx: tx.records.submit(a_draft(1)),
        lambda tx: tx.records.seal(a_chain(1), checkpoints(a_chain(1))[-1]),
        lambda tx: tx.records.close(a_segment(a_chain(1), 1)),
        lambda tx: tx.letters.put(a_letter()),
        lambda tx: tx.letters.answer("ltr_1", "issued"),
        lambda tx: tx.beats.beat(a_beat()),
        lambda tx: tx.beats.forget("keeper-0-a1"),
    ],
    ids=["submit", "seal", "close", "put", "answer", "beat", "forget"],
)
def test_a_reader_cannot_write(store: Store, write: Callable[[Tx], object]) -> None:
    with pytest.raises(StoreRefused), store.reading() as tx:
        write(tx)

    submit(store, a_draft(9))  # and whoever comes next may write
    assert [a_draft(9)] == waiting(store)


def test_two_writers_at_once_lose_nothing(store: Store) -> None:
    together = threading.Barrier(2)
    failed: list[Exception] = []

    def write(first: int) -> None:
        together.wait()
        try:
            for number in range(first, first + 20):
                submit(store, a_draft(number))
        except AlreadyKept as lost:
            failed.append(lost)

    writers = [threading.Thread(target=write, args=(first,)) for first in (100, 200)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert not failed
    ids = [draft.id for draft in waiting(store)]
    assert sorted(ids) == sorted(a_draft(n).id for n in (*range(100, 120), *range(200, 220)))
    for own in (range(100, 120), range(200, 220)):  # each one's stand in their order
        of_one = [a_draft(n).id for n in own]
        assert of_one == [each for each in ids if each in of_one]


def test_a_draft_of_an_id_that_waits_is_refused(store: Store) -> None:
    submit(store, a_draft(1))

    with pytest.raises(AlreadyKept):
        submit(store, a_draft(2), a_draft(1))

    assert [a_draft(1)] == waiting(store)


def test_a_draft_of_an_id_that_is_sealed_is_refused(store: Store) -> None:
    seal(store, a_chain(1))

    with pytest.raises(AlreadyKept):
        submit(store, a_draft(1))


def test_a_draft_that_could_not_be_sealed_is_refused_before_anybody_relies_on_it(
    store: Store,
) -> None:
    with pytest.raises(NotCanonical):
        submit(store, a_draft(1, share=0.5))

    assert not waiting(store)


def test_sealing_takes_what_was_sealed_from_what_waits(store: Store) -> None:
    submit(store, *(a_draft(n) for n in (1, 2, 3)))

    seal(store, a_chain(2))

    assert [a_draft(3)] == waiting(store)
    with store.reading() as tx:
        assert lines(a_chain(2)) == list(tx.records.lines())
        assert checkpoints(a_chain(2))[-1] == tx.records.tip()
        assert a_chain(2)[1] == tx.records.entry(a_draft(2).id)
        assert tx.records.entry(a_draft(3).id) is None


def test_entries_are_found_by_their_place_and_by_their_kind(store: Store) -> None:
    entries = a_chain(9)
    seal(store, entries)

    with store.reading() as tx:
        assert tx.records.at(3) == entries[2]
        assert tx.records.at(10) is None
        of_kind = [each for each in entries if each.kind == "signal"]
        assert list(tx.records.of_kind("signal")) == of_kind
        assert not tx.records.of_kind("unheard")


def test_the_last_entry_is_the_one_at_the_highest_place(store: Store) -> None:
    entries = a_chain(3)
    with store.reading() as tx:
        assert tx.records.last() is None
    seal(store, entries[:1])
    seal(store, entries[1:], entries[:1])

    with store.reading() as tx:
        assert tx.records.last() == entries[2]


def test_a_chain_that_grew_by_and_by_verifies(store: Store) -> None:
    first = a_chain(3)
    rest = a_chain(4, head=head_of(first), first=4)

    seal(store, first)
    seal(store, rest, before=first)

    with store.reading() as tx:
        told = list(tx.records.lines())
        assert lines(rest) == list(tx.records.lines(first=4))
    assert verified(told).broken is None
    assert verified(told).entries == 7


@pytest.mark.slow
def test_a_chain_of_many_pages_is_told_whole(store: Store) -> None:
    entries = a_chain(2003)

    seal(store, entries)

    with store.reading() as tx:
        assert lines(entries) == list(tx.records.lines())


def test_the_tip_moves_only_from_where_it_was(store: Store) -> None:
    first = a_chain(2)
    seal(store, first)
    too_far = a_chain(1, head=msgspec.structs.replace(head_of(first), seq=5), first=6)
    tip = msgspec.structs.replace(checkpoints(first)[-1], size=6)

    with pytest.raises(StoreRefused), store.transaction() as tx:
        tx.records.seal(too_far, tip)

    with store.reading() as tx:
        assert lines(first) == list(tx.records.lines())
        assert checkpoints(first)[-1] == tx.records.tip()


def test_no_entry_is_written_over(store: Store) -> None:
    first = a_chain(2)
    seal(store, first)
    again = a_chain(2, first=11)

    with pytest.raises((AlreadyKept, StoreRefused)), store.transaction() as tx:
        tx.records.seal(again, checkpoints(again)[-1])

    with store.reading() as tx:
        assert lines(first) == list(tx.records.lines())


def a_segment(entries: list[Entry], size: int) -> Segment:
    return Segment(size=size, time=entries[size - 1].time, note=f"note {size} \N{EM DASH}".encode())


def test_what_is_let_go_is_not_here_but_for_what_is_kept(store: Store) -> None:
    entries = a_chain(9)
    seal(store, entries)
    with store.transaction() as tx:
        for size in (2, 4, 7):
            tx.records.close(a_segment(entries, size))
        assert tx.records.start() is None

    with store.transaction() as tx:
        tx.records.let_go(4, keeping=[entries[1].kind])

    with store.reading() as tx:
        records = tx.records
        assert lines(entries[4:]) == list(records.lines())
        assert lines(entries[6:]) == list(records.lines(first=7))
        assert msgspec.structs.replace(a_segment(entries, 4), let_go=True) == records.start()
        assert [a_segment(entries, 7)] == list(records.segments())
        assert (records.at(1), records.at(2), records.at(5)) == (None, entries[1], entries[4])
        assert entries[1] in records.of_kind(entries[1].kind)
        assert records.tip() == checkpoints(entries)[-1]


def test_a_part_is_let_go_once_and_at_its_end(store: Store) -> None:
    entries = a_chain(5)
    seal(store, entries)
    with store.transaction() as tx:
        tx.records.close(a_segment(entries, 3))
        tx.records.let_go(3, keeping=())

    for size in (3, 4):
        with pytest.raises(StoreRefused), store.transaction() as tx:
            tx.records.let_go(size, keeping=())

    with store.reading() as tx:
        assert lines(entries[3:]) == list(tx.records.lines())


def test_nobody_seals_beside_the_one_who_does(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.records.sole_sealer()
        assert tx.records.sole_sealer()  # and remains so

    with store.transaction() as tx:
        assert tx.records.sole_sealer()


def test_letters_wait_in_the_order_of_their_times_until_they_are_answered(store: Store) -> None:
    letters = [a_letter(1, at=NOON + timedelta(seconds=2)), a_letter(2), a_letter(3)]
    with store.transaction() as tx:
        for letter in letters:
            tx.letters.put(letter)

    with store.transaction() as tx:
        assert [letters[1], letters[2]] == list(tx.letters.waiting(2))
        assert tx.letters.answer("ltr_2", "issued")

    with store.reading() as tx:
        assert [letters[2], letters[0]] == list(tx.letters.waiting(9))


def test_a_letter_is_answered_once(store: Store) -> None:
    with store.transaction() as tx:
        tx.letters.put(a_letter())
        assert tx.letters.answer("ltr_1", "issued")

    with store.transaction() as tx:
        assert not tx.letters.answer("ltr_1", "refused")
        assert not tx.letters.answer("ltr_1", "issued")


def test_a_letter_is_not_written_over(store: Store) -> None:
    with store.transaction() as tx:
        tx.letters.put(a_letter())

    with pytest.raises(AlreadyKept), store.transaction() as tx:
        tx.letters.put(a_letter(at=NOON + timedelta(hours=1)))

    with store.reading() as tx:
        assert [a_letter()] == list(tx.letters.waiting(9))


def test_a_letter_that_has_no_one_form_is_refused(store: Store) -> None:
    with pytest.raises(NotCanonical), store.transaction() as tx:
        tx.letters.put(msgspec.structs.replace(a_letter(), body={"share": 0.5}))


def test_the_last_word_of_each_process_stands(store: Store) -> None:
    later = a_beat(beat=NOON + timedelta(seconds=5))
    with store.transaction() as tx:
        tx.beats.beat(a_beat())
        tx.beats.beat(a_beat("a-serve"))
    with store.transaction() as tx:
        tx.beats.beat(later)

    with store.reading() as tx:
        assert [a_beat("a-serve"), later] == list(tx.beats.all())


def test_a_beat_brings_what_was_counted(store: Store) -> None:
    waits = Backlog(queue="q", version="2", runs=3, oldest=timedelta(seconds=1.5))
    figures = Figures(
        backlog=(waits,),
        running=1,
        orphaned=2,
        most_attempts=3,
        given_up=4,
        requeued=5,
        put_back=6,
        refused=7,
    )
    for beat in (a_beat(), msgspec.structs.replace(a_beat(), figures=figures)):
        with store.transaction() as tx:
            tx.beats.beat(beat)

        with store.reading() as tx:
            assert [beat] == list(tx.beats.all())


def test_who_ended_in_order_is_forgotten(store: Store) -> None:
    with store.transaction() as tx:
        tx.beats.beat(a_beat())
        tx.beats.forget("keeper-0-a1")
        tx.beats.forget("nobody")

    with store.reading() as tx:
        assert not tx.beats.all()


def test_a_moment_is_kept_to_the_millisecond(store: Store) -> None:
    finer = NOON + timedelta(microseconds=999)

    with store.transaction() as tx:
        tx.letters.put(a_letter(at=finer))

    with store.reading() as tx:
        assert [NOON] == [each.at for each in tx.letters.waiting(1)]


def test_a_cluster_is_named_by_whoever_opens_it(store: Store) -> None:
    seal(store, a_chain(1))

    with store.reading() as tx:
        tip = tx.records.tip()
    assert tip is not None
    assert tip.cluster == CLUSTER


def test_what_waits_is_counted(store: Store) -> None:
    submit(store, a_draft(1), a_draft(2))
    with store.transaction() as tx:
        tx.letters.put(a_letter(1))
        tx.letters.put(a_letter(2))
        tx.letters.answer("ltr_1", "issued")

    with store.reading() as tx:
        assert (2, 1) == (tx.records.backlog(), tx.letters.backlog())


def test_what_became_of_a_letter_can_be_asked(store: Store) -> None:
    with store.transaction() as tx:
        tx.letters.put(a_letter(1))
        tx.letters.put(a_letter(2))
        tx.letters.answer("ltr_1", "issued")

    with store.reading() as tx:
        assert ("issued", None) == (tx.letters.outcome("ltr_1"), tx.letters.outcome("ltr_2"))


def test_a_store_has_a_clock_that_does_not_go_back(store: Store) -> None:
    with store.reading() as tx:
        first = tx.now()
        assert first.utcoffset() == timedelta()
        assert first <= tx.now()


def test_a_store_tells_no_time_that_is_finer_than_what_it_keeps() -> None:
    finer = NOON + timedelta(microseconds=1)
    with StoreInMemory(CLUSTER, FrozenClock(finer)).reading() as tx:
        assert tx.now() == NOON
