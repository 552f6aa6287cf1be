"""A pod that no scheduler has placed, for a reason of its own: a claim, a device, a scheduler."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.scheduler_words import Obstacle
from holdfast.topology.scheduling import READS, Stuck, Told, stuck

NEVER_SEEN = (
    "Ask why no scheduler has looked at it; its scheduler must run under the name that "
    "it asks for: kubectl get pod {name} -n {namespace} -o jsonpath='{{.spec.schedulerName}}'"
)


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
    not bound (then this is its symptom), too many volumes on every node, or devices; or no
    scheduler has spoken of it at all.
    """
    yield from stuck(cluster, _told, Obstacle.OTHER)


def _told(each: Stuck) -> Told:
    if each.message or each.reason:
        return Told(says=_says(each))
    wanted = each.pod.spec.scheduler_name
    return Told(
        says=f"no scheduler has looked at it; it asks for {wanted}",
        seen={"spec.schedulerName": wanted},
        next_step=NEVER_SEEN,
    )


def _says(each: Stuck) -> str:
    """The scheduler's own reason, without what preemption came to."""
    reason = each.message.partition(". ")[0].rstrip(".")
    return f"cannot be scheduled: {reason or each.reason}"
