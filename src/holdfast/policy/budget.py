"""Layer 8: nobody approves more of one class than his budget holds.

The budget is judged here and spent in the transaction that records the approval: what was not
spent there cannot be executed.
"""

from holdfast.model.asks import Answer, Ask, Refusal, Station


def budget(ask: Ask) -> Answer:
    """The new approver has one left; at execution, every approver has spent one."""
    of_class = type(ask.action).kind.of_class
    if ask.station is Station.APPROVAL and ask.assents:
        who = ask.assents[-1].person
        if ask.budgets.get((who, of_class), 0) < 1:
            return Refusal(
                by="budget", because=f"{who} has no approval of class {of_class.value} left for now"
            )
    if ask.station is Station.EXECUTION:
        unpaid = [a.person for a in ask.assents if (a.person, of_class) not in ask.spent]
        if unpaid:
            return Refusal(by="budget", because=f"{unpaid[0]} has spent nothing on it")
    return None
