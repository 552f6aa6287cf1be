"""The keeper's inbox: each letter is answered once, and what it asks for is done with the answer.

- What a letter says is a claim. A kind that this version does not know, or a body that does not
  fit, is answered as refused, and the record says so: nothing in the inbox holds up what follows.
- Answer and deed are one transaction: with two keepers, one of them does it.
- What switches everything off is answered first. What must be judged on a fresh look at the cluster
  is judged beside the others, and answers by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from holdfast.errors import HoldfastError
from holdfast.model.asks import Refusal
from holdfast.model.handed import FREEZE, PLAN, PROPOSE, THAW, WORD
from holdfast.model.ids import RANDOM, new_id
from holdfast.model.letters import LONGEST_REMARK, REMARK, Letter, Remark
from holdfast.ports import Clock, Dice, Log, Store, Tx
from holdfast.workflow.answers import RECORDED, Answer, AnsweredBefore, claimed, give, refused
from holdfast.workflow.pauses import pause
from holdfast.workflow.switching import freeze

BATCH = 100  # letters in one transaction
PACE = 0.1  # seconds between two looks
TROUBLED = 1.0  # the same, while the store does not answer
AT_ONCE = 16  # letters of one kind that are judged on a fresh look at the same time

type Hearing = Callable[[Letter], Awaitable[None]]
"""Judges one letter on a fresh look, and answers it in a transaction of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Whoever answers."""

    store: Store
    clock: Clock
    dice: Dice
    hearings: Mapping[str, Hearing] = MappingProxyType({})  # by the kind of letter

    def batch(self) -> int:
        """Answer the oldest letters that need no look at the cluster, and say how many."""
        with self.store.reading() as tx:
            if not any(self._at_once(tx)):
                return 0
        answered = 0
        with self.store.transaction() as tx:
            for letter in self._at_once(tx):
                answered += self._answer(tx, letter)
        return answered

    def unheard(self, kind: str) -> Sequence[Letter]:
        """The oldest letters of that kind that wait for a hearing."""
        with self.store.reading() as tx:
            return tx.letters.waiting(BATCH, kind)

    def _at_once(self, tx: Tx) -> Sequence[Letter]:
        urgent = tx.letters.waiting(BATCH, FREEZE)
        others = tx.letters.waiting(BATCH)
        rest = [each for each in others if each.kind not in (*self.hearings, FREEZE)]
        return [*urgent, *rest]

    def _answer(self, tx: Tx, letter: Letter) -> bool:
        id_ = new_id("ent", self.clock.now(), self.dice.roll(RANDOM))
        answer = _KNOWN.get(letter.kind, _unknown)(letter)
        try:
            give(tx, letter, answer, id_)
        except AnsweredBefore:
            return False
        return True


async def answer_on(inbox: Inbox, ended: asyncio.Event, log: Log) -> None:
    """Answer until it ended, whatever goes wrong on the way."""
    hall = _Hall(inbox, ended, log)
    while not ended.is_set():
        pace = PACE
        try:
            count = await asyncio.to_thread(inbox.batch)
            await hall.open()
            log.goes_on("inbox")
            if count:
                log.tell("answered", letters=count)
                continue  # more may wait
        except HoldfastError as trouble:
            log.trouble("inbox", trouble)
            pace = TROUBLED
        await pause(ended, pace)
    await hall.close()


class _Hall:
    """The hearings that are under way: each letter has one at a time."""

    def __init__(self, inbox: Inbox, ended: asyncio.Event, log: Log) -> None:
        self._inbox = inbox
        self._ended = ended
        self._log = log
        self._under_way: dict[str, tuple[str, asyncio.Task[None]]] = {}

    async def open(self) -> None:
        """Begin what waits, as far as there is room for its kind."""
        for kind in self._inbox.hearings:
            room = AT_ONCE - sum(each == kind for each, _ in self._under_way.values())
            if room:
                waiting = await asyncio.to_thread(self._inbox.unheard, kind)
                new = [each for each in waiting if each.id not in self._under_way]
                for letter in new[:room]:
                    self._under_way[letter.id] = kind, asyncio.create_task(self._hear(letter))

    async def close(self) -> None:
        """Let what is under way come to its end."""
        await asyncio.gather(*(task for _, task in self._under_way.values()))

    async def _hear(self, letter: Letter) -> None:
        try:
            await self._inbox.hearings[letter.kind](letter)
            self._log.tell("heard", letter=letter.id)
        except HoldfastError as trouble:  # it is not answered, and heard again
            self._log.trouble("hearing", trouble)
            await pause(self._ended, TROUBLED)
        finally:
            del self._under_way[letter.id]


def _remark(letter: Letter) -> Answer:
    try:
        remark = msgspec.convert(letter.body, Remark)
    except msgspec.ValidationError:
        because = f"a remark is a text of at most {LONGEST_REMARK} characters"
        return refused(letter, Refusal(by="inbox", because=because))
    return Answer(
        outcome=RECORDED, kind=REMARK, actor=claimed(letter), details={"text": remark.text}
    )


def _unknown(letter: Letter) -> Answer:
    because = "no letter of that kind is known to this version"
    return refused(letter, Refusal(by="inbox", because=because))


def _no_cluster(letter: Letter) -> Answer:
    because = (
        "this keeper has no cluster, so that it judges and does nothing: name one in "
        "HOLDFAST_KEEPER_KUBECONFIG"
    )
    return refused(letter, Refusal(by="inbox", because=because))


_KNOWN: Mapping[str, Callable[[Letter], Answer]] = {
    REMARK: _remark,
    FREEZE: freeze,
    # What is heard on a fresh look comes here only where nobody can look.
    PROPOSE: _no_cluster,
    PLAN: _no_cluster,
    WORD: _no_cluster,
    THAW: _no_cluster,
}
"""The kinds of letters that are answered without a look at the cluster: a closed set."""
