"""Remove a Job that failed or hangs, so that its owner can run the next."""

from collections.abc import Iterator, Sequence

from holdfast.model.kinds import CronJob, Job, Pod
from holdfast.model.objects import Owner
from holdfast.model.repairs import (
    GONE,
    LEAVING,
    Action,
    ActionClass,
    Recovery,
    Risk,
    Sight,
    State,
    action,
)
from holdfast.model.steps import Delete, Step

_WITHOUT_A_DOT = ("apps", "autoscaling", "batch", "policy")  # groups of Kubernetes' own


@action(
    targets=(Job,),
    sees=(Pod, CronJob),
    reads=(("metadata", "ownerReferences"), ("spec", "suspend"), ("spec", "template")),
    does=(Delete,),
    takes=(Pod,),
    of_class=ActionClass.REMOVE,
    risk=Risk.MEDIUM,
    answers=("HF-WRK-070", "HF-WRK-071", "HF-WRK-075", "HF-WRK-076"),
    on=True,
)
class DeleteJob(Action, frozen=True, kw_only=True):
    """Delete a Job that has failed or does not get on, and its pods with it.

    Somebody must own it who makes another: a CronJob that is there, or something of an operator's.
    No other kind of Kubernetes' own makes Jobs.
    """

    def refuses(self, seen: Sight) -> Iterator[str]:
        """Where it gets on, is held on purpose, or nobody would run it again."""
        job = seen.target(Job)
        if job is None:
            yield GONE
            return
        if job.leaving:
            yield LEAVING
        if job.controller is None:
            yield "nobody would run it again: no controller owns it"
        elif not _makes_jobs(seen, job.controller):
            owner = f"{job.controller.kind} {job.controller.name}"
            yield f"nobody would run it again: {owner} is no CronJob that is there"
        if job.spec.suspend:
            yield "it is suspended: somebody holds it on purpose"
        if job.succeeded:
            yield "it has done its work"
        elif not job.over and any(pod.ready for pod in _pods(seen, job)):
            yield "it still works: one of its pods is ready"

    def steps(self, seen: Sight) -> tuple[Step, ...]:
        """One deletion; the pods go with it."""
        return (Delete(target=seen.document.ref),)

    def recovery(self, before: Sight, after: Sight) -> Recovery:
        """It is gone, and a later Job of the same owner works or has done its work.

        That it is gone is not enough: nothing is repaired by that.
        """
        gone = before.target(Job)
        owner = gone.controller if gone is not None else None
        if gone is None or owner is None:
            return Recovery(state=State.ILL, says="nobody knows whose it was")
        of_owner = after.around.within(Job, gone.metadata.namespace)
        later = [
            each
            for each in of_owner
            if each.controller is not None
            and each.controller.uid == owner.uid
            and each.born > gone.born
        ]
        if any(each.metadata.uid == gone.metadata.uid for each in of_owner):
            return Recovery(state=State.WAITING, says="it is still there")
        if any(each.succeeded or any(p.ready for p in _pods(after, each)) for each in later):
            return Recovery(state=State.WELL, says="a later run works")
        says = "the next run does not work yet" if later else f"{owner.name} has not run again yet"
        return Recovery(state=State.WAITING, says=says)


def _pods(seen: Sight, job: Job) -> Sequence[Pod]:
    return [pod for pod in seen.around.owned_by(Pod, job) if not pod.over]


def _makes_jobs(seen: Sight, owner: Owner) -> bool:
    """A CronJob by its uid. Whether somebody else's custom object is there, nobody can look."""
    group = owner.api_version.rpartition("/")[0]
    if (group, owner.kind) == (CronJob.api.group, CronJob.api.kind):
        found = seen.around.find(CronJob, seen.document.ref.namespace, owner.name)
        return found is not None and found.metadata.uid == owner.uid
    return bool(group) and group not in _WITHOUT_A_DOT and not group.endswith(".k8s.io")
