"""KEDA is to scale a workload that does not exist."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import ScaledObject
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.scaled import SCALED, Target, seen_as


@fact(
    code="HF-OPR-008",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # what is applied together may come in any order
    reads=(ScaledObject, *SCALED),
    next_step="Point it at a workload that exists, or delete it: "
    "kubectl describe scaledobject {name} -n {namespace}",
    explains=("HF-OPR-005",),
)
def scaled_object_without_target(cluster: Snapshot) -> Iterator[Found]:
    """The Deployment, StatefulSet, ReplicaSet or ReplicationController that a ScaledObject names
    does not exist, whether KEDA has said so or runs at all. Paused ones are left alone, and so are
    targets of other kinds, of which KEDA itself says when they are missing.
    """
    for scaled in cluster.all(ScaledObject):
        if scaled.leaving or scaled.held:
            continue
        named, here = scaled.spec.scale_target_ref, scaled.metadata.namespace
        group = named.api_version.rpartition("/")[0]
        if seen_as(cluster, here, named.kind, group, named.name) is not Target.MISSING:
            continue  # healthy: it is there, as far as we can tell
        yield Found(
            about=scaled.ref,
            since=scaled.asked_since,
            says=f"scales {named.kind} {named.name}, which does not exist",
            seen={"spec.scaleTargetRef": f"{named.api_version} {named.kind} {named.name}"},
        )
