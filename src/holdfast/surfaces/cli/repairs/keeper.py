"""Hand something to the keeper about a repair, and say what it made of it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import msgspec

from holdfast.errors import NotReady, sentence
from holdfast.model.handed import FREEZE
from holdfast.model.letters import Letter
from holdfast.ports import Store
from holdfast.surfaces.cli import exits
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.ground import Ground
from holdfast.surfaces.cli.repairs.recorded import in_time, read_back, recorded_as
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.alive import living_keeper
from holdfast.workflow.answers import REFUSED
from holdfast.workflow.posting import NO_KEEPER, START_ONE, WITHIN, post


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the keeper made of a letter."""

    outcome: str  # `approved: ent_...`
    details: Mapping[str, object] = MappingProxyType({})  # of the entry that it names

    @property
    def word(self) -> str:
        """What became of it: `refused`, `approved`, ..."""
        return self.outcome.partition(":")[0]

    @property
    def refused(self) -> bool:
        """Whether it was a no."""
        return self.word == REFUSED

    @property
    def because(self) -> str:
        """Of a refusal, why."""
        said = self.details.get("because")
        return said if isinstance(said, str) else f"the record will say why: {self.outcome}"

    @property
    def still(self) -> Sequence[str]:
        """What is still wanted after a yes."""
        wanted = self.details.get("still")
        return [str(each) for each in wanted] if isinstance(wanted, list) else []


def tell(answer: Answer, well: str) -> int:
    """Say what it made of it: that sentence, or why not; returns the exit code."""
    if answer.refused:
        Plain(stderr=True).print(clean(sentence(f"Refused: {answer.because}")))
        return exits.REFUSED
    Plain().print(clean(well))
    return exits.NOTHING


def refuse_without_keeper(store: Store) -> None:
    """Raise `NotReady` where nobody would answer: nothing is left in the inbox for later."""
    if living_keeper(store) is None:
        raise NotReady(f"{NO_KEEPER.capitalize()}: nothing was handed over.", remedy=START_ONE)


def left_for(
    ground: Ground, store: Store, kind: str, body: msgspec.Struct, now: datetime
) -> str | None:
    """Leave it in the inbox if no keeper is alive to answer: its id; None if one is."""
    if living_keeper(store) is not None:
        return None
    letter = _letter(ground, kind, body, now)
    with store.transaction() as tx:
        tx.letters.put(letter)
    return letter.id


def asked(ground: Ground, store: Store, kind: str, body: msgspec.Struct, now: datetime) -> Answer:
    """Hand it over, and wait for the answer and what the record says of it. Raises `NotReady`
    where there is none.
    """
    letter = _letter(ground, kind, body, now)
    with Plain(stderr=True).moving("Waiting for the keeper ..."):
        outcome = asyncio.run(post(store, letter))
        if outcome is None:
            raise _unanswered(store, letter)
        return asyncio.run(_understood(ground, store, letter, outcome))


def _unanswered(store: Store, letter: Letter) -> NotReady:
    """It stays in the inbox: what becomes of it then, and how that is seen."""
    died = living_keeper(store) is None
    how = "is not alive any more" if died else f"has not answered within {WITHIN:g} s"
    first = "It is heard first, as soon as a keeper is alive. " if letter.kind == FREEZE else ""
    return NotReady(
        f"The keeper {how}; {letter.id} waits in its inbox.",
        remedy=f"{first}See how the keeper does with: holdfast doctor",
    )


def _letter(ground: Ground, kind: str, body: msgspec.Struct, now: datetime) -> Letter:
    told = msgspec.to_builtins(body)
    return Letter(id=ground.id("ltr"), kind=kind, sender=ground.actor, body=told, at=now)


async def _understood(ground: Ground, store: Store, letter: Letter, outcome: str) -> Answer:
    """With what the record says of it: a no, if that is sealed in time, and whatever else people
    rely on once it stands there.
    """
    word, _, id_ = outcome.partition(": ")
    entry = None
    if word == REFUSED:
        entry = await in_time(store, id_)
    elif (wanted := recorded_as(letter)) is not None:
        entry = await read_back(ground, store, letter, outcome, wanted)
    return Answer(outcome=outcome, details=entry.details if entry is not None else {})
