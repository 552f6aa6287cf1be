"""A StatefulSet whose governing service does not exist: its members have no names."""

import json
import shlex
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
    next_step="Create the headless service that spec.serviceName names, to select the set's pods: "
    "kubectl get statefulset {name} -n {namespace} -o yaml",
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
            next_step=_making(owner),
        )


def _making(owner: StatefulSet) -> str | None:
    """How to make that service; None when nothing says which pods are the set's.

    `kubectl create service` would have it select pods by the service's own name.
    """
    template = owner.spec.template
    selector = owner.spec.selector.match_labels or template.metadata.labels
    if not selector:
        return None
    ports = {(p.container_port, p.protocol): p for c in template.spec.containers for p in c.ports}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": owner.spec.service_name, "namespace": owner.metadata.namespace},
        "spec": {
            "clusterIP": "None",
            "selector": selector,
            "ports": [
                {
                    "name": port.name or f"{port.protocol.lower()}-{number}",
                    "port": number,
                    "protocol": port.protocol,
                }
                for (number, _), port in ports.items()
            ],
        },
    }
    written = shlex.quote(json.dumps(service, separators=(",", ":")))
    command = f"echo {written} | kubectl apply -f -".replace("{", "{{").replace("}", "}}")
    return f"Create the service that spec.serviceName names, or correct the name: {command}"
