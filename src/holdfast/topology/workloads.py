"""What makes pods: one sight of Deployments, StatefulSets, DaemonSets, Jobs and the like."""

from collections.abc import Iterable, Iterator, Mapping

from holdfast.model.kinds import (
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    Pod,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
)
from holdfast.model.objects import Object
from holdfast.model.snapshot import Snapshot
from holdfast.topology.labels import Carriers, pods

type Maker = Deployment | StatefulSet | DaemonSet | ReplicaSet | Job | ReplicationController

OF_TODAY: tuple[type[Maker], ...] = (Deployment, StatefulSet, DaemonSet, ReplicaSet, Job)
"""Makers without which nobody can say that no workload makes a pod. A ReplicationController counts
where it is seen; but hardly a cluster has one left, and lists that people save name none.
"""

MAKERS: tuple[type[Maker], ...] = (*OF_TODAY, ReplicationController)
"""Kinds that make pods from a template."""

OWNERS: tuple[type[Object], ...] = (*MAKERS, CronJob)
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
    """The highest owner that can be seen: the Deployment of a pod, the CronJob of a Job.

    Nothing keeps people from writing owners that own each other: the climb ends where it began.
    """
    kinds = tuple(kinds)
    seen = {of.metadata.uid}
    while (above := owner_of(cluster, of, kinds)) is not None and above.metadata.uid not in seen:
        seen.add(above.metadata.uid)
        of = above
    return of


def selected(cluster: Snapshot, namespace: str, labels: Mapping[str, str]) -> Iterator[Pod]:
    """Pods of a namespace that carry all of those labels; no labels select nothing."""
    if labels:
        yield from pods(cluster).carrying(namespace, labels)


def makers_by_labels(cluster: Snapshot) -> Carriers[Maker]:
    """Whatever makes pods, by the labels that its pods are to carry."""
    for kind in MAKERS:
        cluster.capture(kind)  # refused to a rule that does not declare them, as everywhere
    return cluster.narrowed(MAKERS).once(_makers)


def _makers(cluster: Snapshot) -> Carriers[Maker]:
    return Carriers(
        (each.metadata.namespace, each.spec.template.metadata.labels, each)
        for kind in MAKERS
        for each in cluster.all(kind)
    )
