"""Whether something is happening to a target already: nothing else is begun on it meanwhile."""

from collections.abc import Collection

from holdfast.execution.states import State
from holdfast.model.asks import Refusal
from holdfast.model.objects import Ref
from holdfast.workflow.leash import Leash

UNDER_WAY = frozenset({State.LEASED, State.APPLIED, State.UNKNOWN, State.UNDOING})
"""In these, something was done to a target or may have been, and nobody knows yet how it ends."""

WAITING = frozenset({State.APPROVED}) | UNDER_WAY
"""The same, and what will be done next: nothing else is proposed in the meantime."""

_LAST = 20  # cases of one target that are looked through


def busy(leash: Leash, target: Ref, states: Collection[State], but: str = "") -> Refusal | None:
    """Who is at it, but for that proposal; None if nobody is."""
    with leash.store.reading() as tx:
        for case in tx.cases.of_target(target.uid, _LAST):
            if case.id != but and case.state in states:
                because = f"{case.id} is under way on it ({case.state})"
                return Refusal(by="cases", because=because)
    return None
