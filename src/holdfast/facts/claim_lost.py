"""A volume claim has lost its volume: what was on it is out of reach."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.events import events_about
from holdfast.model.kinds import Claim, Event
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.workloads import SHORT

TOLD = frozenset({"ClaimLost", "ClaimMisbound"})


@fact(
    code="HF-STO-004",
    channel=Channel.INCIDENT,
    severity=Severity.CRITICAL,
    grace=timedelta(seconds=30),  # a volume that is restored under its old name is taken at once
    reads=(Claim, Event),
    next_step="Do not delete the claim before you know where the data is; find the volume it had: "
    "kubectl get pvc {name} -n {namespace} -o jsonpath='{{.spec.volumeName}}'",
    explains=("HF-WRK-001", *SHORT, "HF-DLV-002"),
)
def claim_lost(cluster: Snapshot) -> Iterator[Found]:
    """A claim is in phase Lost: its volume was deleted, or is bound to another claim."""
    for claim in cluster.all(Claim):
        if claim.status.phase != "Lost" or claim.leaving:
            continue
        said = next((e for e in events_about(cluster, claim) if e.reason in TOLD), None)
        volume = claim.spec.volume_name
        seen = {"status.phase": claim.status.phase, "spec.volumeName": volume}
        if said is not None:
            seen["event"] = said.message
        yield Found(
            about=claim.ref,
            since=_since(claim, said),
            says=f"its volume {volume} is gone",
            seen=seen,
        )


def _since(claim: Claim, said: Event | None) -> datetime:
    """The event lasts an hour; the last write of the claim's status lasts as long as the claim."""
    if said is not None:
        return said.first_seen
    return claim.metadata.status_written or claim.born
