"""A certificate was approved, and its signer does not issue it."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import SigningRequest
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-CTL-013",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a signer that works issues in seconds
    reads=(SigningRequest,),
    next_step="See whether its signer runs (the controller manager for kubernetes.io signers): "
    "kubectl describe csr {name}",
)
def signing_request_unissued(cluster: Snapshot) -> Iterator[Found]:
    """A CertificateSigningRequest is approved, has not failed, and holds no certificate. Counted
    from the approval.
    """
    for each in cluster.all(SigningRequest):
        decided = {c.type: c for c in each.status.conditions}
        approved = decided.get("Approved")
        if approved is None or each.status.certificate or each.leaving:
            continue  # healthy: issued, or not decided
        if "Failed" in decided or "Denied" in decided:
            continue  # its signer has answered
        yield Found(
            about=each.ref,
            since=approved.last_update_time or approved.last_transition_time or each.born,
            says=f"approved, and {each.spec.signer_name} has issued nothing",
            seen={"spec.signerName": each.spec.signer_name, "spec.username": each.spec.username},
        )
