"""A pod that no scheduler has placed, for a reason of its own: a claim, a device, a scheduler."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from holdfast.model.kinds import Claim
from holdfast.model.names import nearly
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.scheduler_words import Obstacle
from holdfast.topology.scheduling import READS, Stuck, Told, stuck

NEVER_SEEN = (
    "Ask why no scheduler has looked at it; its scheduler must run under the name that "
    "it asks for: kubectl get pod {name} -n {namespace} -o jsonpath='{{.spec.schedulerName}}'"
)
NO_CLAIM = (
    "Make the volume claim that it names, or correct the name: "
    "kubectl get persistentvolumeclaims -n {namespace}"
)
DEVICES = (
    "See whether the claims of devices that it names exist: kubectl get resourceclaims -n "
    "{namespace}; kubectl get pod {name} -n {namespace} -o jsonpath='{{.spec.resourceClaims}}'"
)

_MISSING = re.compile(r'persistentvolumeclaim "([^"]{1,253})" not found')


@fact(
    code="HF-WRK-001",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # the scheduler tries again after 10 s at the most
    reads=READS,
    next_step="Read what the scheduler says: kubectl describe pod {name} -n {namespace}",
)
def pod_unschedulable(cluster: Snapshot) -> Iterator[Found]:
    """A pod has found no node for a reason that has no rule of its own, such as a claim that is
    not bound (then this is its symptom) or does not exist, too many volumes on every node, or
    devices; or no scheduler has spoken of it at all.
    """
    yield from stuck(cluster, partial(_told, cluster), Obstacle.OTHER)


def _told(cluster: Snapshot, each: Stuck) -> Told:
    missing = _MISSING.search(each.message)
    if missing is not None:
        there = cluster.within(Claim, each.pod.metadata.namespace)
        near = nearly(missing[1], sorted(claim.metadata.name for claim in there))
        hint = f"; there is {near[0]}" if near else ""
        says = f"needs the volume claim {missing[1]}, which does not exist{hint}"
        return Told(says=says, next_step=NO_CLAIM)
    if each.message or each.reason:
        return Told(says=_says(each))
    wanted = each.pod.spec.scheduler_name
    claims = ", ".join(claim.named for claim in each.pod.spec.resource_claims if claim.named)
    if claims:  # without one of them, the scheduler keeps silent
        return Told(
            says=f"no scheduler has looked at it; it needs the resource claims {claims}",
            seen={"spec.schedulerName": wanted, "spec.resourceClaims": claims},
            next_step=DEVICES,
        )
    return Told(
        says=f"no scheduler has looked at it; it asks for {wanted}",
        seen={"spec.schedulerName": wanted},
        next_step=NEVER_SEEN,
    )


def _says(each: Stuck) -> str:
    """The scheduler's own reason, without what preemption came to."""
    reason = each.message.partition(". ")[0].rstrip(".")
    return f"cannot be scheduled: {reason or each.reason}"
