"""A PostgreSQL cluster cannot archive its log: it cannot be restored, and its disk fills up."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import PostgresCluster
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import current


@fact(
    code="HF-OPR-006",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # object stores have short troubles, and each segment is retried
    reads=(PostgresCluster,),
    next_step="See whether its object store and credentials work: "
    "kubectl describe clusters.postgresql.cnpg.io {name} -n {namespace}",
)
def postgres_archiving_failing(cluster: Snapshot) -> Iterator[Found]:
    """A CloudNativePG Cluster has ContinuousArchiving=False. Clusters without archiving have no
    such condition; hibernated ones are left alone.
    """
    for each in cluster.all(PostgresCluster):
        said = current(each, "ContinuousArchiving")
        if said is None or said.status != "False" or each.leaving or each.held:
            continue  # healthy
        since = said.last_transition_time or each.asked_since
        yield Found(
            about=each.ref,
            since=since,
            says=f"its log has not been archived for {cluster.elapsed(since)}",
            seen={"reason": said.reason, "message": said.message},
        )
