"""A volume of files that are not there: a ConfigMap, a Secret, or a key of one."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import ConfigMap, Event, Pod, Secret
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.missing import missing_object, nearly, of_volume
from holdfast.topology.volumes import volume_events


@fact(
    code="HF-WRK-031",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # what is applied together arrives in any order
    reads=(Pod, Event),
    hints=(ConfigMap, Secret),  # for a name that is nearly the missing one
    next_step="Create what is missing, or correct the reference to it: "
    "kubectl describe pod {name} -n {namespace}",
)
def volume_source_missing(cluster: Snapshot) -> Iterator[Found]:
    """A pod whose volumes are not there yet has the event FailedMount, in which the kubelet names
    the ConfigMap, Secret or key that it misses. Where such objects were seen, a name that is
    nearly that is shown. Volumes on disks are facts of storage.
    """
    for trouble in volume_events(cluster, "FailedMount"):
        missing = missing_object(trouble.message)
        if missing is None:
            continue  # another trouble than a missing object
        volume = next((v for v in trouble.pod.spec.volumes if v.name == trouble.volume), None)
        missing = of_volume(missing, volume)
        near = nearly(cluster, trouble.pod.metadata.namespace, missing)
        hint = f"; there is {near}" if near else ""
        yield Found(
            about=trouble.pod.ref,
            part=trouble.volume,
            through=missing.ref(trouble.pod.metadata.namespace),
            since=trouble.since,
            says=f"volume {trouble.volume}: {missing} does not exist{hint}",
            seen={"event": trouble.message, **({"nearly": near} if near else {})},
        )
