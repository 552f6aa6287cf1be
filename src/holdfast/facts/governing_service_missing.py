"""A StatefulSet whose governing service does not exist: its members have no names."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Service, StatefulSet
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-061",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # what is applied together may come in any order
    reads=(StatefulSet, Service),
    next_step="Create the headless service that spec.serviceName names, or correct the name: "
    "kubectl create service clusterip {part} --clusterip=None -n {namespace}",
)
def governing_service_missing(cluster: Snapshot) -> Iterator[Found]:
    """The service that a StatefulSet names does not exist, so that no member can be reached by
    its own name. A set that names none wants none. Only information while there is one member,
    who needs no peer.
    """
    services = cluster.capture(Service)
    if not services.whole:
        return
    for owner in cluster.all(StatefulSet):
        name, namespace = owner.spec.service_name, owner.metadata.namespace
        if not name or owner.spec.replicas == 0:
            continue  # healthy: wants none
        if owner.metadata.deletion_timestamp is not None or not services.covers(namespace):
            continue
        if cluster.find(Service, namespace, name) is not None:
            continue
        yield Found(
            about=owner.ref,
            part=name,
            since=owner.metadata.spec_written or owner.born,
            says=f"its governing service {name} does not exist: members have no names",
            seen={"spec.serviceName": name, "spec.replicas": str(owner.spec.replicas)},
            severity=Severity.INFO if owner.spec.replicas == 1 else None,
        )
