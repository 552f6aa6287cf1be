"""Layer 4: what a delivery tool keeps as it is written in a repository is changed there.

The marks can be forged, so this refuses aloud and never skips in silence: people hear of it, and
can change the repository instead.
"""

from holdfast.model.asks import Answer, Ask, Refusal
from holdfast.model.repairs import ActionClass


def kept_elsewhere(ask: Ask) -> Answer:
    """Nobody keeps the target, or what made it; an operator may allow restarts all the same."""
    if ask.managed is None:
        return Refusal(by="kept_elsewhere", because="it cannot be told who keeps it as it is")
    restart = type(ask.action).kind.of_class is ActionClass.RESTART
    if not ask.managed or (restart and ask.rules.restarts_of_managed):
        return None
    first = ask.managed[0]
    return Refusal(
        by="kept_elsewhere",
        because=f"{first.by} keeps it as it is, says {first.told_by}: change it there",
    )
