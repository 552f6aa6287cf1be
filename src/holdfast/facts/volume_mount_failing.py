"""A volume cannot be mounted on its node: the pod does not start."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Event, Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.volumes import volume_events


@fact(
    code="HF-STO-011",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # a mount that needs a second or third try has it by then
    reads=(Pod, Event),
    next_step="Read what the kubelet says: kubectl describe pod {name} -n {namespace}",
)
def volume_mount_failing(cluster: Snapshot) -> Iterator[Found]:
    """A pod whose volumes are not there yet has the event FailedMount for a volume of its own
    other than a ConfigMap, Secret or projection: those are missing objects, which are facts of
    their own.
    """
    for trouble in volume_events(cluster, "FailedMount"):
        files = {
            volume.name
            for volume in trouble.pod.spec.volumes
            if volume.config_map or volume.secret or volume.projected
        }
        if trouble.volume in files:
            continue  # not storage: what is missing is an object
        node = trouble.pod.spec.node_name
        yield Found(
            about=trouble.pod.ref,
            part=trouble.volume,
            since=trouble.since,
            says=f"volume {trouble.volume} cannot be mounted on {node}",
            seen={"event": f"{trouble.what}: {trouble.message}", "node": node},
        )
