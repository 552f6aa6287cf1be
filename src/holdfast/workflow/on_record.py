"""What the record says of a deed while somebody is at it: its rows are not asked for that.

- What was begun already is not begun again, and what was never done is not taken back.
- What came of it is told only of what was begun.
- That exactly this is to be done is in the chain, which is waited for, and is known outside the
  database too: that is seen to once for each attempt.
- What is about to be done is what was sealed, and nothing that was sealed since has ended it.
- It is taken back to what was there before the act, and to nothing else.
"""

import asyncio
from collections.abc import Sequence
from itertools import count

from holdfast.errors import NOT_NOW, BadRecord, HoldfastError
from holdfast.execution.courses import Picture
from holdfast.execution.lease_names import Purpose
from holdfast.model.entries import Entry
from holdfast.model.ordered import CaseOrder
from holdfast.model.proposals import Proposal
from holdfast.workflow import as_sealed
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.deeds import Deed, failed, refused
from holdfast.workflow.intents import sealed_intent
from holdfast.workflow.leash import Leash
from holdfast.workflow.sealing import pace_after


class OnRecord:
    """What is sealed of one deed, for one attempt at it."""

    def __init__(self, leash: Leash, order: CaseOrder, deed: Deed) -> None:
        self._leash, self._order, self._deed = leash, order, deed
        self.entries: Sequence[Entry] = ()  # of it, as they were read last
        self._witnessed = False  # what it spends is known elsewhere

    def begun_before(self) -> str:
        """Why it is not begun again; empty while nothing of it was begun."""
        with self._leash.store.reading() as tx:
            case = tx.cases.case(self._order.proposal)
            try:
                about = plan_of(case).at(self._order.step) if case is not None else None
            except BadRecord:
                about = None  # whoever claims it says so
            if about is None:
                return ""
            try:
                entries = as_sealed.told(self._leash, tx.records, about.id)
            except BadRecord as odd:
                return odd.wrong
            meant, purpose = self._deed.intent(tx), self._deed.purpose
            if why := as_sealed.begun_before(entries, self._order, purpose, meant):
                return why
            back = purpose is Purpose.UNDO and any(each.id == meant for each in entries)
            return as_sealed.never_done(entries, self._order) if back else ""

    def never_begun(self, about: Proposal) -> str:
        """Why nothing can have come of it, whatever is kept of this run; empty if it was begun."""
        try:
            entries, meant = self._told(about)
        except BadRecord as odd:
            return odd.wrong
        if self._deed.purpose is Purpose.UNDO and all(each.id != meant for each in entries):
            return "the record does not say that it was to be taken back"
        return as_sealed.never_begun(entries, self._order.step)

    async def sealed(self, about: Proposal) -> bool:
        """Whether its intent is in the chain, and says that exactly this is to be done. Raises
        `Stopped` where the chain says otherwise, or nobody can tell. Without seals nobody does
        anything, and what was never submitted is not waited for.
        """
        there = await self._is_sealed(about)
        if there and not self._witnessed:
            try:
                await self._leash.witness()
            except NOT_NOW:
                raise  # another attempt goes on when it answers
            except HoldfastError as unknown:
                raise failed(f"nobody witnesses what it spends: {unknown.wrong}") from None
            self._witnessed = True
        if there and (why := await asyncio.to_thread(self._not_as_sealed, about)):
            raise refused("record", why)
        try:
            await self._leash.refreshed()
        except NOT_NOW:
            raise
        except HoldfastError as unsealed:
            raise failed(
                f"the record does not say what it is judged by: {unsealed.wrong}"
            ) from None
        return there

    def other_before(self, before: Picture | None) -> str:
        """Why that is not what was there before the act; empty if it is."""
        return as_sealed.other_before(self.entries, self._order.step, before)

    async def _is_sealed(self, about: Proposal) -> bool:
        if not (id_ := await asyncio.to_thread(self._intent)):
            return False
        try:
            async with asyncio.timeout(self._leash.timing.sealed.total_seconds()):
                for looks in count():
                    there = await asyncio.to_thread(self._in_the_chain, id_, about)
                    if there is not None:
                        return there
                    await asyncio.sleep(pace_after(looks))
        except TimeoutError:
            pass
        return False

    def _intent(self) -> str:
        with self._leash.store.reading() as tx:
            return self._deed.intent(tx)

    def _in_the_chain(self, id_: str, about: Proposal) -> bool | None:
        """Whether what is there of that id is the intent; None while nothing is."""
        with self._leash.store.reading() as tx:
            if tx.records.entry(id_) is None:
                return None
            purpose = self._deed.purpose
            return sealed_intent(tx.records, id_, about, self._order, purpose) is not None

    def _not_as_sealed(self, about: Proposal) -> str:
        """Why it is not what was sealed, or is over by what is sealed; empty if it stands."""
        try:
            entries, meant = self._told(about)
        except BadRecord as odd:
            return odd.wrong
        self.entries, purpose = entries, self._deed.purpose
        back = purpose is Purpose.UNDO
        return (
            as_sealed.other_than_sealed(entries, about)
            or as_sealed.never_said(entries, about, meant)
            or as_sealed.over(entries, self._order, purpose, meant)
            or as_sealed.frozen(entries, purpose)
            or (as_sealed.never_done(entries, self._order) if back else "")
        )

    def _told(self, about: Proposal) -> tuple[Sequence[Entry], str]:
        """What is sealed of it, and the id of the intent that it is done by."""
        with self._leash.store.reading() as tx:
            return as_sealed.told(self._leash, tx.records, about.id), self._deed.intent(tx)
