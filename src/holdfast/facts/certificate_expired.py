"""A certificate has expired: whoever asks is refused by every client that looks."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Certificate
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import stamp
from holdfast.topology.certificates import issuing


@fact(
    code="HF-CFG-015",
    channel=Channel.INCIDENT,
    severity=Severity.CRITICAL,
    grace=timedelta(minutes=1),  # clocks differ
    reads=(Certificate,),
    next_step="See what became of its renewal, and begin one by hand (cmctl renew): "
    "kubectl describe certificate {name} -n {namespace}",
    follows=(Relation.OWNS,),
)
def certificate_expired(cluster: Snapshot) -> Iterator[Found]:
    """What a Certificate issued last is no longer valid, by the end that cert-manager noted."""
    for certificate in cluster.all(Certificate):
        ends = certificate.status.not_after
        if ends is None or certificate.leaving or not certificate.expired(cluster.now):
            continue
        attempt = issuing(certificate)
        yield Found(
            about=certificate.ref,
            since=ends,
            says=f"expired {cluster.elapsed(ends)} ago",
            seen={
                "not after": stamp(ends),
                "secret": certificate.spec.secret_name,
                **({"attempt": attempt.message} if attempt else {}),
            },
        )
