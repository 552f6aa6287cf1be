"""What makes pods: one sight of Deployments, StatefulSets, DaemonSets, ReplicaSets and Jobs."""

from collections.abc import Iterable, Iterator, Mapping

from holdfast.model.kinds import (
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    Pod,
    ReplicaSet,
    StatefulSet,
)
from holdfast.model.objects import Object
from holdfast.model.snapshot import Snapshot

TEMPLATED: tuple[type[Deployment | StatefulSet | DaemonSet | ReplicaSet | Job], ...] = (
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    Job,
)
"""Kinds with a template of pods."""

OWNERS: tuple[type[Object], ...] = (Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob)
"""Kinds that may stand above a pod."""

SHORT = ("HF-NET-003", "HF-WRK-010", "HF-WRK-050", "HF-WRK-060", "HF-WRK-065")
"""Codes that say that pods are missing: symptoms of whatever keeps pods from starting."""


def owner_of(
    cluster: Snapshot, of: Object, kinds: Iterable[type[Object]] = OWNERS
) -> Object | None:
    """The object that manages it, by uid, among those kinds."""
    controller = of.controller
    if controller is None:
        return None
    for kind in kinds:
        if kind.api.kind == controller.kind:
            found = cluster.find(kind, of.metadata.namespace, controller.name)
            if found is not None and found.metadata.uid == controller.uid:
                return found
    return None


def root_of(cluster: Snapshot, of: Object, kinds: Iterable[type[Object]] = OWNERS) -> Object:
    """The highest owner that can be seen: the Deployment of a pod, the CronJob of a Job."""
    kinds = tuple(kinds)
    while (above := owner_of(cluster, of, kinds)) is not None:
        of = above
    return of


def selected(cluster: Snapshot, namespace: str, labels: Mapping[str, str]) -> Iterator[Pod]:
    """Pods of a namespace that carry all of those labels; no labels select nothing."""
    if not labels:
        return
    for pod in cluster.within(Pod, namespace):
        if all(pod.metadata.labels.get(key) == value for key, value in labels.items()):
            yield pod
