"""Layer 1: only what is in the closed set is ever done, and of that only what is switched on."""

from holdfast.actions import CLOSED_SET
from holdfast.model.asks import Answer, Ask, Refusal


def closed_set(ask: Ask) -> Answer:
    """The kind is one of ours, byte by byte, and an operator wants it done at all."""
    if (no := ever_done(ask)) is not None:
        return no
    kind = type(ask.action).kind
    if not kind.on and kind.name not in ask.rules.switched_on:
        return Refusal(
            by="closed_set", because=f"{kind.name} is off until an operator switches it on by name"
        )
    return None


def ever_done(ask: Ask) -> Answer:
    """The kind is one of ours: what was done while it was on can be taken back after that."""
    if type(ask.action) in CLOSED_SET:
        return None
    name = type(ask.action).kind.name
    return Refusal(by="closed_set", because=f"{name} is nothing that we ever do")
