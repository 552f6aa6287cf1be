"""What workloads need by name and does not exist: ConfigMaps, Secrets, keys, service accounts.

Read off their templates, and off what their pods and the API server already say is missing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from holdfast.model import refusals
from holdfast.model.kinds import (
    ConfigMap,
    ControllerRevision,
    CronJob,
    DaemonSet,
    Deployment,
    Event,
    Job,
    Pod,
    ReplicaSet,
    ReplicationController,
    Secret,
    ServiceAccount,
    StatefulSet,
)
from holdfast.model.kinds.pods import PodSpec
from holdfast.model.objects import Object
from holdfast.model.snapshot import Snapshot
from holdfast.topology import waiting
from holdfast.topology.missing import Holder, Missing, missing_object, of_volume
from holdfast.topology.references import references
from holdfast.topology.revisions import revisions, rolling, wanted_since
from holdfast.topology.volumes import volume_events
from holdfast.topology.workloads import root_of

READ: tuple[type[Object], ...] = (
    Deployment,
    StatefulSet,
    DaemonSet,
    CronJob,
    ReplicaSet,
    ReplicationController,
    ControllerRevision,
    Job,
    Pod,
    Event,
    ConfigMap,
    Secret,
    ServiceAccount,
)
"""What a rule must declare that asks for unmet needs."""

HOLDERS: tuple[Holder, ...] = (ConfigMap, Secret, ServiceAccount)


class Unmet(msgspec.Struct, frozen=True, kw_only=True):
    """A workload, and what it needs and does not exist."""

    workload: Object
    missing: Missing
    since: datetime
    read: str = ""  # where its template refers to it; empty: its pods say that they miss it


def unmet(cluster: Snapshot) -> Sequence[Unmet]:
    """Every need that is not met: by their pods' words, and else by their templates."""
    return cluster.once(_unmet)


def _unmet(cluster: Snapshot) -> Sequence[Unmet]:
    told = tuple(_told(cluster))
    known = {_need(each) for each in told}
    asked = (each for each in _asked(cluster) if _need(each) not in known)
    return (*told, *asked)


def _need(each: Unmet) -> tuple[str, str, str]:
    return (each.workload.metadata.uid, each.missing.kind.api.kind, each.missing.name)


def _asked(cluster: Snapshot) -> Iterator[Unmet]:
    """What templates refer to in vain, whether or not the pods that run are fine."""
    for workload, spec in _templates(cluster):
        for missing, read in _missing(cluster, workload.metadata.namespace, spec).items():
            since = _since(cluster, workload)
            yield Unmet(workload=workload, missing=missing, since=since, read=read)


def _told(cluster: Snapshot) -> Iterator[Unmet]:
    """What pods, and who could make none, say that they miss."""

    def tells(who: Object, missing: Missing | None, since: datetime) -> Iterator[Unmet]:
        if missing is not None:
            yield Unmet(workload=root_of(cluster, who), missing=missing, since=since)

    waits = waiting.waiting(cluster.narrowed(waiting.READS), waiting.Wait.CONFIGURATION)
    for each in waits:
        yield from tells(each.pod, missing_object(each.message), each.since)
    for trouble in volume_events(cluster, "FailedMount"):
        missing = missing_object(trouble.message)
        if missing is not None:
            volumes = {volume.name: volume for volume in trouble.pod.spec.volumes}
            missing = of_volume(missing, volumes.get(trouble.volume))
            yield from tells(trouble.pod, missing, trouble.since)
    for each in waiting.waiting(cluster.narrowed(waiting.READS), waiting.Wait.CREDENTIALS):
        for name in waiting.pull_secrets_missing(cluster, each.pod):
            yield from tells(each.pod, Missing(kind=Secret, name=name), each.since)
    without = refusals.refusals(cluster.narrowed(refusals.READ), refusals.Cause.ACCOUNT)
    for refusal in without:
        account = Missing(kind=ServiceAccount, name=refusal.reason.by)
        yield from tells(refusal.about, account, refusal.since)


def _templates(cluster: Snapshot) -> Iterator[tuple[Object, PodSpec]]:
    """Workloads that will make pods, and what these are made from."""
    for workload in rolling(cluster):
        if isinstance(workload, Deployment) and workload.spec.paused:
            continue  # healthy: somebody is in the middle of changing it
        yield workload, workload.spec.template.spec
    for cron in cluster.all(CronJob):
        if not cron.spec.suspend and not cron.leaving:
            yield cron, cron.spec.job_template.spec.template.spec


def _missing(cluster: Snapshot, namespace: str, spec: PodSpec) -> Mapping[Missing, str]:
    """What a pod of that spec would miss, each with where it is first referred to."""
    missing: dict[Missing, str] = {}
    for reference in references(spec):
        for kind in HOLDERS:
            if reference.kind is not kind or reference.optional or not reference.name:
                continue
            capture = cluster.capture(kind)
            if not capture.whole or not capture.covers(namespace):
                continue  # unseen is not missing
            there = capture.by_name.get((namespace, reference.name))
            if there is None:
                missing.setdefault(Missing(kind=kind, name=reference.name), reference.read)
                continue
            keys = there.metadata.keys
            if reference.key and keys is not None and reference.key not in keys:
                short = Missing(kind=kind, name=reference.name, key=reference.key)
                missing.setdefault(short, reference.read)
    return missing


def _since(cluster: Snapshot, workload: Object) -> datetime:
    """Since when it is asked for in this form: a scaler's writes ask for nothing new."""
    if isinstance(workload, Deployment | StatefulSet | DaemonSet):
        return wanted_since(workload, revisions(cluster, workload)) or workload.asked_since
    return workload.asked_since
