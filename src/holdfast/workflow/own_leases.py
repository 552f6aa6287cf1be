"""The lease of one run: lent once for each attempt, and cut off in the end.

Nobody had its name before. Whoever takes a run up cannot know what was done by it: what is left of
it is taken back before it is lent again.
"""

from contextlib import AsyncExitStack

from holdfast.errors import BadInput
from holdfast.model.asks import Refusal
from holdfast.model.documents import Document
from holdfast.model.leases import Left
from holdfast.model.proposals import Proposal
from holdfast.model.steps import Step
from holdfast.ports import Denied, Done, Hands, How, Tx
from holdfast.ports.engine import Attempt
from holdfast.ports.leases import NotLent
from holdfast.workflow.changers import why_not_lent
from holdfast.workflow.deeds import MovedOn, Stop, Stopped, failed, refused
from holdfast.workflow.leash import Leash
from holdfast.workflow.lending import loan
from holdfast.workflow.rehearsing import Rehearsal, more_than_asked, without_values
from holdfast.workflow.revoking import cut_off, taken_back


class OwnLease:
    """What one attempt at a run acts by; what is open of it ends with the stack."""

    def __init__(
        self,
        leash: Leash,
        attempt: Attempt,
        proposal: Proposal,
        account: str,
        stack: AsyncExitStack,
    ) -> None:
        self.account = account
        self.hands: Hands | None = None
        self.may_stand = attempt.number > 1
        """Whether something of it may stand on the cluster."""
        self._alone = attempt.number == 1  # whatever stands of it is this attempt's
        self._leash, self._attempt, self._proposal = leash, attempt, proposal
        self._shown = attempt.number > 1  # whether it may have been shown more, by another lease
        self._stack = stack

    async def alone(self) -> None:
        """Have nobody else act by it. Raises `Stopped` where that cannot be had."""
        if not self._alone and (why := await self.taken_back()):
            raise failed(f"what is left of an earlier lease cannot be taken back: {why}")
        self._alone = True

    async def rehearsed(self, step: Step, fresh: Document | None) -> Document | None:
        """What the server says that would come of it.

        Raises `MovedOn` where that was read too long ago: before a lease was lent, for one.
        """
        if self.hands is None:
            await self._lent(step, fresh)
            raise MovedOn
        try:
            outcome = await self.hands.send(step, fresh, How.REHEARSE)
        except BadInput as misfit:
            raise refused("rehearsal", misfit.wrong) from None
        match outcome:
            case Done():
                return outcome.after
            case Denied() if outcome.conflict:
                raise MovedOn
            case Denied():
                said = without_values(outcome.says, step, fresh)
                raise refused("rehearsal", f"the API server would say no: {said}")
            case _:
                said = without_values(outcome.why, step, fresh)
                raise failed(f"nobody answered the dry run: {said}")

    async def cut_off(self) -> None:
        """Have nothing begin by it any more; what cannot be cut off is told, and tried again by
        whoever sees to its end.
        """
        self.hands = None
        if self.account and self.may_stand and (why := await cut_off(self._leash, self._left)):
            self._leash.log.complain("lease left over", account=self.account, why=why)

    async def taken_back(self) -> str:
        """Until nothing can come of it any more: why nobody can tell, then."""
        self.hands = None
        return await taken_back(self._leash, self._left) if self.account else ""

    def end_shown(self, tx: Tx) -> None:
        """Have the end seen to of what it was shown more by, also in attempts that died."""
        if self._shown:
            self._rehearsal().end(tx)

    @property
    def _left(self) -> Left:
        return Left(account=self.account, namespace=self._proposal.target.namespace)

    async def _lent(self, step: Step, fresh: Document | None) -> None:
        action, namespace = type(self._proposal.action).kind, self._proposal.target.namespace
        wanted = loan(self.account, action, namespace, [step], fresh)
        self.may_stand = True
        lent = await self._leash.leases.lend(wanted, fresh)
        if isinstance(lent, NotLent) and lent.taken and not await self.taken_back():
            # Nobody can act by the other now.
            lent = await self._leash.leases.lend(wanted, fresh)
        if isinstance(lent, NotLent):
            raise await self._not_lent(lent, step, fresh)
        self.hands = await self._stack.enter_async_context(lent.hands)

    async def _not_lent(self, lent: NotLent, step: Step, fresh: Document | None) -> Stopped:
        if lent.refused:
            return refused("effect", await self._why_refused(lent, step, fresh))
        if not lent.alarm:
            return failed(f"no lease was lent: {lent.why}")
        self._leash.log.complain("fence did not hold", account=self.account, why=lent.why)
        no = Refusal(by="fences", because=lent.why)
        return Stopped(Stop(refusals=(no,), alarm=True))

    async def _why_refused(self, lent: NotLent, step: Step, fresh: Document | None) -> str:
        """Where it would change more than was approved; and else what the fence said, and who is
        asked about such objects.
        """
        kind, target = type(self._proposal.action).kind, self._proposal.target
        rehearsal = self._rehearsal()
        self._shown = True
        if more := await more_than_asked(rehearsal, step, fresh):
            return more
        said = await why_not_lent(self._leash, kind, target, lent)
        return without_values(said, step, fresh)

    def _rehearsal(self) -> Rehearsal:
        """A lease for dry runs of its own, by which more is shown than this one may."""
        about = self._proposal
        kind = type(about.action).kind
        return Rehearsal(self._leash, kind, about.target, self._attempt.run, about.id)
