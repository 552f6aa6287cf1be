"""A workload refers to an object or a key that does not exist: its next pod will not start."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.missing import nearly
from holdfast.topology.unmet import READ, unmet


@fact(
    code="HF-CFG-001",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a Secret that an operator is to make comes one to three later
    reads=READ,
    next_step="Make it again, or correct the template, before a pod starts anew: "
    "kubectl get configmaps,secrets,serviceaccounts -n {namespace}",
    spreads=False,
)
def workload_references_missing_object(cluster: Snapshot) -> Iterator[Found]:
    """The template of a Deployment, StatefulSet, DaemonSet or CronJob that wants pods needs a
    ConfigMap, Secret, key or service account that does not exist, whether or not its running pods
    are fine. What is optional is not needed; what its own pods already say they miss is a fact of
    theirs. Told only of kinds that were seen whole; of keys, only where managed fields name them.
    """
    for each in unmet(cluster):
        if not each.read:
            continue  # its pods say so, with a next step of their own
        here, missing = each.workload.metadata.namespace, each.missing
        near = nearly(cluster, here, missing)
        yield Found(
            about=each.workload.ref,
            part=str(missing),
            through=missing.ref(here),
            since=each.since,
            says=f"{missing} does not exist, and its next pod needs it"
            + (f"; there is {near}" if near else ""),
            seen={"referred to by": each.read, **({"nearly": near} if near else {})},
        )
