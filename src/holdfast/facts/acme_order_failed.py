"""An ACME server did not fulfil an order for a certificate."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.certificates import OVER, READ, order_of, requests, why_failed


@fact(
    code="HF-CFG-012",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # an order that has failed is not made again within the hour
    reads=READ,
    next_step="Mend what the server names (does the name lead here? may it be issued?), then see "
    "the next order: kubectl describe order {name} -n {namespace}",
)
def acme_order_failed(cluster: Snapshot) -> Iterator[Found]:
    """The order of a Certificate's newest request is invalid, errored or expired, and the
    Certificate is not ready or could not be renewed.
    """
    for certificate, request in requests(cluster):
        order = order_of(cluster, request)
        if order is None or order.status.state not in OVER:
            continue  # another issuer, under way, or fulfilled
        status = order.status
        yield Found(
            about=order.ref,
            since=max(order.born, status.failure_time or order.born),
            says=f"the order for certificate {certificate.metadata.name} is {status.state}",
            seen={
                "state": status.state,
                "message": why_failed(cluster, order),
                "names": ", ".join(certificate.spec.dns_names[:5]),
            },
        )
