"""How far the issue of a certificate has come: its request, order and challenge, by owner uid."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from holdfast.model.kinds import Certificate, CertificateRequest, Challenge, Order
from holdfast.model.objects import Condition, Object
from holdfast.model.snapshot import Snapshot

READ: tuple[type[Object], ...] = (Certificate, CertificateRequest, Order, Challenge)
"""What a rule must declare that asks how far an issue has come."""

OVER = frozenset({"invalid", "errored", "expired"})
"""States of an order, or of a challenge, with which it has failed."""


class Halt(msgspec.Struct, frozen=True, kw_only=True):
    """Where an issue stands still, in that object's words."""

    at: Object
    says: str
    message: str = ""


def issuing(certificate: Certificate) -> Condition | None:
    """What is said of the attempt to issue it; None when there is none, or it went well."""
    return certificate.condition("Issuing")


def unwell(certificate: Certificate) -> bool:
    """It is not what was asked for, or its last attempt failed and nobody tries again now."""
    said, attempt = certificate.condition("Ready"), issuing(certificate)
    if said is None or said.status != "True":
        return True
    return attempt is not None and attempt.status == "False"


def requests(cluster: Snapshot) -> Iterator[tuple[Certificate, CertificateRequest]]:
    """Certificates that are unwell, each with its newest request: older ones are history."""
    for certificate in cluster.all(Certificate):
        if certificate.leaving or not unwell(certificate):
            continue
        newest = _newest(cluster.owned_by(CertificateRequest, certificate))
        if newest is not None and not _tried_again(certificate, newest):
            yield certificate, newest


def _tried_again(certificate: Certificate, request: CertificateRequest) -> bool:
    """Whether a new attempt has begun since the request failed; it makes a request of its own."""
    attempt, failed = issuing(certificate), request.status.failure_time
    if attempt is None or attempt.status != "True" or failed is None:
        return False
    return attempt.last_transition_time is not None and failed < attempt.last_transition_time


def order_of(cluster: Snapshot, request: CertificateRequest) -> Order | None:
    """The order that was made for a request."""
    return _newest(cluster.owned_by(Order, request))


def why_failed(cluster: Snapshot, order: Order) -> str:
    """What an order failed of; one that is invalid says so, and only its challenge says why."""
    refuted = (
        each.status.reason
        for each in cluster.owned_by(Challenge, order)
        if each.status.state in OVER
    )
    return order.status.reason or next(refuted, "")


def halt(cluster: Snapshot, certificate: Certificate) -> Halt | None:
    """The deepest object that an issue stands still at; None when none was seen."""
    request = _newest(cluster.owned_by(CertificateRequest, certificate))
    if request is None:
        return None
    order = order_of(cluster, request)
    if order is None:
        return _at_request(request)
    for challenge in cluster.owned_by(Challenge, order):
        if challenge.status.state != "valid":
            spec, status = challenge.spec, challenge.status
            return Halt(
                at=challenge,
                says=f"{spec.type or 'a'} challenge of {spec.dns_name} is "
                f"{status.state or 'not begun'}",
                message=status.reason,
            )
    if order.status.state == "valid":
        return _at_request(request)
    state = order.status.state or "not begun"
    return Halt(at=order, says=f"its ACME order is {state}", message=order.status.reason)


def _at_request(request: CertificateRequest) -> Halt:
    said = request.ended or request.condition("Ready")
    if said is not None:
        return Halt(at=request, says=f"its request is {said.reason}", message=said.message)
    if request.condition("Approved") is not None:
        return Halt(at=request, says="no issuer has taken up its request")
    return Halt(at=request, says="nobody has approved its request")


def _newest[K: Object](objects: Sequence[K]) -> K | None:
    return max(objects, key=_age, default=None)


def _age(each: Object) -> tuple[datetime, str]:
    return each.born, each.metadata.name
