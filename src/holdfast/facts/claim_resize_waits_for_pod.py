"""A volume has grown, and its file system grows only when its pod starts again."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Claim, Pod
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.volumes import mounting


@fact(
    code="HF-STO-010",
    channel=Channel.INCIDENT,
    severity=Severity.INFO,
    grace=timedelta(minutes=5),  # a kubelet that can do it while the pod runs does so in two
    reads=(Claim, Pod),
    next_step="Restart the pod that mounts it when that suits you: kubectl delete pod {part} "
    "-n {namespace}",
    spreads=False,
)
def claim_resize_waits_for_pod(cluster: Snapshot) -> Iterator[Found]:
    """A claim is FileSystemResizePending while a pod mounts it. Without a pod it waits as it
    should: the next one that starts finds the file system grown.
    """
    for claim in cluster.all(Claim):
        if claim.leaving:
            continue
        for c in claim.status.conditions:
            if c.type != "FileSystemResizePending" or c.status != "True":
                continue
            pods = [
                pod
                for pod in mounting(cluster, claim.metadata.namespace, claim.metadata.name)
                if pod.status.phase == "Running"
            ]
            if not pods:
                continue  # healthy: the next pod will find it grown
            first = min(pods, key=lambda pod: (pod.born, pod.metadata.name))
            yield Found(
                about=claim.ref,
                part=first.metadata.name,
                since=max(c.last_transition_time or claim.asked_since, first.born),
                says=f"has grown, and its file system waits for {first.metadata.name} to restart",
                seen={"condition": c.type, "message": c.message},
            )
