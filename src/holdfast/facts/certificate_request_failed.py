"""A request for a certificate failed, or was denied."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.certificates import OVER, READ, order_of, requests


@fact(
    code="HF-CFG-011",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # an attempt that has failed is not made again within the hour
    reads=READ,
    next_step="Mend what its message names; cert-manager tries again after an hour or more, "
    "or at once by `cmctl renew` of its Certificate: "
    "kubectl describe certificaterequest {name} -n {namespace}",
    follows=(Relation.OWNS,),
)
def certificate_request_failed(cluster: Snapshot) -> Iterator[Found]:
    """The newest request of a Certificate ended as failed, denied or invalid, and the Certificate
    is not ready or could not be renewed. Requests before the newest are history, and so is one
    after which a new attempt has begun. A failed ACME order is a fact of its own.
    """
    for certificate, request in requests(cluster):
        said = request.ended
        if said is None:
            continue  # it is under way
        order = order_of(cluster, request)
        if order is not None and order.status.state in OVER:
            continue  # told by acme_order_failed
        since = request.status.failure_time or said.last_transition_time or request.born
        yield Found(
            about=request.ref,
            since=max(request.born, since),
            says=f"the request for certificate {certificate.metadata.name} ended: {said.reason}",
            seen={"reason": said.reason, "message": said.message},
        )
