"""A ConfigMap changed after containers read it: they run with what it said before."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import ConfigMap, Pod
from holdfast.model.objects import Object
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.references import Reference, of_container
from holdfast.topology.workloads import OWNERS, root_of

type Asked = dict[int, list[Reference]]
"""What a container takes from ConfigMaps, by its identity: siblings mostly share the very same."""


@fact(
    code="HF-CFG-002",
    channel=Channel.CONTEXT,
    severity=Severity.INFO,
    grace=timedelta(0),  # evidence from the first second on
    reads=(Pod, ConfigMap, *OWNERS),
    next_step="If they are to read it again, start its pods anew; first see what it says now: "
    "kubectl get configmap {part} -n {namespace} -o yaml",
)
def stale_config(cluster: Snapshot) -> Iterator[Found]:
    """A container that runs took variables from a ConfigMap (or a key of one) that somebody has
    written since it started. Told by the times of the fields' managers: one who changed a label
    and owns data as well is not told apart. Files of a volume follow their ConfigMap by
    themselves, and are not meant.
    """
    stale: dict[tuple[str, str], list[tuple[Pod, Object, datetime, str]]] = {}
    asked: Asked = {}
    for pod in cluster.all(Pod):
        if pod.over:
            continue
        for name, wrote in _written_since(cluster, pod, asked).items():
            root = root_of(cluster, pod)
            stale.setdefault((root.metadata.uid, name), []).append((pod, root, *wrote))
    for (_, name), pods in stale.items():
        pod, root, since, who = min(pods, key=lambda each: (each[2], each[0].metadata.name))
        some = "1 pod runs" if len(pods) == 1 else f"{len(pods)} pods run"
        yield Found(
            about=root.ref,
            part=name,
            since=since,
            says=f"{some} with ConfigMap {name} as it was before {who} wrote it "
            f"{cluster.elapsed(since)} ago",
            seen={"config map": name, "manager": who, "pod": pod.metadata.name},
        )


def _written_since(cluster: Snapshot, pod: Pod, asked: Asked) -> dict[str, tuple[datetime, str]]:
    """ConfigMaps that were written after a container of the pod read them: when, and by whom."""
    wrote: dict[str, tuple[datetime, str]] = {}
    for container in (*pod.spec.init_containers, *pod.spec.containers):
        if id(container) not in asked:
            asked[id(container)] = [r for r in of_container(container) if r.kind is ConfigMap]
        wanted = asked[id(container)]
        if not wanted:
            continue  # healthy: it reads none
        started = _started(pod, container.name)
        if started is None:
            continue  # healthy: it reads them when it starts
        for reference in wanted:
            there = cluster.find(ConfigMap, pod.metadata.namespace, reference.name)
            last = _last_written(there, reference.key) if there is not None else None
            if last is not None and last[0] > started:
                wrote[reference.name] = max(last, wrote.get(reference.name, last))
    return wrote


def _started(pod: Pod, container: str) -> datetime | None:
    for status in pod.statuses:
        if status.name == container:
            return status.state.running.started_at if status.state.running else None
    return None


def _last_written(config: ConfigMap, key: str) -> tuple[datetime, str] | None:
    """When data of it was last written, and by whom; a key's own, if one is named."""
    return max(
        (
            (fields.time, fields.manager)
            for fields in config.metadata.managed_fields
            if fields.time is not None
            and (f"f:{key}" in fields.fields_v1.data if key else fields.fields_v1.data)
        ),
        default=None,
    )
