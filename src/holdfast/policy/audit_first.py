"""Layer 7: what is about to happen stands in the chain before it happens, or it does not happen."""

from holdfast.model.asks import Answer, Ask, Chain, Refusal, Station


def audit_first(ask: Ask) -> Answer:
    """The chain can be written; at execution, the intent is in it."""
    if ask.station is Station.EXECUTION and ask.chain is not Chain.SEALED:
        return Refusal(by="audit_first", because="the intent is not sealed in the audit record")
    if ask.chain is Chain.SHUT:
        return Refusal(by="audit_first", because="the audit record cannot be written")
    return None
