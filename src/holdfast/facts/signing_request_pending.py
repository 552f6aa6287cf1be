"""Somebody asks for a certificate, and nobody has approved or denied it."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import SigningRequest
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-CTL-010",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # what is approved by itself is so in seconds
    reads=(SigningRequest,),
    next_step="Check who asks for what, then: kubectl certificate approve {name}",
)
def signing_request_pending(cluster: Snapshot) -> Iterator[Found]:
    """A CertificateSigningRequest has neither been approved nor denied. Who asks again and again
    (a kubelet does, every few minutes) is told once, by the oldest request.
    """
    asked: dict[tuple[str, str], list[SigningRequest]] = {}
    for each in cluster.all(SigningRequest):
        if each.status.conditions or each.status.certificate or each.leaving:
            continue  # healthy: decided
        asked.setdefault((each.spec.signer_name, each.spec.username), []).append(each)
    for (signer, who), several in asked.items():
        oldest = min(several, key=lambda each: (each.born, each.metadata.name))
        more = f", and {len(several) - 1} more times since" if len(several) > 1 else ""
        yield Found(
            about=oldest.ref,
            since=oldest.born,
            says=f"{who} waits for a certificate of {signer}{more}",
            seen={"spec.signerName": signer, "spec.username": who, "requests": str(len(several))},
        )
