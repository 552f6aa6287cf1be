"""Layer 3: some namespaces are never touched. Operators add to the list; nobody takes away."""

from holdfast.model.asks import Answer, Ask, Refusal
from holdfast.model.namespaces import protected


def protected_namespaces(ask: Ask) -> Answer:
    """The target is in none of them."""
    if protected(ask.target.namespace, ask.rules.protected):
        return Refusal(
            by="protected_namespaces", because=f"{ask.target.namespace} is never touched"
        )
    return None
