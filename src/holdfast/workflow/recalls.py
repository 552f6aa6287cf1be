"""A person's wish to have something taken back, verified again before it is.

Whoever may decide it now may have it so. Whether those who approved the act might approve it today
is not asked then: they approved the way back with it, when it was theirs to approve.
"""

from holdfast.approvals import words
from holdfast.approvals.signed import SignedWord
from holdfast.approvals.words import Recall
from holdfast.model.asks import Rules
from holdfast.model.ordered import CaseOrder
from holdfast.model.plans import Plan
from holdfast.ports import Tx
from holdfast.workflow.leash import Leash
from holdfast.workflow.taking_back import wish_for


def may_recall(rules: Rules, said: Recall, plan: Plan, step: int) -> bool:
    """Whether that person may have that step taken back, and so all before it."""
    groups = (rules.approvers.get(type(e.action).kind.of_class) for e in plan.steps[:step])
    return all(each is None or each & said.groups for each in groups)


def wanted_back(leash: Leash, tx: Tx, plan: Plan, order: CaseOrder) -> bool:
    """Whether somebody who may still decide it has signed that it is to be taken back."""
    wish = wish_for(tx, order)
    if wish is None:
        return False
    said = words.heard(
        SignedWord(statement=wish.statement.encode(), signature=wish.signature),
        about=plan.first,
        step=plan.first.step,
        people=leash.people(),
        check=leash.ssh_check,
        now=tx.now(),
    )
    return isinstance(said, Recall) and may_recall(leash.rules(), said, plan, order.step)
