"""Whether we may, now: eight layers and what surrounds them.

- All of them run, at each of three stations, and all answers are shown.
- A layer can refuse or ask for more; none can allow what another refuses.
- No layers, a layer that breaks, and anything unknown: no.
"""

from collections.abc import Callable, Iterator, Sequence

from holdfast.model.asks import Answer, Ask, Needs, Refusal, Verdict
from holdfast.policy.around import breaker, cooldown, freeze, operator_policy
from holdfast.policy.audit_first import audit_first
from holdfast.policy.budget import budget
from holdfast.policy.closed_set import closed_set, ever_done
from holdfast.policy.kept_elsewhere import kept_elsewhere
from holdfast.policy.protected_namespaces import protected_namespaces
from holdfast.policy.signed_approval import approved_before, approved_once, signed_approval
from holdfast.policy.target_scope import target_scope
from holdfast.policy.two_people import two_by_nature, two_people

type Layer = Callable[[Ask], Answer]

LAYERS: tuple[Layer, ...] = (
    closed_set,
    target_scope,
    protected_namespaces,
    kept_elsewhere,
    signed_approval,
    two_people,
    audit_first,
    budget,
)
SURROUNDINGS: tuple[Layer, ...] = (freeze, cooldown, breaker, operator_policy)
OF_WORDS: tuple[Layer, ...] = (signed_approval, two_people)
"""What is judged by people's words alone, with no look at any target: what they said of one step of
a plan must hold still when the last word for another comes.
"""
UNDONE_UNDER: tuple[Layer, ...] = (
    closed_set,
    protected_namespaces,
    kept_elsewhere,
    approved_before,
    two_people,
)
"""What holds for a way back that the keeper goes by itself: that it is gone was approved with the
act, so the clocks of that approval do not hold for it, but whose it was does.
"""
WANTED_BACK: tuple[Layer, ...] = (
    ever_done,
    protected_namespaces,
    kept_elsewhere,
    approved_once,
    two_by_nature,
)
"""The same, where somebody who may decide it now has signed that it is to be taken back. It must
have been approved; whether those people may approve it today, and whether anybody may do it again,
does not matter: operators who tighten the leash are not to be left with what was done before.
"""


def decide(ask: Ask, layers: Sequence[Layer] = (*LAYERS, *SURROUNDINGS)) -> Verdict:
    """Every layer's answer, none left out."""
    if not layers:
        nobody = Refusal(by="policy", because="there is no layer that could allow anything")
        return Verdict(refusals=(nobody,), needs=())
    answers = list(_answers(ask, layers))
    return Verdict(
        refusals=tuple(each for each in answers if isinstance(each, Refusal)),
        needs=tuple(each for each in answers if isinstance(each, Needs)),
    )


def _answers(ask: Ask, layers: Sequence[Layer]) -> Iterator[Answer]:
    for layer in layers:
        name = getattr(layer, "__name__", "policy")
        try:
            answer = layer(ask)
        except Exception as broken:  # whatever breaks a layer, it has not allowed
            kind = type(broken).__name__
            answer = Refusal(by=name, because=f"it could not judge this ({kind}: {broken})")
        if answer is not None and not isinstance(answer, Refusal | Needs):
            answer = Refusal(by=name, because="it gave an answer that nobody knows")
        yield answer
