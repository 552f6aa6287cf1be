"""What an autoscaler or a ScaledObject scales, and whether it exists."""

from collections.abc import Mapping
from enum import Enum

from holdfast.model.kinds import (
    Autoscaler,
    Deployment,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
)
from holdfast.model.objects import Object
from holdfast.model.snapshot import Snapshot

SCALED: tuple[type[Object], ...] = (Deployment, StatefulSet, ReplicaSet, ReplicationController)

READ: tuple[type[Object], ...] = (Autoscaler, *SCALED)
"""What a rule must declare that asks for targets."""

_KINDS: Mapping[tuple[str, str], type[Object]] = {
    (kind.api.group, kind.api.kind): kind for kind in SCALED
}


class Target(Enum):
    """Whether the target is there."""

    THERE = "there"
    MISSING = "missing"
    UNKNOWN = "unknown"  # of a kind that we do not read, or did not see whole


def seen_as(cluster: Snapshot, namespace: str, kind: str, group: str, name: str) -> Target:
    """Whether a workload of that kind and name exists, by what was seen."""
    known = _KINDS.get((group, kind))
    if known is None:
        return Target.UNKNOWN
    if cluster.find(known, namespace, name) is not None:
        return Target.THERE
    whole = cluster.sees(known) and cluster.capture(known).covers(namespace)
    return Target.MISSING if whole else Target.UNKNOWN


def target_of(cluster: Snapshot, autoscaler: Autoscaler) -> Target:
    """Whether what it scales exists, by what was seen or by the API server's own word."""
    named, namespace = autoscaler.spec.scale_target_ref, autoscaler.metadata.namespace
    group = named.api_version.rpartition("/")[0]
    seen = seen_as(cluster, namespace, named.kind, group, named.name)
    if seen is not Target.UNKNOWN:
        return seen
    able = autoscaler.condition("AbleToScale")
    if able is not None and able.status == "False" and able.reason == "FailedGetScale":
        opening = "the HPA controller was unable to get the target's current scale: "
        if able.message.startswith(opening) and able.message.endswith(f' "{named.name}" not found'):
            return Target.MISSING
    return Target.UNKNOWN
