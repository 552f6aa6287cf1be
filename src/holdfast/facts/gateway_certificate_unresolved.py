"""A listener of a gateway cannot use its certificate: TLS does not work there."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Gateway
from holdfast.model.objects import condition
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

REASONS = frozenset({"InvalidCertificateRef", "RefNotPermitted"})


@fact(
    code="HF-NET-025",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # issuing a certificate takes one to three
    reads=(Gateway,),
    next_step="See that the Secret of listener {part} exists and holds a certificate and, if it "
    "is in another namespace, that a ReferenceGrant there allows it: "
    "kubectl describe gateway {name} -n {namespace}",
    explains=("HF-NET-026",),
)
def gateway_certificate_unresolved(cluster: Snapshot) -> Iterator[Found]:
    """A listener of a Gateway has ResolvedRefs=False because of its certificate: the Secret is
    missing, holds none, or may not be referred to from there.
    """
    for gateway in cluster.all(Gateway):
        if gateway.leaving:
            continue
        for listener in gateway.status.listeners:
            resolved = condition(listener.conditions, "ResolvedRefs")
            if resolved is None or resolved.status != "False" or resolved.reason not in REASONS:
                continue  # healthy, or about kinds of routes
            if not resolved.speaks_of(gateway.metadata.generation):
                continue  # about an older version of it
            yield Found(
                about=gateway.ref,
                part=listener.name,
                since=max(gateway.born, resolved.last_transition_time or gateway.born),
                says=f"listener {listener.name} has no certificate: {resolved.reason}",
                seen={"reason": resolved.reason, "message": resolved.message},
            )
