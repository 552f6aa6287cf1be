"""The keeper's inbox: each letter is answered once, and what it asks for is done with the answer.

- What a letter says is a claim. A kind that this version does not know, or a body that does not
  fit, is answered as refused, and the record says so: nothing in the inbox holds up what follows.
- Answer and deed are one transaction: with two keepers, one of them does it.
- What switches everything off is answered first. What must be judged on a fresh look at the cluster
  is judged beside the others, and answers by itself.
- What cannot be heard for now is heard again, after those that were not heard yet. One whose
  hearing breaks, in a way that nobody foresaw, again and again is answered as refused.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
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
TRIES = 3  # hearings of a letter that may fail, when it breaks whoever hears it

type Hearing = Callable[[Letter], Awaitable[None]]
"""Judges one letter on a fresh look, and answers it in a transaction of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Whoever answers."""

    store: Store
    clock: Clock
    dice: Dice
    hearings: Mapping[str, Hearing] = MappingProxyType({})  # by the kind of letter

    def empty(self) -> bool:
        """Whether nothing waits: one small question, as it is asked all the time."""
        with self.store.reading() as tx:
            return not tx.letters.waiting(1)

    def batch(self) -> int:
        """Answer the oldest letters that need no look at the cluster, and say how many."""
        with self.store.reading() as tx:
            wanted = [each for each in (_urgent, self._others) if each(tx)]
        return sum(map(self._answered, wanted))

    def unheard(self, kind: str, beside: int = 0) -> Sequence[Letter]:
        """The oldest letters of that kind that wait for a hearing; so many more than of others."""
        with self.store.reading() as tx:
            waiting = tx.letters.waiting(BATCH + beside, kind)
        return [
            each for each in waiting if each.kind == kind
        ]  # what is unreadable is no such letter

    def refuse(self, letter: Letter, because: str) -> None:
        """Answer a letter that nobody can hear."""
        with self.store.transaction() as tx:
            self._give(tx, letter, refused(letter, Refusal(by="inbox", because=because)))

    def _answered(self, letters: Callable[[Tx], Sequence[Letter]]) -> int:
        with self.store.transaction() as tx:
            known = ((each, _KNOWN.get(each.kind, _unknown)(each)) for each in letters(tx))
            return sum(self._give(tx, letter, answer) for letter, answer in known)

    def _others(self, tx: Tx) -> Sequence[Letter]:
        kinds = (*self.hearings, FREEZE)
        return [each for each in tx.letters.waiting(BATCH) if each.kind not in kinds]

    def _give(self, tx: Tx, letter: Letter, answer: Answer) -> bool:
        id_ = new_id("ent", self.clock.now(), self.dice.roll(RANDOM))
        try:
            give(tx, letter, answer, id_)
        except AnsweredBefore:
            return False
        return True


def _urgent(tx: Tx) -> Sequence[Letter]:
    return tx.letters.waiting(BATCH, FREEZE)


async def answer_on(inbox: Inbox, ended: asyncio.Event, log: Log) -> None:
    """Answer until it ended, whatever goes wrong on the way."""
    hall = _Hall(inbox, ended, log)

    async def answered() -> int:
        if await asyncio.to_thread(inbox.empty):
            return 0
        count = await asyncio.to_thread(inbox.batch)
        await hall.open()
        return count

    while not ended.is_set():
        match await _came_of(answered()):
            case HoldfastError() as trouble:
                log.trouble("inbox", trouble)
                await pause(ended, TROUBLED)
            case BaseException() as broken:
                log.complain("inbox broke", error=type(broken).__name__)
                await pause(ended, TROUBLED)
            case count:
                log.goes_on("inbox")
                if count:
                    log.tell("answered", letters=count)
                    continue  # more may wait
                await pause(ended, PACE)
    await hall.close()


async def _came_of[V](work: Coroutine[None, None, V]) -> V | BaseException:
    """What that gives, or what it raises, whatever that is: a letter is no reason to end."""
    (told,) = await asyncio.gather(work, return_exceptions=True)
    return told


class _Hall:
    """The hearings that are under way: each letter has one at a time."""

    def __init__(self, inbox: Inbox, ended: asyncio.Event, log: Log) -> None:
        self._inbox = inbox
        self._ended = ended
        self._log = log
        self._under_way: dict[str, tuple[str, asyncio.Task[None]]] = {}
        self._failed: dict[str, dict[str, int]] = {kind: {} for kind in inbox.hearings}
        """How often letters of each kind were not heard to the end, of those that wait."""

    async def open(self) -> None:
        """Begin what waits, as far as there is room for its kind."""
        for kind in self._inbox.hearings:
            room = AT_ONCE - sum(each == kind for each, _ in self._under_way.values())
            if room:
                failed = self._failed[kind]
                waiting = await asyncio.to_thread(self._inbox.unheard, kind, len(failed))
                for gone in failed.keys() - {each.id for each in waiting} - self._under_way.keys():
                    del failed[gone]
                new = [each for each in waiting if each.id not in self._under_way]
                new.sort(key=lambda letter: failed.get(letter.id, 0))
                for letter in new[:room]:
                    self._under_way[letter.id] = kind, asyncio.create_task(self._hear(letter))

    async def close(self) -> None:
        """Let what is under way come to its end."""
        await asyncio.gather(*(task for _, task in self._under_way.values()))

    async def _hear(self, letter: Letter) -> None:
        try:
            match await _came_of(self._heard(letter)):
                case HoldfastError() as trouble:  # it is not answered, and heard again
                    self._log.trouble("hearing", trouble)
                    await self._not_heard(letter)
                case BaseException() as broken:
                    self._log.complain(
                        "hearing broke", letter=letter.id, error=type(broken).__name__
                    )
                    if await self._not_heard(letter) >= TRIES:
                        await self._refuse(letter)
                case _:
                    self._log.tell("heard", letter=letter.id)
        finally:
            del self._under_way[letter.id]

    async def _heard(self, letter: Letter) -> None:
        await self._inbox.hearings[letter.kind](letter)

    async def _not_heard(self, letter: Letter) -> int:
        """How often it was not, after a while."""
        failed = self._failed[letter.kind]
        failed[letter.id] = failed.get(letter.id, 0) + 1
        await pause(self._ended, TROUBLED)
        return failed[letter.id]

    async def _refuse(self, letter: Letter) -> None:
        because = f"whoever heard it broke, {TRIES} times: nobody foresaw what it says"
        broken = await _came_of(asyncio.to_thread(self._inbox.refuse, letter, because))
        if broken is not None:
            self._log.complain("refusing broke", letter=letter.id, error=type(broken).__name__)


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
