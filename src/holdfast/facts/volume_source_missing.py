"""A volume of files that are not there: a ConfigMap, a Secret, or a key of one."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import ConfigMap, Event, Pod, Secret
from holdfast.model.kinds.pods import Volume
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.missing import Missing, missing_object, nearly
from holdfast.topology.volumes import volume_events


@fact(
    code="HF-WRK-031",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # what is applied together arrives in any order
    reads=(Pod, Event, ConfigMap, Secret),
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
        missing = _named(missing, volume)
        near = nearly(cluster, trouble.pod, missing)
        hint = f"; there is {near}" if near else ""
        yield Found(
            about=trouble.pod.ref,
            part=trouble.volume,
            since=trouble.since,
            says=f"volume {trouble.volume}: {missing} does not exist{hint}",
            seen={"event": trouble.message, **({"nearly": near} if near else {})},
        )


def _named(missing: Missing, volume: Volume | None) -> Missing:
    """The kubelet names a key that is missing, and its volume names the object."""
    if missing.name or volume is None:
        return missing
    if missing.kind is ConfigMap and volume.config_map is not None:
        return Missing(kind=ConfigMap, name=volume.config_map.name, key=missing.key)
    if missing.kind is Secret and volume.secret is not None:
        return Missing(kind=Secret, name=volume.secret.secret_name, key=missing.key)
    for piece in volume.projected.sources if volume.projected else ():
        source = piece.config_map if missing.kind is ConfigMap else piece.secret
        if source is not None and any(item.key == missing.key for item in source.items):
            return Missing(kind=missing.kind, name=source.name, key=missing.key)
    return missing
