"""What must be so before a certificate is asked for again: each attempt counts at who issues.

An attempt that cannot succeed is worse than none: an ACME server allows few failures in an hour,
and few certificates for the same names in a week.

cert-manager keeps a pause of its own after each request that failed, and what is deleted does not
shorten it: until it is over nobody asks again, whatever is done here.
"""

import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import (
    Certificate,
    CertificateRequest,
    ClusterIssuer,
    Deployment,
    Issuer,
)
from holdfast.model.objects import Object
from holdfast.model.repairs import DEADLINE, LATE, Recovery, Sight, State
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import moved, to_the_second

SEEN: tuple[type[Object], ...] = (Certificate, CertificateRequest, Issuer, ClusterIssuer)
"""What stands around a request, in its namespace or in none."""
EVERYWHERE: tuple[type[Object], ...] = (Deployment,)
"""What cert-manager consists of, wherever that was installed."""

FIRST_PAUSE = timedelta(hours=1)
DOUBLED = 5  # times at most: 32 hours

_NAME = "app.kubernetes.io/name"
_INSTANCE = "app.kubernetes.io/instance"
_COMPONENT = "app.kubernetes.io/component"
_GROUPS = ("", Issuer.api.group)


def certificate_of(around: Snapshot, request: CertificateRequest) -> Certificate | None:
    """The Certificate that made the request, by uid: a name alone could be another's."""
    owner = request.controller
    if owner is None:
        return None
    found = around.find(Certificate, request.metadata.namespace, owner.name)
    return found if found is not None and found.metadata.uid == owner.uid else None


def hindrances(around: Snapshot, certificate: Certificate) -> Iterator[str]:
    """Why asking again would bring nothing: of cert-manager itself, and of who is to issue."""
    if certificate.leaving:
        yield "its Certificate is being deleted"
    yield from _of_the_manager(around)
    yield from _of_the_issuer(around, certificate)


def asks_again(certificate: Certificate) -> datetime | None:
    """When the pause is over that cert-manager keeps after a failure; None where it keeps none."""
    status = certificate.status
    if status.last_failure_time is None:
        return None
    doubled = min(max(status.failed_issuance_attempts - 1, 0), DOUBLED)
    return moved(status.last_failure_time, FIRST_PAUSE * 2**doubled)


def pauses(around: Snapshot, certificate: Certificate) -> Iterator[str]:
    """That cert-manager asks again by itself, but later than anybody looks whether it has helped:
    so a deletion could not be seen to help, and would count as one that did not.
    """
    until = asks_again(certificate)
    if until is None or until <= moved(around.now, DEADLINE + LATE):
        return
    name, namespace = certificate.metadata.name, certificate.metadata.namespace
    yield (
        f"cert-manager waits by itself until {to_the_second(until)} before it asks again, whatever "
        "is deleted: that is later than recovery is looked for. To have it ask at once: "
        f"cmctl renew {shlex.quote(name)} -n {shlex.quote(namespace)}"
    )


def made_since(
    around: Snapshot, certificate: Certificate, request: CertificateRequest
) -> CertificateRequest | None:
    """The newest request of that Certificate, if it is another and younger one."""
    others = (
        each
        for each in around.owned_by(CertificateRequest, certificate)
        if each.metadata.uid != request.metadata.uid and each.born >= request.born
    )
    return max(others, key=lambda each: (each.born, each.metadata.name), default=None)


def reissued(seen: Sight, removed: type[Object], request: CertificateRequest | None) -> Recovery:
    """How it goes with the certificate that was asked for by that request, or by its successor, now
    that the request or its order was removed.
    """
    if seen.target(removed) is not None:
        return Recovery(state=State.WAITING, says="it is still there")
    after = seen.around
    certificate = certificate_of(after, request) if request is not None else None
    if request is None or certificate is None:
        return Recovery(state=State.ILL, says="the Certificate that it was for is gone")
    there = after.find(CertificateRequest, request.metadata.namespace, request.metadata.name)
    same = there if there is not None and there.metadata.uid == request.metadata.uid else None
    newest = made_since(after, certificate, request) or same
    if newest is None:
        return Recovery(state=State.WAITING, says="cert-manager has made no new request yet")
    said, ended = newest.condition("Ready"), newest.ended
    if ended is not None:
        return Recovery(state=State.ILL, says=f"the next attempt ended as well: {ended.reason}")
    if said is not None and said.status == "True":
        return Recovery(state=State.WELL, says="the certificate was issued")
    return Recovery(state=State.WAITING, says="the next attempt is under way")


def _of_the_manager(around: Snapshot) -> Iterator[str]:
    parts = [*_parts(around)]
    if not parts:
        yield "cert-manager is not seen to run: no Deployment carries its labels"
    for each in parts:
        name = f"{each.metadata.namespace}/{each.metadata.name}"
        if each.spec.replicas == 0:
            yield f"cert-manager does not run: {name} is scaled to zero"
        elif each.status.available_replicas < 1:
            yield f"cert-manager is ill: no pod of {name} is available"


def _parts(around: Snapshot) -> Iterator[Deployment]:
    """Its controllers, and the webhook of each, without which no new request is taken."""
    controllers = [
        each
        for each in around.all(Deployment)
        if each.metadata.labels.get(_NAME) == "cert-manager"
        and each.metadata.labels.get(_COMPONENT, "controller") == "controller"
    ]
    yield from controllers
    homes = {(e.metadata.namespace, e.metadata.labels.get(_INSTANCE)) for e in controllers}
    for each in around.all(Deployment):
        labels = each.metadata.labels
        here = (each.metadata.namespace, labels.get(_INSTANCE))
        if labels.get(_NAME) == "webhook" and here in homes:
            yield each


def _of_the_issuer(around: Snapshot, certificate: Certificate) -> Iterator[str]:
    ref = certificate.spec.issuer_ref
    if ref.group not in _GROUPS:
        return  # somebody else's, of whom we know nothing
    issuer: Issuer | ClusterIssuer | None
    if ref.kind == ClusterIssuer.api.kind:
        issuer = around.find(ClusterIssuer, "", ref.name)
    else:
        issuer = around.find(Issuer, certificate.metadata.namespace, ref.name)
    if issuer is None:
        yield f"its issuer {ref.name} is not there"
        return
    ready = issuer.condition("Ready")
    if ready is None or ready.status != "True":
        yield f"its issuer {ref.name} is not ready: {ready.reason if ready else 'nothing said'}"
