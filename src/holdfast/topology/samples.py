"""One pod of each workload: what holds of how it is made is told once, not for every replica."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from holdfast.model.kinds import Pod
from holdfast.model.kinds.pods import Container
from holdfast.model.namespaces import CONTROL_PLANE
from holdfast.model.objects import Object
from holdfast.model.snapshot import Snapshot
from holdfast.topology.workloads import OWNERS, root_of

READ: tuple[type[Object], ...] = (Pod, *OWNERS)
"""What a rule must declare that asks for samples; all read the same, so that they are made once."""

GRACE = timedelta(minutes=5)
"""What is tried out by hand is gone again within this."""


def samples(cluster: Snapshot) -> Sequence[tuple[Object, Pod]]:
    """Each workload with its newest pod that is not over, less those of the control plane."""
    return tuple(cluster.once(_samples).values())


def containers(pod: Pod) -> Sequence[Container]:
    """All of its containers, init containers and sidecars first."""
    return (*pod.spec.init_containers, *pod.spec.containers)


def _samples(cluster: Snapshot) -> Mapping[str, tuple[Object, Pod]]:
    newest: dict[str, Pod] = {}
    for pod in cluster.all(Pod):
        if pod.over or pod.metadata.namespace in CONTROL_PLANE:
            continue
        owner = pod.controller
        key = owner.uid if owner is not None and owner.uid else pod.metadata.uid
        before = newest.get(key)
        if before is None or (before.born <= pod.born and _age(before) < _age(pod)):
            newest[key] = pod
    found: dict[str, tuple[Object, Pod]] = {}
    for pod in sorted(newest.values(), key=_age):
        root = root_of(cluster, pod)
        found[root.metadata.uid] = (root, pod)
    return found


def _age(pod: Pod) -> tuple[datetime, str, str]:
    return (pod.born, pod.metadata.namespace, pod.metadata.name)
