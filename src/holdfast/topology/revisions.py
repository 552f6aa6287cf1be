"""Revisions of a workload: which template its pods are made from now, and from which before."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from holdfast.model.kinds import (
    ControllerRevision,
    DaemonSet,
    Deployment,
    Pod,
    ReplicaSet,
    StatefulSet,
)
from holdfast.model.kinds.apps import DaemonSetStatus
from holdfast.model.kinds.pods import PodTemplate
from holdfast.model.objects import Object
from holdfast.model.snapshot import Snapshot

READ: tuple[type[Object], ...] = (
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    ControllerRevision,
)
"""What a rule must declare that asks for revisions; for their pods, Pod as well."""

type Rolling = Deployment | StatefulSet | DaemonSet

_HASH = "controller-revision-hash"  # the label that StatefulSets and DaemonSets give their pods


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One template that a workload has had."""

    kept_in: ReplicaSet | ControllerRevision
    number: int
    template: PodTemplate

    @property
    def name(self) -> str:
        """The object that keeps it."""
        return self.kept_in.metadata.name

    @property
    def images(self) -> Mapping[str, str]:
        """The image of each container, init containers and sidecars included."""
        spec = self.template.spec
        return {c.name: c.image for c in (*spec.init_containers, *spec.containers)}


def rolling(cluster: Snapshot) -> Iterator[Rolling]:
    """Workloads with revisions that want pods and are not going away."""
    for deployment in cluster.all(Deployment):
        if deployment.spec.replicas and deployment.metadata.deletion_timestamp is None:
            yield deployment
    for ordered in cluster.all(StatefulSet):
        if ordered.spec.replicas and ordered.metadata.deletion_timestamp is None:
            yield ordered
    for daemons in cluster.all(DaemonSet):
        if daemons.status.desired_number_scheduled and daemons.metadata.deletion_timestamp is None:
            yield daemons


def revisions(cluster: Snapshot, workload: Rolling) -> Sequence[Revision]:
    """Its revisions, the one that it wants now first. A rollback wants an old one again."""
    found: list[Revision] = []
    if isinstance(workload, Deployment):
        for each in cluster.owned_by(ReplicaSet, workload):
            number = each.metadata.annotations.numbered
            found.append(Revision(kept_in=each, number=number, template=each.spec.template))
    else:
        found += [
            Revision(kept_in=kept, number=kept.revision, template=kept.data.spec.template)
            for kept in cluster.owned_by(ControllerRevision, workload)
        ]
    return sorted(found, key=lambda r: (r.number, r.kept_in.born), reverse=True)


def between_revisions(workload: Rolling) -> bool:
    """Whether some of its pods are of an older revision than the one it wants."""
    status = workload.status
    if isinstance(status, DaemonSetStatus):
        return status.updated_number_scheduled < status.desired_number_scheduled
    return status.updated_replicas < status.replicas


def wanted_since(workload: Rolling, known: Sequence[Revision]) -> datetime | None:
    """Since when the first of its revisions is wanted; None when it cannot be told.

    A revision is born when it is first wanted. One that is older than another was wanted again,
    which the spec's last change tells.
    """
    if not known:
        return None
    born = known[0].kept_in.born
    if all(each.kept_in.born <= born for each in known):
        return born
    return workload.metadata.spec_written


def pods_of(cluster: Snapshot, workload: Rolling, revision: Revision) -> Sequence[Pod]:
    """Pods that were made from that revision and are not over."""
    kept = revision.kept_in
    if isinstance(kept, ReplicaSet):
        return [pod for pod in cluster.owned_by(Pod, kept) if not pod.over]
    marks = {kept.metadata.name, kept.metadata.labels.get(_HASH, "")} - {""}
    return [
        pod
        for pod in cluster.owned_by(Pod, workload)
        if not pod.over and pod.metadata.labels.get(_HASH) in marks
    ]


def difference(before: PodTemplate, after: PodTemplate) -> str:
    """What one template asks for that another did not, as far as it is read."""
    was = {container.name: container for container in before.spec.containers}
    words: list[str] = []
    for container in after.spec.containers:
        old = was.pop(container.name, None)
        if old is None:
            words.append(f"container {container.name} is new")
        elif old.image != container.image:
            words.append(f"image of {container.name} from {old.image} to {container.image}")
        elif old != container:
            words.append(f"container {container.name} differs")
    words += [f"container {name} is gone" for name in was]
    if not words and before.spec != after.spec:
        words.append("the pod's own fields differ")
    if before.metadata.annotations.restarted_at != after.metadata.annotations.restarted_at:
        words.append("a restart was asked for")
    return "; ".join(words) or "the template differs where we do not read it"
