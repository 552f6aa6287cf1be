"""The `Hands` port on a real API server: the only code that changes a cluster.

- Each change says whether it is meant or a dry run; nothing here has a default for that.
- Each change of an object carries its uid and resourceVersion: what has moved since is refused.
- Nothing is sent a second time. An answer that does not come, or that leaves open what was done,
  is told as such; it is looked for in the cluster by whoever asked.
- Secrets are never read.
"""

import msgspec

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.discovery import path_of
from holdfast.adapters.kubernetes.mishaps import Mishap
from holdfast.adapters.kubernetes.pace import Pace
from holdfast.adapters.kubernetes.requests import api_of, asked, version_of
from holdfast.adapters.kubernetes.transport import Answer, Question, Wire
from holdfast.adapters.kubernetes.wired import Wired
from holdfast.errors import BadCredential, CouldNotLook, Unauthorized
from holdfast.model.documents import Document
from holdfast.model.objects import Ref
from holdfast.model.snapshot import State
from holdfast.model.steps import Create, Delete, Evict, Patch, Step
from holdfast.ports import Clock, Denied, Done, How, Outcome, Unclear, Unseen

SEVERAL_BUDGETS = "more than one PodDisruptionBudget"
_DONE = (200, 201, 202)
_BUSY = 429  # said in plain text by a server that has not begun


class KubernetesHands(Wired):
    """One credential's hands; use them as an async context manager."""

    def __init__(self, connection: Connection, *, clock: Clock, pace: Pace | None = None) -> None:
        self._wire = Wire(connection, clock=clock, pace=pace or Pace(), compress=False)

    async def read(self, ref: Ref) -> Document | Unseen:
        """One object whole, as it is now."""
        where = path_of(api_of(ref), version_of(ref), ref.namespace, ref.name)
        try:
            answer = await self._wire.ask(Question(path=where))
        except Mishap as mishap:
            raise mishap.judgement.tell from None
        if answer.status == 404:
            return Unseen(state=State.ABSENT, why=answer.message)
        if answer.status == 403:
            return Unseen(state=State.FORBIDDEN, why=answer.message)
        if answer.status != 200:
            raise CouldNotLook(
                f"{ref} could not be read ({answer.status}: {answer.message}).",
                remedy="Try again; if it stays so, read the API server's log.",
            )
        return _document(answer)

    async def send(self, step: Step, fresh: Document | None, how: How) -> Outcome:
        """One request, sent once."""
        question = asked(step, fresh, how).question()
        try:
            answer = await self._wire.ask(question)
        except (Unauthorized, BadCredential) as unknown:
            return Denied(code=401, reason="Unauthorized", says=unknown.wrong)
        except Mishap as mishap:
            return Unclear(why=mishap.judgement.tell.wrong)
        except CouldNotLook as odd:
            return Unclear(why=odd.wrong)
        return _outcome(step, answer)


def _outcome(step: Step, answer: Answer) -> Outcome:
    said = decode.error_status(answer.body)
    if answer.status in _DONE:
        return _done(step, answer)
    if 400 <= answer.status < 500 and (said.reason or answer.status == _BUSY):
        # A page of a proxy's gives no reason: what stands behind it may have heard all the same.
        reason = said.reason or "TooManyRequests"
        return Denied(code=answer.status, reason=reason, says=answer.message)
    if isinstance(step, Evict) and SEVERAL_BUDGETS in answer.message:
        # Several budgets for one pod: the server answers 500, and has evicted nobody.
        return Denied(code=answer.status, reason="TooManyBudgets", says=answer.message)
    return Unclear(why=f"the API server answered {answer.status}: {answer.message}")


def _done(step: Step, answer: Answer) -> Outcome:
    """A success is told by what was done, and not by a number alone: a login page has that too."""
    try:
        told = _document(answer)
    except CouldNotLook as odd:
        return Unclear(why=odd.wrong)
    if isinstance(step, Evict | Delete) and told.text("kind") == "Status":
        if told.text("status") == "Success":
            return Done(after=None)
    elif _is_of(step, told):
        return Done(after=told if isinstance(step, Patch | Create) else None)
    what = " ".join((told.text("status") or told.text("kind") or "nothing that it names").split())
    return Unclear(why=f"the API server answered {answer.status} with another thing: {what[:60]}")


def _is_of(step: Step, told: Document) -> bool:
    """Whether an object is the one that a step was about; a subresource has its uid."""
    if isinstance(step, Create):
        meant = Document(value=step.manifest).ref
        same = (told.ref.kind, told.ref.namespace, told.ref.name)
        return bool(told.ref.uid) and same == (meant.kind, meant.namespace, meant.name)
    return told.ref.uid == step.target.uid


def _document(answer: Answer) -> Document:
    try:
        value = msgspec.json.decode(answer.body, type=dict)
    except decode.UNREADABLE:
        raise CouldNotLook(
            "The API server answered with something that is no object.",
            remedy="Check that the address is an API server's and not a login page or a proxy's.",
        ) from None
    return Document(value=value)
