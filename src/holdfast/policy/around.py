"""What surrounds the layers: switches and states that hold for more than one proposal."""

from holdfast.model.asks import Answer, Ask, Refusal
from holdfast.model.times import stamp


def freeze(ask: Ask) -> Answer:
    """Nobody has switched everything off."""
    return Refusal(by="freeze", because=ask.around.frozen) if ask.around.frozen else None


def cooldown(ask: Ask) -> Answer:
    """Nothing was done to the same target just now."""
    until = ask.around.cooling_until
    if until is None or until <= ask.now:
        return None
    return Refusal(by="cooldown", because=f"it was acted on lately; again from {stamp(until)} on")


def breaker(ask: Ask) -> Answer:
    """What was done of this class lately has helped."""
    return Refusal(by="breaker", because=ask.around.broken) if ask.around.broken else None


def operator_policy(ask: Ask) -> Answer:
    """The operator's own policy allows it. It can narrow; that it allows is not enough."""
    if ask.around.operator_allows and not ask.around.operator:
        return None
    because = ask.around.operator or "the operator's policy does not say that it may be done"
    return Refusal(by="operator_policy", because=because)
