"""A certificate is about to expire, and nothing renews it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import Certificate
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import in_words, moved, stamp
from holdfast.topology.certificates import issuing

SOON = timedelta(days=14)
AT_LAST = timedelta(days=1)  # before this, somebody has to act; of a short life, a tenth
ATTEMPT = timedelta(hours=1)  # an attempt that takes longer leads nowhere


@fact(
    code="HF-CFG-014",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a renewal that is due begins within seconds
    reads=(Certificate,),
    next_step="See what became of its renewal, and begin one by hand (cmctl renew): "
    "kubectl describe certificate {name} -n {namespace}",
    follows=(Relation.OWNS,),
)
def certificate_expiring(cluster: Snapshot) -> Iterator[Found]:
    """A Certificate expires within 14 days, its time of renewal has passed, and no renewal that
    began within the last hour is under way. Critical when a day is left, or a tenth of its life.
    One whose time of renewal is still to come is healthy, however short its life.
    """
    for certificate in cluster.all(Certificate):
        status = certificate.status
        ends, due = status.not_after, status.renewal_time
        if ends is None or certificate.leaving or certificate.expired(cluster.now):
            continue  # never issued, or expired: facts of their own
        left = ends - cluster.now
        since = max(moved(ends, -SOON), due or certificate.born)
        if left > SOON or since > cluster.now or _under_way(certificate, cluster.now):
            continue  # healthy: its time has not come, or it is being renewed
        attempt = issuing(certificate)
        failed = attempt is not None and attempt.status == "False"
        seen = {
            "not after": stamp(ends),
            "renewal": stamp(due) if due else "",
            "attempt": attempt.message if attempt else "",
            "failed attempts": str(status.failed_issuance_attempts or ""),
        }
        yield Found(
            about=certificate.ref,
            since=since,
            says=f"expires in {in_words(left)}, and "
            + ("its renewal failed" if failed else "nothing renews it"),
            seen={key: value for key, value in seen.items() if value},
            severity=Severity.CRITICAL if left <= _last(certificate) else None,
        )


def _under_way(certificate: Certificate, now: datetime) -> bool:
    attempt = issuing(certificate)
    if attempt is None or attempt.status != "True":
        return False
    began = attempt.last_transition_time
    return began is not None and now - began < ATTEMPT


def _last(certificate: Certificate) -> timedelta:
    begins, ends = certificate.status.not_before, certificate.status.not_after
    if begins is None or ends is None:
        return AT_LAST
    return min(AT_LAST, (ends - begins) / 10)
