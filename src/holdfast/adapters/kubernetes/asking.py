"""Asking with patience: reads are asked again when that can help, a bounded number of times."""

from holdfast.adapters.kubernetes.mishaps import Mishap
from holdfast.adapters.kubernetes.pace import Chance, Pace, Patience
from holdfast.adapters.kubernetes.transport import Answer, Question, Wire
from holdfast.errors import Unanswered

PASSING = frozenset({429, 500, 502, 503, 504})


class Asker:
    """A wire, and how patient we are with it."""

    def __init__(self, wire: Wire, *, pace: Pace, chance: Chance) -> None:
        self.wire = wire
        self._pace = pace
        self._chance = chance

    async def ask(self, question: Question) -> Answer:
        """The answer, whatever its status; raises `CouldNotLook` when none came."""
        patience = Patience(self._pace, self._chance)
        while True:
            try:
                answer = await self.wire.ask(question)
            except Mishap as mishap:
                judged = mishap.judgement
                if judged.passing and await patience.again(silent=judged.silent):
                    continue
                raise judged.tell from None
            if answer.status in PASSING and await patience.again(at_least=answer.retry_after):
                continue
            return answer

    def forbidden(self, answer: Answer) -> str:
        """Why we may not see something; a missing credential is the likelier reason than a role."""
        if self.wire.connection.anonymous and "system:anonymous" in answer.message:
            return f"{answer.message}; context {self.wire.connection.name!r} has no credential"
        return answer.message

    def refused(self, answer: Answer, what: str) -> Unanswered:
        """The error for an answer that is not what was asked for."""
        where = self.wire.connection.server
        if answer.status == 429:
            return Unanswered(
                f"{where} is too busy to answer a request for {what} ({answer.message}).",
                remedy="Try again later; API Priority and Fairness says who is being served.",
            )
        return Unanswered(
            f"{where} answered a request for {what} with an error ({answer.status}: "
            f"{answer.message}).",
            remedy="Try again; if it stays so, read the API server's log.",
        )
