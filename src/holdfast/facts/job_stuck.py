"""A Job that runs without getting anywhere: none of its pods is ready."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Job, Pod
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-071",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=15),  # work that ends waits for room as a matter of course
    reads=(Job, Pod),
    next_step="See what its pods wait for: kubectl describe job {name} -n {namespace}; "
    "kubectl get pods -n {namespace} -l batch.kubernetes.io/job-name={name}",
    follows=(Relation.OWNS,),
)
def job_stuck(cluster: Snapshot) -> Iterator[Found]:
    """A Job has active pods and none of them is ready, counted from when the last of them stopped
    being so, or came. One that is suspended, or has ended, is left alone.
    """
    for job in cluster.all(Job):
        if job.spec.suspend or job.over or job.metadata.deletion_timestamp is not None:
            continue  # healthy: held on purpose, or done
        if job.status.active == 0 or job.status.ready > 0:
            continue  # healthy: works, or waits for its next attempt
        if not cluster.sees(Pod) or not cluster.capture(Pod).covers(job.metadata.namespace):
            continue  # since when cannot be told
        pods = [pod for pod in cluster.owned_by(Pod, job) if not pod.over]
        unready = [pod.unready_since for pod in pods]
        times = [since for since in unready if since is not None]
        if not pods or len(times) < len(unready):
            continue  # healthy: one of them is ready by now
        since = max(times)
        yield Found(
            about=job.ref,
            since=since,
            says=f"0 of {len(pods)} active pods ready for {cluster.elapsed(since)}",
            seen={
                "status.active": str(job.status.active),
                "status.ready": str(job.status.ready),
                "status.succeeded": str(job.status.succeeded),
                "status.failed": str(job.status.failed),
            },
        )
