"""A volume is to grow, and does not."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from holdfast.model.kinds import Claim
from holdfast.model.quantities import worth
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

WORDS: Mapping[str, str] = {
    "ControllerResizeError": "its storage refuses to make it bigger",
    "NodeResizeError": "its node cannot make it bigger",
    "Resizing": "its storage has been at it",
}
"""Conditions of a claim that grows, the worst first. Waiting for a pod is another fact."""


@fact(
    code="HF-STO-005",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # storage that grows does so in seconds, some clouds in minutes
    reads=(Claim,),
    next_step="Read what the resizer says: kubectl describe pvc {name} -n {namespace}",
    spreads=False,
)
def claim_resize_stuck(cluster: Snapshot) -> Iterator[Found]:
    """A bound claim is being resized (Resizing) or failed to be (ControllerResizeError,
    NodeResizeError), or it asks for more than it has and nobody has begun: no resizer serves its
    driver.
    """
    for claim in cluster.all(Claim):
        if claim.status.phase != "Bound" or claim.leaving:
            continue
        stuck = _stuck(claim)
        if stuck is None:
            continue  # healthy: it has what it asks for, or waits for a pod alone
        says, since, message = stuck
        asked, has = (q.get("storage", "?") for q in _sizes(claim))
        seen = {"spec.resources.requests.storage": str(asked), "status.capacity.storage": str(has)}
        if message:
            seen["message"] = message
        yield Found(
            about=claim.ref, since=since, says=f"{has} is to become {asked}: {says}", seen=seen
        )


def _stuck(claim: Claim) -> tuple[str, datetime, str] | None:
    for type_, says in WORDS.items():
        for c in claim.status.conditions:
            if c.type == type_ and c.status == "True":
                return says, c.last_transition_time or claim.asked_since, c.message
    if claim.status.conditions:
        return None
    asked, has = (worth(q.get("storage")) for q in _sizes(claim))
    if asked is None or has is None or asked <= has:
        return None
    written = claim.metadata.spec_written
    if written is None:
        return None  # nobody says when it was asked for, and it may have been just now
    return "nobody has begun", written, ""


def _sizes(claim: Claim) -> tuple[Mapping[str, str | int | float], ...]:
    return claim.spec.resources.requests, claim.status.capacity
