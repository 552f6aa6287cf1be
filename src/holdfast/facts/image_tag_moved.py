"""Pods of one revision run different images: their tag was moved between their starts."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import Node, Pod, ReplicaSet, StatefulSet
from holdfast.model.names import few
from holdfast.model.objects import Owner
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.workloads import owner_of

ARCHITECTURE = "kubernetes.io/arch"
REVISION = "controller-revision-hash"  # of a StatefulSet's pods

type Same = tuple[str, str, str, str, str]  # owner, its revision, container, image, architecture


@fact(
    code="HF-DLV-031",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # who moves a tag on purpose restarts the rest soon
    reads=(Pod, ReplicaSet, StatefulSet, Node),
    next_step="Name the image by its digest, then restart the others: "
    "kubectl get pods -n {namespace} -o 'custom-columns=POD:.metadata.name,"
    "IMAGE:.status.containerStatuses[*].imageID'",
    spreads=False,
)
def image_tag_moved(cluster: Snapshot) -> Iterator[Found]:
    """Running containers of the same name, of pods of one ReplicaSet or of one revision of a
    StatefulSet, were started from the same tag and have different digests. Compared are pods whose
    nodes have the same architecture, for a tag may hold an image for each.
    """
    seen: dict[Same, dict[str, list[tuple[datetime, Pod]]]] = {}
    for pod, owner in _of_mixed_owners(cluster):
        for status in pod.statuses:
            running, digest = status.state.running, _digest(status.image_id)
            if running is None or not digest or "@" in status.image:
                continue
            same = (*_revision(pod, owner), status.name, status.image, _architecture(cluster, pod))
            started = running.started_at or pod.born
            seen.setdefault(same, {}).setdefault(digest, []).append((started, pod))
    for (_, _, name, image, _), digests in seen.items():
        if len(digests) < 2:
            continue  # healthy: all run the same
        since, latest = max((min(each, key=_first) for each in digests.values()), key=_first)
        above = owner_of(cluster, latest, (ReplicaSet, StatefulSet))
        if above is None:
            continue
        yield Found(
            about=above.ref,
            part=name,
            since=since,
            says=f"its pods run {len(digests)} different images under the tag {image}",
            seen={
                few((pod.metadata.name for _, pod in each), 1): digest
                for digest, each in sorted(digests.items())
            },
        )


def _of_mixed_owners(cluster: Snapshot) -> Iterator[tuple[Pod, Owner]]:
    """The pods of owners under whom anything differs: of thousands, hardly any."""
    there: dict[str, list[tuple[Pod, Owner]]] = {}
    known: dict[tuple[str, str], str] = {}
    mixed: dict[str, None] = {}
    for pod in cluster.all(Pod):
        owner = pod.controller
        if owner is None or pod.over or pod.leaving:
            continue
        there.setdefault(owner.uid, []).append((pod, owner))
        for status in pod.statuses:
            if status.image_id != known.setdefault((owner.uid, status.name), status.image_id):
                mixed[owner.uid] = None
    for uid in mixed:
        yield from there[uid]


def _first(started: tuple[datetime, Pod]) -> tuple[datetime, str]:
    return started[0], started[1].metadata.name


def _digest(image_id: str) -> str:
    """`sha256:...`, where the runtime tells which image of the registry it is."""
    return image_id.rpartition("@")[2] if "@" in image_id else ""


def _revision(pod: Pod, owner: Owner) -> tuple[str, str]:
    return owner.uid, pod.metadata.labels.get(REVISION, "")


def _architecture(cluster: Snapshot, pod: Pod) -> str:
    """That of its node; a node that was not seen may be of any, and stands for itself."""
    node = cluster.find(Node, "", pod.spec.node_name)
    return node.metadata.labels.get(ARCHITECTURE, "") if node else f"node {pod.spec.node_name}"
