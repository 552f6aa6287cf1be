"""Each letter is answered once, and nothing in the inbox holds up what follows."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import msgspec
import pytest

from holdfast.errors import StoreUnreachable
from holdfast.model.canonical import Plain
from holdfast.model.entries import Draft
from holdfast.model.handed import FREEZE, WORD
from holdfast.model.letters import LONGEST_REMARK, Letter
from holdfast.ports import Store, Tx
from holdfast.testing.clock import NOON, FrozenClock
from holdfast.testing.memory import StoreInMemory
from holdfast.workflow.inbox import AT_ONCE, BATCH, PACE, TRIES, Inbox, answer_on
from tests.audit.chains import CLUSTER
from tests.workflow.notes_of_a_log import Heard
from tests.workflow.test_sealing import Counted


def an_inbox(store: Store) -> Inbox:
    return Inbox(store=store, clock=FrozenClock(), dice=Counted())


def put(store: Store, number: int = 1, *, text: str = "x") -> str:
    """A remark."""
    return put_any(store, number, "remark", {"text": text})


def put_any(store: Store, number: int, kind: str, body: dict[str, Plain]) -> str:
    letter = Letter(
        id=f"ltr_{number}",
        kind=kind,
        sender="cli:ada",
        body=body,
        at=NOON + timedelta(seconds=number),
    )
    with store.transaction() as tx:
        tx.letters.put(letter)
    return letter.id


def outcome(store: Store, id_: str) -> str:
    with store.reading() as tx:
        return tx.letters.outcome(id_) or ""


def submitted(store: Store) -> list[Draft]:
    with store.reading() as tx:
        return list(tx.records.waiting(9))


def test_a_remark_is_recorded_under_who_sent_it(store: Store) -> None:
    id_ = put(store, text="we moved db-1 by hand")

    assert an_inbox(store).batch() == 1

    (draft,) = submitted(store)
    assert ("remark", "inbox:cli:ada") == (draft.kind, draft.actor)
    assert {"text": "we moved db-1 by hand", "letter": id_} == draft.details
    assert f"recorded: {draft.id}" == outcome(store, id_)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("approval", {"proposal": "prp_1"}),
        ("Remark", {"text": "in capitals"}),
        ("remark", {}),
        ("remark", {"text": ""}),
        ("remark", {"text": 1}),
        ("remark", {"text": "x" * (LONGEST_REMARK + 1)}),
        ("remark", {"text": "x", "as": "admin"}),
    ],
)
def test_what_is_not_known_or_does_not_fit_is_refused_and_the_record_says_so(
    kind: str, body: dict[str, Plain]
) -> None:
    store = StoreInMemory(CLUSTER)
    id_ = put_any(store, 1, kind, body)

    an_inbox(store).batch()

    (draft,) = submitted(store)
    assert ("letter_refused", "keeper") == (draft.kind, draft.actor)
    assert outcome(store, id_).startswith("refused: ent_")


def test_a_letter_that_is_refused_holds_up_no_other() -> None:
    store = StoreInMemory(CLUSTER)
    put_any(store, 1, "nonsense", {})
    good = put(store, 2, text="fine")

    an_inbox(store).batch()

    assert outcome(store, good).startswith("recorded")


def test_a_letter_is_answered_once() -> None:
    store = StoreInMemory(CLUSTER)
    put(store, text="once")

    assert [1, 0] == [an_inbox(store).batch(), an_inbox(store).batch()]

    assert len(submitted(store)) == 1


async def test_more_letters_than_one_batch_are_answered_and_it_ends_when_told() -> None:
    store, ended, log = StoreInMemory(CLUSTER), asyncio.Event(), Heard()
    for number in range(BATCH + 1):
        put(store, number, text=f"remark {number}")
    answering = asyncio.create_task(answer_on(an_inbox(store), ended, log))
    async with asyncio.timeout(30):
        while sum(int(about["letters"]) for _, about in log.told) <= BATCH:
            await asyncio.sleep(0)

    ended.set()
    await answering

    with store.reading() as tx:
        assert (0, BATCH + 1) == (tx.letters.backlog(), tx.records.backlog())


class Watched(StoreInMemory):
    """Who looks at it is to end after that look, and each reading is counted."""

    def __init__(self) -> None:
        super().__init__(CLUSTER)
        self.ended = asyncio.Event()
        self.readings = 0

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        self.readings += 1
        self.ended.set()
        with super().reading() as tx:
            yield tx


async def test_to_look_into_an_empty_inbox_is_one_small_question() -> None:
    store = Watched()
    inbox = Inbox(
        store=store, clock=FrozenClock(), dice=Counted(), hearings=dict.fromkeys("abc", Hard({}))
    )

    await answer_on(inbox, store.ended, Heard())

    assert 1 == store.readings


def test_the_longest_remark_can_be_recorded(store: Store) -> None:
    text = "\N{GRINNING FACE}" * LONGEST_REMARK
    put(store, text=text)

    an_inbox(store).batch()

    (draft,) = submitted(store)
    assert text == msgspec.to_builtins(draft.details)["text"]


class Hard:
    """Hears letters; some of them fail whoever hears them, in one way or another."""

    def __init__(self, failing: dict[str, Exception]) -> None:
        self.failing = failing
        self.heard: list[str] = []
        self.ended = asyncio.Event()
        self.wanted = 0  # of those that fail nobody, until it is to end

    async def __call__(self, letter: Letter) -> None:
        self.heard.append(letter.id)
        if letter.id in self.failing:
            raise self.failing[letter.id]
        if len({*self.heard} - self.failing.keys()) >= self.wanted:
            self.ended.set()


async def heard_by(hard: Hard, store: Store, log: Heard) -> Inbox:
    inbox = Inbox(store=store, clock=FrozenClock(), dice=Counted(), hearings={WORD: hard})
    async with asyncio.timeout(20):
        await answer_on(inbox, hard.ended, log)
    return inbox


@pytest.mark.parametrize(
    "error", [TypeError("odd"), StoreUnreachable("Nobody answers.", remedy="Wait.")]
)
@pytest.mark.parametrize("many", [AT_ONCE, pytest.param(BATCH, marks=pytest.mark.slow)])
async def test_letters_that_cannot_be_heard_hold_up_none_that_can(
    error: Exception, many: int
) -> None:
    store = StoreInMemory(CLUSTER)
    hard = Hard({put_any(store, number, WORD, {}): error for number in range(many)})
    good = put_any(store, many, WORD, {})
    hard.wanted = 1

    await heard_by(hard, store, Heard())

    assert good in hard.heard


async def test_a_letter_that_breaks_whoever_hears_it_is_refused_in_the_end() -> None:
    store, log = StoreInMemory(CLUSTER), Heard()
    bad, poor = (put_any(store, number, WORD, {}) for number in (1, 2))
    away = StoreUnreachable("Nobody answers.", remedy="Wait.")
    hard = Hard({bad: ValueError("year 0 is out of range"), poor: away})

    async def until_refused() -> None:
        while not outcome(store, bad) or hard.heard.count(poor) <= TRIES:
            await asyncio.sleep(0.01)
        hard.ended.set()

    hard.wanted = 9
    await asyncio.gather(heard_by(hard, store, log), until_refused())

    assert TRIES == hard.heard.count(bad)
    assert outcome(store, bad).startswith("refused")
    (draft,) = submitted(store)
    assert (
        f"whoever heard it broke, {TRIES} times: nobody foresaw what it says"
        == (draft.details["because"])
    )
    assert {"letter": bad, "error": "ValueError"} in [about for _, about in log.told]
    assert not outcome(store, poor), "what is away now may be there later"


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "with all hearings under way"])
async def test_a_freeze_is_on_at_the_next_look_and_ten_of_them_are_a_second(*, busy: bool) -> None:
    """Ten looks of an idle keeper: what a freeze waits for is one, whatever else is heard."""
    store, log, ended, never = StoreInMemory(CLUSTER), Heard(), asyncio.Event(), asyncio.Event()
    looks: list[str] = []

    async def hear(_: Letter) -> None:
        await never.wait()

    class Looking(Inbox):
        def empty(self) -> bool:
            looks.append(outcome(store, "ltr_99").partition(":")[0])
            told = super().empty()
            if len(looks) == 3:  # it comes right after this look
                put_any(store, 99, FREEZE, {"reason": "stop"})
            if looks[-1]:
                ended.set()
            return told

    for number in range(AT_ONCE + 1 if busy else 0):
        put_any(store, number, WORD, {})
    inbox = Looking(store=store, clock=FrozenClock(), dice=Counted(), hearings={WORD: hear})
    async with asyncio.timeout(20):
        answering = asyncio.create_task(answer_on(inbox, ended, log))
        await ended.wait()
        never.set()
        await answering

    assert ["", "", ""] == looks[:3]
    assert "frozen" in looks[3:5], "the look after that answers it, at the latest"
    assert 10 * PACE <= 1


async def test_a_freeze_counts_whatever_breaks_who_answers_the_others() -> None:
    store, log, ended = StoreInMemory(CLUSTER), Heard(), asyncio.Event()
    put_any(store, 1, "remark", {"text": "x"})
    frozen = put_any(store, 2, FREEZE, {"reason": "stop"})

    class Torn(Counted):
        rolls = 0

        def roll(self, count: int) -> bytes:
            self.rolls += 1
            if self.rolls > 1:
                ended.set()
                raise TypeError
            return super().roll(count)

    inbox = Inbox(store=store, clock=FrozenClock(), dice=Torn())
    async with asyncio.timeout(20):
        await answer_on(inbox, ended, log)

    assert outcome(store, frozen).startswith("frozen")
    assert ("inbox broke", {"error": "TypeError"}) in log.told
