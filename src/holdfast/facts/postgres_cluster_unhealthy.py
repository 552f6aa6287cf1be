"""A cluster of PostgreSQL servers under CloudNativePG is not healthy."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import Pod, PostgresCluster
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import current

HEALTHY = "Cluster in healthy state"
AT_WORK = frozenset(
    {
        "Applying configuration",
        "Cluster upgrade delayed",
        "Creating a new replica",
        "Online upgrade in progress",
        "Primary instance is being restarted in-place",
        "Primary instance is being restarted without a switchover",
        "Promoting to primary cluster",
        "Setting up primary",
        "Upgrading cluster",
    }
)
"""What takes as long as there is data to copy, one instance after the other."""

MAJOR = "Upgrading Postgres major version"
"""Planned, and every instance is down for it: a failure is told by its Job."""

LOST = frozenset(
    {
        "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
        "Cluster has incomplete or invalid image catalog",
        "Cluster is unrecoverable and needs manual intervention",
        "Failing over",
        "Not enough disk space",
        "Unable to create required cluster objects",
    }
)
"""What does not pass by itself, or leaves the cluster without a primary."""


@fact(
    code="HF-OPR-002",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a switchover or a failover that works takes a minute or two
    reads=(PostgresCluster, Pod),
    next_step="Read what its operator says: "
    "kubectl describe clusters.postgresql.cnpg.io {name} -n {namespace}",
    follows=(Relation.OWNS,),
)
def postgres_cluster_unhealthy(cluster: Snapshot) -> Iterator[Found]:
    """The phase of a CloudNativePG Cluster is not the healthy one. Upgrades and copies are left
    alone while an instance is ready; an upgrade to a major version, for which all are down, is for
    information. A switchover counts from when its target was named, waiting for instances from
    when the last of them was made, all else from when the cluster was ready.
    """
    for each in cluster.all(PostgresCluster):
        status = each.status
        if each.leaving or each.held or status.phase in ("", HEALTHY):
            continue  # healthy, hibernated, or nobody has looked yet
        major = status.phase == MAJOR
        down = status.ready_instances == 0 and bool(status.current_primary) and not major
        if status.phase in AT_WORK and not down:
            continue  # healthy: planned work
        meant = major or (status.phase == "Waiting for user action" and not down)
        since = _since(cluster, each)
        yield Found(
            about=each.ref,
            since=since,
            says=f"{status.phase}: {status.ready_instances} of {status.instances} instances "
            f"ready, for {cluster.elapsed(since)}",
            seen={
                "status.phase": status.phase,
                "status.phaseReason": status.phase_reason,
                "status.currentPrimary": status.current_primary,
                "status.targetPrimary": status.target_primary,
            },
            severity=Severity.CRITICAL
            if down or status.phase in LOST
            else (Severity.INFO if meant else None),
        )


def _since(cluster: Snapshot, each: PostgresCluster) -> datetime:
    status = each.status
    if status.phase in ("Switchover in progress", "Failing over"):
        moved = (status.current_primary_failing_since_timestamp, status.target_primary_timestamp)
        told = [moment for moment in moved if moment is not None]
        if told:
            return max(each.born, min(told) if status.phase == "Failing over" else told[-1])
    ready = current(each, "Ready")
    since = ready.last_transition_time if ready is not None and ready.status != "True" else None
    pods = [pod.born for pod in cluster.owned_by(Pod, each)]
    if status.phase in LOST or not pods:
        return since or each.asked_since
    # It is not ready for as long as a rolling change takes; what waits is the newest instance.
    return max(*pods, since or each.asked_since)
