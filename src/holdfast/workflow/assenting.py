"""Everybody's yes to one step, verified again: the rows that keep them are no proof of any.

One rule, wherever it is asked: a word that does not count any more is as good as never said.
Whether the others are enough is for the layers to say; where they are not, why it does not count is
told first.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.approvals import words
from holdfast.model.asks import Assent, Refusal
from holdfast.model.cases import Word
from holdfast.model.proposals import Proposal
from holdfast.workflow.leash import Leash


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Who has said yes, by signature and under the people file of that moment."""

    assents: tuple[Assent, ...]
    not_counted: tuple[Refusal, ...]  # why each of the others that are kept does not count
    now: datetime

    def told(self, refusals: Sequence[Refusal]) -> tuple[Refusal, ...]:
        """All that stands against it, where anything does."""
        return (*self.not_counted, *refusals) if refusals else ()


async def counted_again(leash: Leash, about: Proposal) -> Counted:
    """Whose word for it counts now, by the store's time."""
    kept, now = await asyncio.to_thread(_kept, leash, about)
    return counted(leash, about, kept, now)


def counted(leash: Leash, about: Proposal, kept: Sequence[Word], now: datetime) -> Counted:
    """The same, of what is kept, at that moment."""
    people = leash.people()
    return _of(
        [
            words.remembered(each, about=about, people=people, check=leash.ssh_check, now=now)
            for each in kept
        ],
        now,
    )


async def given(leash: Leash, about: Proposal) -> Counted:
    """Whose word for it counted when it was given, whatever became of them since."""
    kept, now = await asyncio.to_thread(_kept, leash, about)
    people = leash.people()
    return _of(
        [words.given(each, about=about, people=people, check=leash.ssh_check) for each in kept],
        now,
    )


def _of(again: Sequence[Assent | Refusal], now: datetime) -> Counted:
    return Counted(
        assents=tuple(each for each in again if isinstance(each, Assent)),
        not_counted=tuple(each for each in again if isinstance(each, Refusal)),
        now=now,
    )


def _kept(leash: Leash, about: Proposal) -> tuple[Sequence[Word], datetime]:
    with leash.store.reading() as tx:
        return [*tx.words.of(about.id, about.step)], tx.now()
