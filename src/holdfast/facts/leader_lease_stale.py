"""A part of the control plane has no leader: nothing is scheduled, or nothing is reconciled."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import Lease, Pod
from holdfast.model.objects import LONG_AGO
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

SYSTEM = "kube-system"
SCHEDULER = "kube-scheduler"
CONTROLLERS = "kube-controller-manager"


@fact(
    code="HF-CTL-011",
    channel=Channel.INCIDENT,
    severity=Severity.CRITICAL,
    grace=timedelta(minutes=1),  # another one takes over within half a minute
    reads=(Lease, Pod),
    next_step="See why no one takes it: kubectl get lease {name} -n {namespace} -o yaml; "
    "kubectl get pods -n {namespace}",
)
def leader_lease_stale(cluster: Snapshot) -> Iterator[Found]:
    """The lease of kube-scheduler or kube-controller-manager has run out, counted from then. If
    pods were scheduled, or made by a controller, after that, the work is done under another
    lease and this one is a leftover. Where a provider hides its leases there is nothing to tell.
    """
    for name, last_worked in ((SCHEDULER, _last_scheduled), (CONTROLLERS, _last_made)):
        lease = cluster.find(Lease, SYSTEM, name)
        if lease is None or lease.spec.renew_time is None:
            continue
        renewed, ran_out = lease.spec.renew_time, lease.runs_out
        if ran_out is None or ran_out >= cluster.now or last_worked(cluster) > ran_out:
            continue  # healthy: it is held, or a leftover
        yield Found(
            about=lease.ref,
            since=ran_out,
            says=f"{name} has not renewed its lease for {cluster.elapsed(renewed)}",
            seen={
                "spec.holderIdentity": lease.spec.holder_identity or "nobody",
                "spec.renewTime": renewed.isoformat(),
            },
        )


def _last_scheduled(cluster: Snapshot) -> datetime:
    """When a pod was last scheduled by the default scheduler."""
    return max(
        (
            scheduled.last_transition_time
            for pod in cluster.all(Pod)
            if pod.spec.scheduler_name == "default-scheduler"
            and (scheduled := pod.condition("PodScheduled")) is not None
            and scheduled.status == "True"
            and scheduled.last_transition_time is not None
        ),
        default=LONG_AGO,
    )


def _last_made(cluster: Snapshot) -> datetime:
    """When a controller of the apps or batch group last made a pod."""
    return max(
        (
            pod.born
            for pod in cluster.all(Pod)
            if (owner := pod.controller) is not None
            and owner.api_version.startswith(("apps/", "batch/"))
        ),
        default=LONG_AGO,
    )
