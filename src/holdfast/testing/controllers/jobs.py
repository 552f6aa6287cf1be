"""The Job and CronJob controllers: one pod for each Job, one Job for each moment of a schedule."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from holdfast.model.cron import schedule
from holdfast.testing.controllers.placing import placed
from holdfast.testing.controllers.world import Due, World, leaving, moment, over, ready
from holdfast.testing.documents import Json, copied, rfc3339
from holdfast.testing.manifests import condition, owner


def jobs(world: World) -> Iterator[Due]:
    """A pod for each that is not over, until it has ended well; a pod that fails is the last."""
    for job in world.all("jobs"):
        status = job.get("status") or {}
        done = any(
            each["type"] in ("Complete", "Failed") for each in status.get("conditions") or ()
        )
        if leaving(job) or done or job["spec"].get("suspend"):
            continue
        pods = world.owned("pods", job)
        if not pods:
            _run(world, job)
            pods = world.owned("pods", job)
        world.tell(job, _status(world, job, pods[0]))
    yield from ()


def _run(world: World, job: Json) -> None:
    template, name = copied(job["spec"]["template"]), job["metadata"]["name"]
    labels = {**(template["metadata"].get("labels") or {}), "batch.kubernetes.io/job-name": name}
    metadata = {
        **template["metadata"],
        "labels": labels,
        "generateName": f"{name}-",
        "namespace": job["metadata"]["namespace"],
        "ownerReferences": [owner(job)],
    }
    spec = placed(world, template["spec"])
    world.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


def _status(world: World, job: Json, pod: Json) -> Json:
    started = {"startTime": job["metadata"]["creationTimestamp"]}
    if not over(pod):
        return {**started, "active": 1, "ready": int(ready(pod))}
    if pod["status"]["phase"] == "Succeeded":
        complete = condition("Complete", "True", world.now, "CompletionsReached")
        ended = {"succeeded": 1, "completionTime": rfc3339(world.now)}
        return {**started, **ended, "conditions": [complete]}
    failed = condition("Failed", "True", world.now, "BackoffLimitExceeded")
    return {**started, "failed": 1, "conditions": [failed]}


def cron_jobs(world: World) -> Iterator[Due]:
    """The next run when it is due; one that forbids concurrent runs waits for the last."""
    for cron_job in world.all("cronjobs"):
        times = schedule(cron_job["spec"]["schedule"], ZoneInfo("UTC"))
        if leaving(cron_job) or cron_job["spec"].get("suspend") or times is None:
            continue
        active = [job for job in world.owned("jobs", cron_job) if _active(job)]
        status = cron_job.get("status") or {}
        last = status.get("lastScheduleTime") or cron_job["metadata"]["creationTimestamp"]
        due = times.after(moment(last))
        if due is None:
            continue
        waits = cron_job["spec"].get("concurrencyPolicy") == "Forbid" and active
        while due is not None and due <= world.now and not waits:
            last, latest = rfc3339(due), due
            due = times.after(due)
            if due is None or due > world.now:  # of those that were missed only the last is run
                active = [*active, _start(world, cron_job, latest)]
                status = {**status, "lastScheduleTime": last}
        told = {k: v for k, v in status.items() if k != "active"}
        world.tell(cron_job, {**told, "active": [*map(_named, active)]} if active else told)
        if due is not None and due > world.now:
            yield due


def _start(world: World, cron_job: Json, due: datetime) -> Json:
    template, metadata = copied(cron_job["spec"]["jobTemplate"]), cron_job["metadata"]
    born = {
        **(template.get("metadata") or {}),
        "name": f"{metadata['name']}-{int(due.timestamp()) // 60}",
        "namespace": metadata["namespace"],
        "ownerReferences": [owner(cron_job)],
    }
    return world.create(
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": born, "spec": template["spec"]}
    )


def _active(job: Json) -> bool:
    conditions = (job.get("status") or {}).get("conditions") or ()
    return not any(each["type"] in ("Complete", "Failed") for each in conditions)


def _named(job: Json) -> Json:
    metadata = job["metadata"]
    kept = {"name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"]}
    return {"kind": "Job", "apiVersion": "batch/v1", **kept}
