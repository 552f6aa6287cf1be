"""What a server would do: the exact request as a dry run, by a lease that may do nothing else.

- The fences are compared first. A lease that cannot be had is a no, and so is a dry run that is
  refused, or that nobody answers.
- What moves while it is tried (a status does all the time) is read again, a few times; what was
  judged by must hold still meanwhile.
- What others add on its way is shown, and refused: a fence lets a preview see it, and no act do it.
- A server's words may hold what it was sent: values are left out of them.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from holdfast.errors import BadInput, CouldNotLook
from holdfast.execution.effects import computed, unlike
from holdfast.execution.lease_names import Purpose
from holdfast.model.asks import Refusal
from holdfast.model.documents import Document
from holdfast.model.dry_runs import without_dry_run
from holdfast.model.hiding import said_without
from holdfast.model.leases import Left
from holdfast.model.merge_patches import as_wanted
from holdfast.model.objects import Ref
from holdfast.model.ordered import RevokeOrder
from holdfast.model.paths import Difference
from holdfast.model.repairs import Kind, Sight
from holdfast.model.showing import sent_by
from holdfast.model.snapshot import Snapshot
from holdfast.model.steps import Create, Patch, Step
from holdfast.ports import Denied, Done, Hands, How, Outcome, Tx, Unclear
from holdfast.ports.leases import NotLent
from holdfast.workflow.changers import asked_about, why_not_lent
from holdfast.workflow.fenced import why_not_fenced
from holdfast.workflow.leash import Leash
from holdfast.workflow.lending import allot, allotted, loan
from holdfast.workflow.revoking import cut_off, order_revoke
from holdfast.workflow.sighting import read
from holdfast.workflow.submitting import record

BY = "preview"
TRIES = 4  # of one dry run; each after a fresh read
LONGEST = 500  # characters of a server's words
_INVALID = re.compile(r"(Invalid value: )(\"(?:[^\"\\]|\\.)*\"|\S+)")
BAD_REQUEST = 400
MORE = "it would come out otherwise than it was asked for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a server would make of it, and where that is not what was asked for."""

    effect: tuple[Difference, ...] = ()
    unasked: tuple[str, ...] = ()
    refusal: Refusal | None = None  # for what was not asked for

    def then(self, other: "Shown") -> "Shown":
        """Both, one after the other."""
        return Shown(effect=self.effect + other.effect, unasked=self.unasked + other.unasked)


type Rehearsed = Shown | Refusal


