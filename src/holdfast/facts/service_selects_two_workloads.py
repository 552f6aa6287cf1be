"""A service leads to the pods of two workloads: callers meet now the one, now the other."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model.kinds import CronJob, Pod, Service
from holdfast.model.objects import Object, Ref
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.services import selections
from holdfast.topology.workloads import OF_TODAY, OWNERS, root_of

NEEDED: tuple[type[Object], ...] = (Service, Pod, *OF_TODAY, CronJob)


@fact(
    code="HF-NET-004",
    channel=Channel.POSTURE,
    severity=Severity.INFO,
    grace=timedelta(hours=1),  # a canary, or a move from one workload to another, takes a while
    reads=(Service, Pod, *OWNERS),
    next_step="If that is not meant, ask for one more label in its selector: "
    "kubectl describe service {name} -n {namespace}",
)
def service_selects_two_workloads(cluster: Snapshot) -> Iterator[Found]:
    """The pods that a service selects belong to more than one workload, counted from the first
    pod of the later one. Pods that nobody owns do not count.
    """
    for service, pods in selections(cluster):
        makers = {owner.uid if (owner := pod.controller) else "" for pod in pods}
        if len(makers) < 2 or cluster.blind(NEEDED, namespace=service.metadata.namespace):
            continue  # healthy: one ReplicaSet made them all
        first: dict[str, tuple[datetime, Ref]] = {}
        for pod in pods:
            root = root_of(cluster, pod, OWNERS)
            uid = root.metadata.uid
            if root is not pod and (uid not in first or pod.born < first[uid][0]):
                first[uid] = (pod.born, root.ref)
        if len(first) < 2:
            continue  # healthy: one workload, in however many revisions
        names = sorted(str(ref) for _, ref in first.values())
        yield Found(
            about=service.ref,
            since=max(service.asked_since, sorted(born for born, _ in first.values())[1]),
            says=f"leads to the pods of {len(first)} workloads",
            seen={"workloads": ", ".join(names)},
        )
