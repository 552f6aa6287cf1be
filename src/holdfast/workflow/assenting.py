"""Everybody's yes to one step, verified again: the rows that keep them are no proof of any.

One rule, wherever it is asked: a word that does not count any more is as good as never said, and
so is one that no sealed entry holds. From when on it counts is when that was sealed, whatever rows
say.
Whether the others are enough is for the layers to say; where they are not, why it does not count is
told first.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from holdfast.approvals import words
from holdfast.model.asks import Assent, Refusal
from holdfast.model.cases import Word
from holdfast.model.entries import Entry
from holdfast.model.proposals import Proposal
from holdfast.workflow.leash import Leash
from holdfast.workflow.yeses import by_the_store, said_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Who has said yes, by signature and under the people file of that moment."""

    assents: tuple[Assent, ...]
    not_counted: tuple[Refusal, ...]  # why each of the others that are kept does not count
    unsealed: tuple[Refusal, ...]  # those of them that hold, and are not in the record yet
    now: datetime

    def told(self, refusals: Sequence[Refusal]) -> tuple[Refusal, ...]:
        """All that stands against it, where anything does."""
        return (*self.not_counted, *refusals) if refusals else ()


async def counted_again(leash: Leash, about: Proposal, entries: Sequence[Entry]) -> Counted:
    """Whose word for it counts now, by the store's time; `entries`: what is sealed of it."""
    kept, now = await asyncio.to_thread(_kept, leash, about)
    return counted(leash, about, kept, now, entries)


def counted(
    leash: Leash,
    about: Proposal,
    kept: Sequence[Word],
    now: datetime,
    entries: Sequence[Entry],
) -> Counted:
    """The same, of what is kept, at that moment."""
    people = leash.people()
    again = [
        (each, words.remembered(each, about=about, people=people, check=leash.ssh_check, now=now))
        for each in kept
    ]
    return _of(leash, about, again, now, entries)


async def given(leash: Leash, about: Proposal, entries: Sequence[Entry]) -> Counted:
    """Whose word for it counted when it was given, whatever became of them since."""
    kept, now = await asyncio.to_thread(_kept, leash, about)
    people = leash.people()
    again = [
        (each, words.given(each, about=about, people=people, check=leash.ssh_check))
        for each in kept
    ]
    return _of(leash, about, again, now, entries)


def _of(
    leash: Leash,
    about: Proposal,
    again: Sequence[tuple[Word, Assent | Refusal]],
    now: datetime,
    entries: Sequence[Entry],
) -> Counted:
    assents: list[Assent] = []
    no: list[Refusal] = []
    unsealed: list[Refusal] = []
    for word, said in again:
        if isinstance(said, Refusal):
            no.append(said)
        elif (entry := said_in(entries, about, word)) is None:
            because = f"the approval of {said.person} is not in the record"
            unsealed.append(Refusal(by="record", because=because))
        else:
            when = by_the_store(leash, entry, now)
            assents.append(msgspec.structs.replace(said, sealed=when))
    return Counted(
        assents=tuple(assents),
        not_counted=(*no, *unsealed),
        unsealed=tuple(unsealed),
        now=now,
    )


def _kept(leash: Leash, about: Proposal) -> tuple[Sequence[Word], datetime]:
    with leash.store.reading() as tx:
        return [*tx.words.of(about.id, about.step)], tx.now()
