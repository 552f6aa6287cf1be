"""Everybody's yes to one step, verified again: the rows that keep them are no proof of any."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from holdfast.approvals import words
from holdfast.model.asks import Assent, Refusal
from holdfast.model.cases import Word
from holdfast.model.proposals import Proposal
from holdfast.workflow.leash import Leash


async def assents_again(
    leash: Leash, about: Proposal
) -> tuple[Sequence[Assent], datetime] | Refusal:
    """Who has said yes, by signature and under the people file of now, and the store's time of it.

    One that does not count any more is a no to all: who decided did so with it.
    """
    kept, now = await asyncio.to_thread(_kept, leash, about)
    again = all_again(leash, about, kept, now)
    return again if isinstance(again, Refusal) else (again, now)


def all_again(
    leash: Leash, about: Proposal, kept: Sequence[Word], now: datetime
) -> Sequence[Assent] | Refusal:
    """The same, of what is kept, at that moment."""
    assents: list[Assent] = []
    for word in kept:
        again = words.remembered(
            word, about=about, people=leash.people(), check=leash.ssh_check, now=now
        )
        if isinstance(again, Refusal):
            return again
        assents.append(again)
    return assents


def _kept(leash: Leash, about: Proposal) -> tuple[Sequence[Word], datetime]:
    with leash.store.reading() as tx:
        return [*tx.words.of(about.id, about.step)], tx.now()
