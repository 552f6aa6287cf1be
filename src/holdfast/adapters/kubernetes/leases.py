"""The `Leases` port on a real API server: identities for one act, and their end.

- An account that is there already is never taken for ours: nothing is lent.
- What makes a lease is sent once. What takes one back is asked again until it is so: it says the
  same however often it is said.
- A lease is lent when the server was seen to give it its rights, and when the fence around it was
  seen to hold: without its value it was refused, and so was a forbidden turn of its own step.
- Cut off is the binding first, which ends what it may do at once; then its value and its account.
  It is over when the server refuses its token, which it remembers for some seconds. Whoever does
  not hold that token waits them out: another one, of the same account, would prove nothing of it.
- Nothing is cut off but what may be a lease by its name, in what may be a namespace: whatever it is
  told, it deletes nothing of others.
- No token is ever in an error, a log or a repr.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

from holdfast.adapters.kubernetes import canary
from holdfast.adapters.kubernetes.asking import Asker
from holdfast.adapters.kubernetes.connection import Connection, Token
from holdfast.adapters.kubernetes.discovery import part
from holdfast.adapters.kubernetes.lease_requests import (
    Marks,
    account_path,
    allowed,
    bindings,
    may,
    new_account,
    new_binding,
    new_token,
    token_in,
    value_set,
    whole_message,
)
from holdfast.adapters.kubernetes.left_over import left_of
from holdfast.adapters.kubernetes.mishaps import Mishap
from holdfast.adapters.kubernetes.pace import Backoff, Chance, Pace
from holdfast.adapters.kubernetes.requests import Asked
from holdfast.adapters.kubernetes.transport import Answer, Question, Wire
from holdfast.adapters.kubernetes.wired import Wired
from holdfast.errors import BadCredential, BadInput, CouldNotLook, Unauthorized
from holdfast.model.documents import Document
from holdfast.model.dry_runs import denied_by_a_webhook, without_dry_run
from holdfast.model.leases import Left, Loan, misnamed, misplaced
from holdfast.ports import Clock, Hands
from holdfast.ports.leases import Lent, NotLent

type HandsOf = Callable[[Connection], AbstractAsyncContextManager[Hands]]

_DONE = (200, 201, 202)
_GONE = (*_DONE, 404)
_THERE = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long each is waited for, in seconds."""

    heeded: float = 20  # until a binding or a value has reached the server's caches
    refused: float = 30  # until a token is refused: the server remembers one for ten seconds
    remembered: float = 15  # the same, where nobody holds that token and could see it refused


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A token that was lent here."""

    token: str = field(repr=False)
    until: float  # by the loop's clock


class _Stopped(Exception):
    """It does not go on; never leaves this module."""

    def __init__(
        self, why: str, *, alarm: bool = False, refused: bool = False, taken: bool = False
    ) -> None:
        super().__init__(why)
        self.told = NotLent(why=why, alarm=alarm, refused=refused, taken=taken)


class KubernetesLeases(Wired):
    """Makes leases and takes them back, as the keeper; use it as an async context manager."""

    def __init__(
        self,
        connection: Connection,
        marks: Marks,
        *,
        hands: HandsOf,
        clock: Clock,
        pace: Pace | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._connection = connection
        self._marks = marks
        self._hands = hands
        self._clock = clock
        self._pace = pace or Pace()
        self._limits = limits or Limits()
        self._wire = self._wired(connection)
        self._asker = Asker(self._wire, pace=self._pace, chance=Chance())
        self._held: dict[str, _Held] = {}  # of what is lent, to see the end of each

    async def lend(self, loan: Loan, fresh: Document | None) -> Lent | NotLent:
        """Make it, and see that it is fenced."""
        if (loan.role in self._marks.wide) is bool(loan.namespace):
            return NotLent(why=misplaced(loan))
        try:
            first = canary.rehearsed(loan.steps[0], fresh)
            tried = canary.shown if loan.shows else canary.rehearsed
            steps = [tried(each, fresh) for each in loan.steps]
            wrong = canary.forbidden(loan.steps[0], fresh)
        except BadInput as misfit:
            return NotLent(why=misfit.wrong)
        try:
            connection = await self._made(loan)
            async with self._wired(connection) as wire:
                await self._given_its_rights(wire, loan)
                if loan.value:
                    await self._refuses(wire, first, "a step whose value nobody set down")
                    await self._once(value_set(self._marks, loan.account, loan.value))
                    for step in steps:
                        await self._let_through(wire, step)
                await self._refuses(wire, wrong, "a forbidden turn of its step")
        except _Stopped as stopped:
            return stopped.told
        return Lent(hands=self._hands(connection))

    async def cut_off(self, left: Left) -> str:
        """Binding, value and account."""
        account = left.account
        if why := misnamed(left, self._marks.is_lease):
            return why
        try:
            await self._gone(f"{bindings(left.namespace)}/{part(account)}")
            await self._again(value_set(self._marks, account, None), _GONE)
            await self._gone(account_path(self._marks, account))
        except _Stopped as stopped:
            return stopped.told.why
        return ""

    async def over(self, account: str) -> str:
        """Until its token is refused."""
        held = self._held.get(account)
        if held is None:
            await asyncio.sleep(self._limits.remembered)
            return ""
        try:
            await self._refused(self._as(account, held.token))
        except _Stopped as stopped:
            return stopped.told.why
        self._held.pop(account, None)
        return ""

    async def left(self) -> Sequence[Left]:
        """Everything of leases that stands there."""
        return await left_of(self._asker, self._marks)

    async def _made(self, loan: Loan) -> Connection:
        """The account, then binding and token, each asked for once."""
        account = new_account(self._marks, loan.account)
        answer = await self._sent(account)
        if answer.status == _THERE:
            raise _Stopped(answer.message, taken=True)
        _as_wanted(account, answer, _DONE)
        asked = new_token(self._marks.namespace, loan.account, self._marks.seconds)
        # Both are waited for, also where one fails: what is under way cannot be taken back.
        both = self._once(new_binding(self._marks, loan)), self._once(asked)
        answers = await asyncio.gather(*both, return_exceptions=True)
        _, issued = map(_unless_stopped, answers)
        token, _ = token_in(issued)
        if not token:
            raise _Stopped("the API server answered a request for a token with none")
        self._hold(loan.account, token)
        return self._as(loan.account, token)

    def _hold(self, account: str, token: str) -> None:
        """Until its end was seen here. What ends elsewhere is dropped when it is good no more."""
        now = asyncio.get_running_loop().time()
        self._held = {name: each for name, each in self._held.items() if each.until > now}
        self._held[account] = _Held(token=token, until=now + self._marks.seconds)

    async def _given_its_rights(self, wire: Wire, loan: Loan) -> None:
        """A binding takes a moment to reach the server's caches."""
        seconds = self._limits.heeded
        told = await asyncio.gather(
            *(self._seen(wire, may(e, loan.namespace), allowed, seconds) for e in loan.rights)
        )
        for right, seen in zip(loan.rights, told, strict=True):
            if seen is None or not allowed(seen):
                what = f"{right.verb} {right.resource} in {loan.namespace or 'the whole cluster'}"
                raise _Stopped(f"the lease was not given the right to {what} in time")

    async def _refuses(self, wire: Wire, wrong: Asked, what: str) -> None:
        """The fence must say no, in its own words."""

        def told(answer: Answer) -> bool:
            """Without a binding the role says no: that may be on its way to another server."""
            final = self._by_us(answer) or _webhooks_no(answer.message)
            return answer.status != 403 or bool(final)

        seen = await self._seen(wire, wrong.question(), told, self._limits.heeded)
        if seen is not None and self._by_us(seen):
            return
        if seen is not None and (why := _webhooks_no(seen.message)):
            raise _Stopped(why, refused=True)
        said = "nothing" if seen is None else f"{seen.status}: {seen.message}"
        # What is not there any more, or does not answer, says nothing of the fence.
        says_nothing = seen is None or seen.status in (404, 409, 429) or seen.status >= 500
        raise _Stopped(
            f"the fence was to refuse {what}, and the API server answered {said}",
            alarm=not says_nothing,
        )

    async def _let_through(self, wire: Wire, step: Asked) -> None:
        """The fence knows the value by now; whatever else is against the step, it is not this."""

        def final(answer: Answer) -> bool:
            """What the fence says of anything but a value will not change by waiting."""
            return not self._by_us(answer) or self._marks.unset not in whole_message(answer)

        seen = await self._seen(wire, step.question(), final, self._limits.heeded)
        if seen is None:
            raise _Stopped("nobody said whether the fence lets the step through")
        if self._by_us(seen):
            raise _Stopped(
                "it would change more than was asked for, or to another value, as where a webhook "
                f"changes it on its way. The cluster refuses that: {seen.message}.",
                refused=True,
            )

    async def _refused(self, connection: Connection) -> None:
        """Until the server does not know the token any more."""

        async def known() -> bool:
            try:
                await wire.ask(Question(path="/version"))
            except (Unauthorized, BadCredential):
                return False
            except (Mishap, CouldNotLook):
                return True  # nobody knows: ask again
            return True

        async with self._wired(connection) as wire:
            if await self._until(known, lambda it: not it, self._limits.refused):
                raise _Stopped(f"the token of {connection.user} is still accepted")

    def _by_us(self, answer: Answer) -> bool:
        return answer.status == 403 and self._marks.refuses in whole_message(answer)

    async def _seen(
        self, wire: Wire, question: Question, enough: Callable[[Answer], bool], seconds: float
    ) -> Answer | None:
        """The first answer that is enough, or the last before the time is over; None: none came."""

        async def look() -> Answer | None:
            try:
                return await wire.ask(question)
            except (Mishap, CouldNotLook):
                return None  # a token that was made just now may be unknown for a moment

        return await self._until(look, lambda it: it is not None and enough(it), seconds)

    async def _until[T](
        self, look: Callable[[], Awaitable[T]], is_so: Callable[[T], bool], seconds: float
    ) -> T:
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        backoff = Backoff(replace(self._pace, first_delay=0.02, longest_delay=0.5), Chance())
        while True:
            seen = await look()
            if is_so(seen) or clock() >= until:
                return seen
            await backoff.wait()

    async def _gone(self, path: str) -> None:
        await self._again(Question(method="DELETE", path=path), _GONE)

    async def _again(self, question: Question, wanted: Sequence[int]) -> Answer:
        """Asked until it is answered: for what comes to the same however often it is asked."""
        try:
            answer = await self._asker.ask(question)
        except CouldNotLook as silent:
            raise _Stopped(silent.wrong) from None
        return _as_wanted(question, answer, wanted)

    async def _once(self, question: Question) -> Answer:
        return _as_wanted(question, await self._sent(question), _DONE)

    async def _sent(self, question: Question) -> Answer:
        """Sent once: whether it was done when no answer comes, whoever takes it back will see."""
        try:
            return await self._wire.ask(question)
        except Mishap as mishap:
            raise _Stopped(mishap.judgement.tell.wrong) from None
        except CouldNotLook as silent:
            raise _Stopped(silent.wrong) from None

    def _as(self, account: str, token: str) -> Connection:
        return replace(
            self._connection,
            user=account,
            showing=Token(value=token),
            certificate=None,
            impersonation=None,
        )

    def _wired(self, connection: Connection) -> Wire:
        return Wire(connection, clock=self._clock, pace=self._pace, compress=False)


def _webhooks_no(said: str) -> str:
    """Why a webhook lets nobody try it: that is asked before our policies are."""
    return without_dry_run(said) or denied_by_a_webhook(said)


def _unless_stopped(answer: Answer | BaseException) -> Answer:
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _as_wanted(question: Question, answer: Answer, wanted: Sequence[int]) -> Answer:
    if answer.status not in wanted:
        what = f"{question.method} {question.path}"
        raise _Stopped(f"{what} was answered {answer.status}: {answer.message}")
    return answer