@dataclass(slots=True)
class Rehearsal:
    """One lease for dry runs; whoever uses it has it cut off, whatever came of it, and ended."""

    leash: Leash
    kind: Kind
    target: Ref
    run: str  # whose it is
    proposal: str  # what it is for
    account: str = ""  # empty: there is none

    async def tried(self, steps: Sequence[Step], seen: Sight) -> Rehearsed:
        """What these requests would do. Raises `CouldNotLook` where nobody answers."""
        if (no := why_not_fenced(await self.leash.fences.amiss())) is not None:
            return no
        self.account = await asyncio.to_thread(self._allot)
        lent = await self.leash.leases.lend(
            loan(self.account, self.kind, self.target.namespace, steps, seen.document),
            seen.document,
        )
        if isinstance(lent, NotLent):
            if lent.alarm:
                self.leash.log.complain("a fence does not hold", account=self.account, why=lent.why)
            why = await why_not_lent(self.leash, self.kind, self.target, lent)
            return Refusal(
                by=BY if lent.refused else "leases",
                because=without_values(why, steps[0], seen.document),
            )
        found = Shown()
        async with lent.hands as hands:
            for step in steps:
                shown = await self._of(step, seen, hands)
                if isinstance(shown, Refusal):
                    return shown
                found = found.then(shown)
        return replace(found, refusal=await self._refused(found.unasked))

    async def _refused(self, unasked: Sequence[str]) -> Refusal | None:
        """People see all of what would come of it; approved is nothing that nobody asked for."""
        if not unasked:
            return None
        more = f"{MORE}, as where a webhook changes it on its way: {'; '.join(unasked)}."
        asked = await asked_about(self.leash, self.kind, self.target)
        return Refusal(by=BY, because=f"{more} {asked}".strip())

    async def cut_off(self) -> None:
        """Have it begin nothing more; what cannot be cut off now is left to whoever ends it."""
        if not self.account:
            return
        left = Left(account=self.account, namespace=self.target.namespace)
        if why := await cut_off(self.leash, left):
            self.leash.log.complain("lease left over", account=self.account, why=why)

    def end(self, tx: Tx) -> None:
        """Have the end seen to of each lease that this run had, also of attempts that died."""
        for account in allotted(tx, Purpose.PREVIEW, self.kind, self.target.uid, self.run):
            order = RevokeOrder(
                account=account, namespaces=(self.target.namespace,), proposal=self.proposal
            )
            order_revoke(self.leash, tx, order)

    def _allot(self) -> str:
        with self.leash.store.transaction() as tx:
            at = self.leash.clock.now()
            uid = self.target.uid
            account = allot(tx, Purpose.PREVIEW, self.kind, uid, run=self.run, at=at)
            record(self.leash, tx, "lease", (self.proposal,), {"account": account})
            return account

    async def _of(self, step: Step, seen: Sight, hands: Hands) -> Rehearsed:
        fresh: Document | Refusal | None = seen.document
        outcome: Outcome = Unclear(why="it was not tried")
        for number in range(TRIES):
            if isinstance(step, Create):
                fresh = None
            elif number or step.target != seen.document.ref:
                fresh = await read(self.leash.hands, step.target)
            if isinstance(fresh, Refusal):
                return fresh
            if fresh is not None and self._moved(fresh, seen):
                return Refusal(by=BY, because="it was changed while it was looked at")
            try:
                outcome = await hands.send(step, fresh, How.SHOW)
            except BadInput as misfit:
                return Refusal(by=BY, because=misfit.wrong)
            if isinstance(outcome, Done):
                return self._computed(step, fresh, outcome)
            if isinstance(outcome, Denied) and not outcome.conflict:
                break
        there = fresh if isinstance(fresh, Document) else seen.document
        return Refusal(by=BY, because=why_not(outcome, step, there))

    def _moved(self, fresh: Document, seen: Sight) -> bool:
        reads = self.kind.reads
        same = fresh.ref == seen.document.ref
        return same and fresh.read_hash(reads) != seen.document.read_hash(reads)

    def _computed(self, step: Step, fresh: Document | None, done: Done) -> Rehearsed:
        if fresh is None or not isinstance(step, Patch):
            return Shown()
        found = computed(step, fresh, done.after)
        wanted = computed(step, fresh, as_wanted(step.sets, fresh))
        if found is None or wanted is None:
            return Refusal(by=BY, because="the server did not say what would come of it")
        return Shown(effect=found, unasked=tuple(unlike(wanted, found)))


async def more_than_asked(rehearsal: Rehearsal, step: Step, fresh: Document | None) -> str:
    """Where more would come of that step than was asked for, as a lease for dry runs is shown it;
    empty where nobody can be shown.
    """
    if fresh is None:
        return ""
    seen = Sight(document=fresh, around=Snapshot(now=rehearsal.leash.clock.now(), captures=[]))
    try:
        shown = await rehearsal.tried((step,), seen)
    except CouldNotLook:
        return ""
    finally:
        await rehearsal.cut_off()
    more = shown.refusal if isinstance(shown, Shown) else None
    return more.because if more is not None else ""


def why_not(outcome: Outcome, step: Step, there: Document | None) -> str:
    """What to tell people of a dry run that came to nothing."""
    match outcome:
        case Denied():
            if outcome.code == BAD_REQUEST and (why := without_dry_run(outcome.says)):
                return why
            said = without_values(outcome.says, step, there)
            return f"the server refuses it ({outcome.code}): {said}"
        case Unclear():
            return (
                f"nobody answers what would come of it: {without_values(outcome.why, step, there)}"
            )
        case _:
            return "it could not be tried"


def without_values(said: str, step: Step, there: Document | None) -> str:
    """A server's words, without the values that it quotes of what was there or was sent to it."""
    sent = said_without(said, sent_by(step), there.value if there is not None else None)
    return _INVALID.sub(r"\1(left out)", sent)[:LONGEST]
