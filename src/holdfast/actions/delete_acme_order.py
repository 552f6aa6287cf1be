"""Remove an order at an ACME server that failed, so that its request makes the next."""

from collections.abc import Iterator

from holdfast.model.kinds import CertificateRequest, Challenge, Order, Pod, Service
from holdfast.model.reissuing import (
    EVERYWHERE,
    SEEN,
    certificate_of,
    hindrances,
    made_since,
    reissued,
)
from holdfast.model.repairs import (
    GONE,
    LEAVING,
    Action,
    ActionClass,
    Recovery,
    Risk,
    Sight,
    action,
)
from holdfast.model.steps import Delete, Step

_FAILED = frozenset({"errored", "invalid"})


@action(
    targets=(Order,),
    sees=SEEN,
    everywhere=EVERYWHERE,
    reads=(("metadata", "ownerReferences"), ("spec",)),
    does=(Delete,),
    takes=(Challenge, Pod, Service),  # what solves a challenge runs, and is reached
    of_class=ActionClass.REISSUE,
    risk=Risk.MEDIUM,
    answers=("HF-CFG-012",),
    on=True,
)
class DeleteACMEOrder(Action, frozen=True, kw_only=True):
    """Delete an ACME order that errored or is invalid; its request orders again.

    A request that has ended orders nothing any more: then it is the request that must go. One that
    has not orders at once: cert-manager's pause after a failure lies between requests alone.
    """

    def refuses(self, seen: Sight) -> Iterator[str]:
        """Where it has not failed, nobody would order again, or whoever would could not."""
        order = seen.target(Order)
        if order is None:
            yield GONE
            return
        if order.leaving:
            yield LEAVING
        if order.status.state not in _FAILED:
            yield f"it is {order.status.state or 'not begun'}, and neither errored nor invalid"
        request = _request(seen, order)
        certificate = certificate_of(seen.around, request) if request is not None else None
        if request is None or certificate is None:
            yield "nobody would order again: no request of a Certificate that is there owns it"
            return
        if request.ended is not None:
            yield f"its request has ended ({request.ended.reason}), and orders nothing any more"
        later = made_since(seen.around, certificate, request)
        if later is not None:
            yield f"its Certificate has asked again since, by {later.metadata.name}"
        yield from hindrances(seen.around, certificate)

    def steps(self, seen: Sight) -> tuple[Step, ...]:
        """One deletion; its challenges go with it."""
        return (Delete(target=seen.document.ref),)

    def recovery(self, before: Sight, after: Sight) -> Recovery:
        """It is gone, and its request, or a later one of the same Certificate, was fulfilled."""
        order = before.target(Order)
        request = _request(before, order) if order is not None else None
        return reissued(after, Order, request)


def _request(seen: Sight, order: Order) -> CertificateRequest | None:
    """The request that made the order, by uid: a name alone could be another's."""
    owner = order.controller
    if owner is None:
        return None
    found = seen.around.find(CertificateRequest, order.metadata.namespace, owner.name)
    return found if found is not None and found.metadata.uid == owner.uid else None
