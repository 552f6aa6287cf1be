"""What an operator looks after is not well, in the operator's own words."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Alertmanager, Event, Kafka, NodePool, Prometheus, Provider
from holdfast.model.kinds.custom import Custom
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import all_unwell

KNOWN: tuple[type[Alertmanager | Kafka | NodePool | Prometheus | Provider], ...] = (
    Alertmanager,
    Kafka,
    NodePool,
    Prometheus,
    Provider,
)


@fact(
    code="HF-OPR-001",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # what an operator restarts one by one is back within this
    reads=(*KNOWN, Event),
    reads_named=True,
    next_step="Read what its operator says: kubectl describe KIND {name} -n {namespace}",
    follows=(Relation.OWNS,),
)
def custom_resource_unwell(cluster: Snapshot) -> Iterator[Found]:
    """An Alertmanager or Prometheus of the Prometheus operator, a Kafka of Strimzi, a NodePool of
    Karpenter or a Provider of Crossplane is Stalled, or not Ready, Available or Healthy, said of it
    as it stands. Those that are paused are left alone. Kinds with facts of their own are not here;
    other custom kinds are read when they are named with --kind, by their conditions alone.
    """
    for told in all_unwell(cluster, (*KNOWN, *cluster.family(Custom))):
        yield told.found(look="Read what its operator says")
