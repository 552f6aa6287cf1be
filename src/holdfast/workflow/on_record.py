"""What the record says of a deed while somebody is at it: its rows are not asked for that.

- What was begun already is not begun again, and what was never done is not taken back.
- What came of it is told only of what was begun.
- That exactly this is to be done is in the chain, which is waited for, and is known outside the
  database too: that is seen to once for each attempt.
- What is about to be done is what was sealed, and nothing that was sealed since has ended it.
- It is sent once it is in the chain, and known elsewhere, that it is about to be. What another
  process may have sent is looked for on the cluster before anything is sent again.
- It is taken back to what was there before the act, and to nothing else.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count

from holdfast.errors import NOT_NOW, BadRecord, HoldfastError, WorkFailed
from holdfast.execution.courses import Picture
from holdfast.execution.lease_names import Purpose
from holdfast.execution.observing import Asked
from holdfast.model.entries import Entry
from holdfast.model.ordered import CaseOrder
from holdfast.model.proposals import Proposal
from holdfast.workflow import as_sealed
from holdfast.workflow.casebook import plan_of
from holdfast.workflow.deeds import Deed, failed, refused
from holdfast.workflow.intents import sealed_intent
from holdfast.workflow.leash import Leash
from holdfast.workflow.sealing import pace_after
from holdfast.workflow.sendings import sendings


class OnRecord:
    """What is sealed of one deed, for one attempt at it."""

    def __init__(self, leash: Leash, order: CaseOrder, deed: Deed) -> None:
        self._leash, self._order, self._deed = leash, order, deed
        self.entries: Sequence[Entry] = ()  # of it, as they were read last
        self._witnessed = False  # what it spends is known elsewhere
        self._over: set[str] = set()  # what was about to be sent, and certainly was not done

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
            await self._witness()
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

    async def sends(self, about: Proposal, id_: str) -> bool:
        """Whether that it is about to be sent is in the chain, by that entry, and known elsewhere:
        without it nobody sends anything. Raises `Stopped` where nobody witnesses it, and
        `BadRecord` where nobody can tell.
        """
        if id_ not in await self.may_be_sent(about, id_):
            return False
        await self._witness()
        return True

    async def may_be_sent(self, about: Proposal, id_: str = "") -> Mapping[str, Asked]:
        """What of it may have been sent and done, by the entries that say so. The one of that id is
        waited for, if there is to be one. Raises `BadRecord` where nobody can tell.
        """
        if id_:
            await self._waited_for(lambda: self._there(id_))
        return await asyncio.to_thread(self._unsettled, about)

    def certainly_not(self, sent: Iterable[str]) -> None:
        """None of these was done, and none will be."""
        self._over |= {*sent}

    def other_before(self, before: Picture | None) -> str:
        """Why that is not what was there before the act; empty if it is."""
        return as_sealed.other_before(self.entries, self._order.step, before)

    async def _is_sealed(self, about: Proposal) -> bool:
        if not (id_ := await asyncio.to_thread(self._intent)):
            return False
        return await self._waited_for(lambda: self._in_the_chain(id_, about))

    async def _waited_for(self, told: Callable[[], bool | None]) -> bool:
        """What it tells, once it tells anything; False when that takes too long."""
        try:
            async with asyncio.timeout(self._leash.timing.sealed.total_seconds()):
                for looks in count():
                    there = await asyncio.to_thread(told)
                    if there is not None:
                        return there
                    await asyncio.sleep(pace_after(looks))
        except TimeoutError:
            pass
        return False

    async def _witness(self) -> None:
        try:
            await self._leash.witness()
        except NOT_NOW:
            raise  # another attempt goes on when it answers
        except HoldfastError as unknown:
            raise failed(f"nobody witnesses what it spends: {unknown.wrong}") from None

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

    def _there(self, id_: str) -> bool | None:
        with self._leash.store.reading() as tx:
            return True if tx.records.entry(id_) is not None else None

    def _unsettled(self, about: Proposal) -> Mapping[str, Asked]:
        return self._open_in(*self._told(about))

    def _open_in(self, entries: Sequence[Entry], meant: str) -> Mapping[str, Asked]:
        sent = sendings(entries, self._order.step, self._deed.purpose, meant)
        return {id_: asked for id_, asked in sent if id_ not in self._over}

    def _not_as_sealed(self, about: Proposal) -> str:
        """Why it is not what was sealed, or is over by what is sealed; empty if it stands."""
        try:
            entries, meant = self._told(about)
        except BadRecord as odd:
            return odd.wrong
        self.entries, purpose = entries, self._deed.purpose
        if self._open_in(entries, meant):
            raise WorkFailed(
                f"{self._order.proposal} may have been sent by another process.",
                remedy="The cluster is looked at before anything more is said of it.",
            )
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
