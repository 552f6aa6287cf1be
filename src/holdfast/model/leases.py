"""A lease: an identity that can do one thing to one object, for some minutes."""

import re
from collections.abc import Callable

import msgspec

from holdfast.model.namespaces import NAME
from holdfast.model.repairs import Right
from holdfast.model.steps import Step

MANAGER = "holdfast"
"""The field manager by which a lease writes."""
SHOWING = "holdfast-preview"
"""The field manager by which a preview asks to see also what others add on its way."""

SHOWN = 80  # characters of what is no name of ours


class Loan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be lent."""

    account: str  # its name says purpose, action, uid and generation
    role: str  # the name of the cluster role that it is bound to
    namespace: str  # of the target; empty: bound for the whole cluster
    rights: tuple[Right, ...]  # what it must be seen to have before it is used
    steps: tuple[Step, ...]  # what it is for; the canary is a forbidden turn of one of these
    value: str = ""  # what it may set; empty where it sets nothing
    shows: bool = False  # a preview: it sees also what others add, and none of that is ever kept


class Left(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Something of a lease that stands on the cluster: its account, or a binding of it."""

    account: str
    namespace: str  # where it is bound; empty: for the whole cluster, or nowhere any more


def misplaced(loan: Loan) -> str:
    """Why nobody lends it, where its role and the place of its target do not go together."""
    if loan.namespace:
        return f"{loan.role} is bound for the whole cluster, and in no namespace"
    return f"{loan.role} is bound in the namespace of a target, and not for the whole cluster"


def misnamed(left: Left, is_lease: Callable[[str], bool]) -> str:
    """Why that can be no lease, wherever it is said to stand; empty if it may be one."""
    if not is_lease(left.account):
        return f"{left.account[:SHOWN]!r} is no name of a lease"
    if left.namespace and re.fullmatch(NAME, left.namespace) is None:
        return f"{left.namespace[:SHOWN]!r} is no name of a namespace"
    return ""
