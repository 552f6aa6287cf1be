"""A workload refers to an object or a key that does not exist: its next pod will not start."""

from collections.abc import Iterator
from datetime import datetime, timedelta

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
    Secret,
    ServiceAccount,
    StatefulSet,
)
from holdfast.model.kinds.pods import PodSpec
from holdfast.model.objects import Object
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology import refusals, waiting
from holdfast.topology.missing import Holder, Missing, missing_object, nearly, of_volume
from holdfast.topology.references import references
from holdfast.topology.revisions import revisions, rolling, wanted_since
from holdfast.topology.volumes import volume_events
from holdfast.topology.workloads import root_of

HOLDERS: tuple[Holder, ...] = (ConfigMap, Secret, ServiceAccount)

type Told = frozenset[tuple[str, str, str]]
"""Workload's uid, kind and name of what its own pods already say they miss."""


@fact(
    code="HF-CFG-001",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a Secret that an operator is to make comes one to three later
    reads=(
        Deployment,
        StatefulSet,
        DaemonSet,
        CronJob,
        ReplicaSet,
        ControllerRevision,
        Job,
        Pod,
        Event,
        ConfigMap,
        Secret,
        ServiceAccount,
    ),
    next_step="Make it again, or correct the template, before a pod starts anew: "
    "kubectl get configmaps,secrets,serviceaccounts -n {namespace}",
)
def workload_references_missing_object(cluster: Snapshot) -> Iterator[Found]:
    """The template of a Deployment, StatefulSet, DaemonSet or CronJob that wants pods needs a
    ConfigMap, Secret, key or service account that does not exist, whether or not its running pods
    are fine. What is optional is not needed; what its own pods already say they miss is a fact of
    theirs. Told only of kinds that were seen whole; of keys, only where managed fields name them.
    """
    told: Told | None = None
    for workload, spec in _templates(cluster):
        missing = _missing(cluster, workload.metadata.namespace, spec)
        if not missing:
            continue  # healthy: all that it needs exists
        if told is None:
            told = _told_by_pods(cluster)
        for each, read in missing.items():
            if (workload.metadata.uid, each.kind.api.kind, each.name) in told:
                continue  # its pods say so, with a next step of their own
            near = nearly(cluster, workload.metadata.namespace, each)
            yield Found(
                about=workload.ref,
                part=str(each),
                since=_since(cluster, workload),
                says=f"{each} does not exist, and its next pod needs it"
                + (f"; there is {near}" if near else ""),
                seen={"referred to by": read, **({"nearly": near} if near else {})},
            )


def _templates(cluster: Snapshot) -> Iterator[tuple[Object, PodSpec]]:
    """Workloads that will make pods, and what these are made from."""
    for workload in rolling(cluster):
        if isinstance(workload, Deployment) and workload.spec.paused:
            continue  # healthy: somebody is in the middle of changing it
        yield workload, workload.spec.template.spec
    for cron in cluster.all(CronJob):
        if not cron.spec.suspend and not cron.leaving:
            yield cron, cron.spec.job_template.spec.template.spec


def _missing(cluster: Snapshot, namespace: str, spec: PodSpec) -> dict[Missing, str]:
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


def _told_by_pods(cluster: Snapshot) -> Told:
    told: set[tuple[str, str, str]] = set()

    def tells(who: Object, missing: Missing | None) -> None:
        if missing is not None:
            root = root_of(cluster, who)
            told.add((root.metadata.uid, missing.kind.api.kind, missing.name))

    for each in waiting.waiting(cluster.narrowed(waiting.READS), waiting.Wait.CONFIGURATION):
        tells(each.pod, missing_object(each.message))
    for trouble in volume_events(cluster, "FailedMount"):
        missing = missing_object(trouble.message)
        if missing is not None:
            volumes = {volume.name: volume for volume in trouble.pod.spec.volumes}
            tells(trouble.pod, of_volume(missing, volumes.get(trouble.volume)))
    without = refusals.refusals(cluster.narrowed(refusals.READ), refusals.Cause.ACCOUNT)
    for refusal in without:
        tells(refusal.about, Missing(kind=ServiceAccount, name=refusal.reason.by))
    return frozenset(told)


def _since(cluster: Snapshot, workload: Object) -> datetime:
    """Since when it is asked for in this form: a scaler's writes ask for nothing new."""
    if isinstance(workload, Deployment | StatefulSet | DaemonSet):
        return wanted_since(workload, revisions(cluster, workload)) or workload.asked_since
    return workload.asked_since
