"""Why a controller cannot create the pods, or the Job, that it wants: who refused them.

The API server refuses in its own fixed words, and the controller repeats them in a condition or
an event. Read are those words alone, from their beginning; what follows them is other people's.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

import msgspec

from holdfast.model.events import events_about
from holdfast.model.kinds import (
    CronJob,
    DaemonSet,
    Deployment,
    Event,
    Job,
    Pod,
    ReplicaSet,
    ReplicationController,
    ResourceQuota,
    StatefulSet,
)
from holdfast.model.objects import Object, condition
from holdfast.model.quantities import worth
from holdfast.model.rules import Found, Severity
from holdfast.model.snapshot import Snapshot

READ: tuple[type[Object], ...] = (
    Deployment,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
    DaemonSet,
    Job,
    Pod,
    Event,
)
"""What a rule must declare that asks who was refused. Where a ReplicaSet is not seen, its
Deployment repeats what it says.
"""

GRACE = timedelta(minutes=2)
"""A surge that a quota refuses, a webhook that restarts, a ServiceAccount that is applied a
moment after its workload: the next attempt succeeds within this."""

EXPLAINS = ("HF-WRK-010", "HF-WRK-060", "HF-WRK-065", "HF-WRK-067")
"""What is found besides on the workload that gets none."""

STILL = timedelta(minutes=30)
"""Controllers try again after at most 1000 s, and tell it a while later: an older attempt says
nothing about now."""


type Confessing = ReplicaSet | ReplicationController | Deployment
"""What says in a condition of its own that it could make no pod."""


class Cause(StrEnum):
    """Who refuses, as far as the next step differs."""

    QUOTA = "quota"
    QUOTA_WANTS = "quota wants requests or limits"
    LIMIT_RANGE = "limit range"
    DENIED = "denied by a policy"
    UNREACHABLE = "webhook unreachable"
    ACCOUNT = "service account missing"
    POD_SECURITY = "pod security"
    OTHER = "other"


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal as the API server words it."""

    cause: Cause
    by: str = ""  # the quota, webhook, policy or account
    text: str  # the rest, other people's words included


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A workload that wants more pods, or a CronJob a Job, than it is allowed to create."""

    about: Object
    since: datetime
    wanted: int
    there: int
    reason: Reason
    serving: bool = False  # pods of its Deployment that are there already do the work

    @property
    def found(self) -> Found:
        """The refusal in the form that every rule about one cause tells it."""
        waits = isinstance(self.about, Job)  # work that can be done later is late, not down
        down = self.there == 0 and not waits and not self.serving
        briefly = " ".join(self.reason.text[:_BRIEF].split())
        return Found(
            about=self.about.ref,
            part=self.reason.by,
            since=self.since,
            says=f"{self.there} of {self.wanted} pods could be created: {briefly}",
            seen={
                "pods wanted": str(self.wanted),
                "pods there": str(self.there),
                "refused by": self.reason.by or self.reason.cause.value,
                "message": self.reason.text,
            },
            severity=Severity.CRITICAL if down else None,
            unmade=self.wanted - self.there,
        )


class Beyond(msgspec.Struct, frozen=True, kw_only=True):
    """What a quota refused of one resource: since when, how much was asked for, and by whom."""

    since: datetime
    asked: Fraction
    who: str


def refusals(cluster: Snapshot, cause: Cause) -> Sequence[Refusal]:
    """Workloads whose pods are refused for that cause."""
    return cluster.once(_by_cause).get(cause, ())


def refused_by(cluster: Snapshot, quota: ResourceQuota) -> Mapping[str, Beyond]:
    """By resource, who was refused pods because of that quota."""
    return cluster.once(_by_quota).get((quota.metadata.namespace, quota.metadata.name), {})


def runs_refused_by(cluster: Snapshot, quota: ResourceQuota) -> Mapping[str, Beyond]:
    """By resource, which CronJob was refused the Job of a run because of that quota."""
    found: dict[str, Beyond] = {}
    for job in cluster.within(CronJob, quota.metadata.namespace):
        refused = run_refused(cluster, job)
        if refused is not None and refused.reason.by == quota.metadata.name:
            _note(refused, found)
    return found


def run_refused(cluster: Snapshot, job: CronJob) -> Refusal | None:
    """Why a CronJob could not start its last run, in its newest event; None once one has started,
    and where nobody says.
    """
    last = job.status.last_schedule_time or job.born
    failed = [
        e
        for e in events_about(cluster, job)
        if _failed(e) and e.last_seen >= last and cluster.now - e.last_seen <= STILL
    ]
    reason = reason_of(failed[-1].message) if failed else None
    if reason is None or job.leaving:
        return None
    since = max(last, min(e.first_seen for e in failed))
    return Refusal(about=job, since=since, wanted=1, there=0, reason=reason)


def refuses_still(cluster: Snapshot, quota: ResourceQuota) -> bool:
    """Whether it was no pod's fault but this quota's, and the next attempt would end likewise."""
    for resource, beyond in refused_by(cluster, quota).items():
        hard, used = (worth(of.get(resource)) for of in (quota.status.hard, quota.status.used))
        if hard is not None and used is not None and used + beyond.asked > hard:
            return True
    return False


_BRIEF = 200  # characters of a refusal in one line; the whole of it is in what was seen
_FORBIDDEN = re.compile(r'(?:pods|persistentvolumeclaims|jobs\.batch) "[^"]{0,400}" is forbidden: ')
_CLAIMING = re.compile(
    r"[Cc]reate (?:Pod \S{1,300}|Claim \S{1,300} for Pod \S{1,300})"
    r" in StatefulSet \S{1,300} failed error: (?:failed to create PVC \S{1,300}: )?"
)
_EXCEEDED = re.compile(r"exceeded quota: ([^\s,]{1,300}), requested: ")
_FAILED_QUOTA = re.compile(r"(?:failed quota|status unknown for quota): ([^\s,:]{1,300})[:,] ")
_LIMITS = re.compile(
    r"\[?(?:minimum|maximum) \S{1,300} usage per \S{1,40} is "
    r"|\[?\S{1,300} max limit to request ratio per \S{1,40} is "
)
_DENIED = re.compile(r'admission webhook "([^"]{1,300})" denied the request')
_POLICY = re.compile(r"ValidatingAdmissionPolicy '([^']{1,300})' (?:with binding |denied request)")
_CALLING = re.compile(r'(?:Internal error occurred: )?failed calling webhook "([^"]{1,300})"')
_ACCOUNT = re.compile(r"error looking up service account [^\s/]{1,300}/([^\s:]{1,300}): ")
_TERMINATING = "unable to create new content in namespace "


def reason_of(message: str) -> Reason | None:
    """What a message says of a refusal; None when the namespace itself is going away."""
    text = message.removeprefix("(combined from similar events): ")
    text = text.removeprefix("Error creating: ").removeprefix("Error creating job: ")
    claiming = _CLAIMING.match(text)
    if claiming is not None:
        text = text[claiming.end() :]
    forbidden = _FORBIDDEN.match(text)
    if forbidden is None:
        for cause, form in ((Cause.DENIED, _DENIED), (Cause.UNREACHABLE, _CALLING)):
            match = form.match(text)
            if match is not None:
                return Reason(cause=cause, by=match[1], text=text)
        if text.startswith("insufficient quota "):
            return Reason(cause=Cause.QUOTA, text=text)
        return Reason(cause=Cause.OTHER, text=text)
    text = text[forbidden.end() :]
    if text.startswith(_TERMINATING):
        return None
    return _forbidden(text)


def _forbidden(text: str) -> Reason:
    if text.startswith("violates PodSecurity "):
        return Reason(cause=Cause.POD_SECURITY, text=text)
    if text.startswith("insufficient quota "):
        return Reason(cause=Cause.QUOTA, text=text)
    if _LIMITS.match(text):
        return Reason(cause=Cause.LIMIT_RANGE, text=text)
    forms = (
        (Cause.QUOTA, _EXCEEDED),
        (Cause.QUOTA_WANTS, _FAILED_QUOTA),
        (Cause.DENIED, _POLICY),
        (Cause.ACCOUNT, _ACCOUNT),
    )
    for cause, form in forms:
        match = form.match(text)
        if match is not None:
            return Reason(cause=cause, by=match[1], text=text)
    return Reason(cause=Cause.OTHER, text=text)


def amounts_refused(reason: Reason) -> dict[str, str]:
    """What was asked for beyond a quota, by resource; empty for other refusals."""
    _, _, rest = reason.text.partition(", requested: ")
    requested, used, _ = rest.partition(", used: ")
    if reason.cause is not Cause.QUOTA or not used:
        return {}
    pairs = (pair.partition("=") for pair in requested.split(","))
    return {name: amount for name, equals, amount in pairs if equals}


def _by_quota(cluster: Snapshot) -> Mapping[tuple[str, str], Mapping[str, Beyond]]:
    found: dict[tuple[str, str], dict[str, Beyond]] = {}
    for refusal in refusals(cluster, Cause.QUOTA):
        of_quota = found.setdefault((refusal.about.metadata.namespace, refusal.reason.by), {})
        _note(refusal, of_quota)
    return found


def _note(refusal: Refusal, of_quota: dict[str, Beyond]) -> None:
    """Whom it refused first of each resource."""
    for resource, written in amounts_refused(refusal.reason).items():
        known = of_quota.get(resource)
        if known is None or refusal.since < known.since:
            asked = worth(written) or Fraction(0)
            who = str(refusal.about.ref)
            of_quota[resource] = Beyond(since=refusal.since, asked=asked, who=who)


def _by_cause(cluster: Snapshot) -> Mapping[Cause, Sequence[Refusal]]:
    found: dict[Cause, list[Refusal]] = {}
    for refusal in _all(cluster):
        found.setdefault(refusal.reason.cause, []).append(refusal)
    return found


def _all(cluster: Snapshot) -> Iterator[Refusal]:
    serving = _serving(cluster)
    for about, wanted, there in _wanting(cluster):
        if about.metadata.deletion_timestamp is not None:
            continue
        if isinstance(about, ReplicaSet | ReplicationController | Deployment):
            told = _condition(cluster, about)
        else:
            told = _events(cluster, about)
        reason = reason_of(told[1]) if told is not None else None
        if told is None or reason is None:
            continue
        yield Refusal(
            about=about,
            since=told[0],
            wanted=wanted,
            there=there,
            reason=reason,
            serving=about.metadata.uid in serving,
        )


def _serving(cluster: Snapshot) -> frozenset[str]:
    """The ReplicaSets, by uid, of Deployments of which something is available: a new revision that
    gets no pod takes nothing from those of the old one.
    """
    return frozenset(
        replica_set.metadata.uid
        for deployment in cluster.all(Deployment)
        if deployment.status.available_replicas > 0
        for replica_set in cluster.owned_by(ReplicaSet, deployment)
    )


def _wanting(cluster: Snapshot) -> Iterator[tuple[Object, int, int]]:
    """Workloads with fewer pods than wanted, ready or not: how many of each."""
    counting: tuple[Confessing | StatefulSet, ...] = (
        *cluster.all(ReplicaSet),
        *cluster.all(ReplicationController),
        *(each for each in cluster.all(Deployment) if _speaks_for_itself(cluster, each)),
        *cluster.all(StatefulSet),
    )
    for each in counting:
        if each.status.replicas < each.spec.replicas:
            yield each, each.spec.replicas, each.status.replicas
    for daemons in cluster.all(DaemonSet):
        status = daemons.status
        if status.current_number_scheduled < status.desired_number_scheduled:
            yield daemons, status.desired_number_scheduled, status.current_number_scheduled
    for job in cluster.all(Job):
        wanted = _wanted_by(job)
        if job.status.active < wanted:
            yield job, wanted, job.status.active


def _speaks_for_itself(cluster: Snapshot, deployment: Deployment) -> bool:
    """Its ReplicaSets could not be seen, and none was."""
    if not cluster.blind((ReplicaSet,), namespace=deployment.metadata.namespace):
        return False
    return not any(cluster.owned_by(ReplicaSet, deployment))


def _wanted_by(job: Job) -> int:
    if job.over or job.spec.suspend:
        return 0
    parallel = 1 if job.spec.parallelism is None else job.spec.parallelism
    if job.spec.completions is None:
        return 0 if job.status.succeeded else parallel
    return min(parallel, job.spec.completions - job.status.succeeded)


def _condition(cluster: Snapshot, about: Confessing) -> tuple[datetime, str] | None:
    """A ReplicaSet says itself that it fails, and since when; why, its newest event knows better,
    since the condition keeps the words of the first failure for as long as it stands.
    """
    failure = condition(about.status.conditions, "ReplicaFailure")
    if failure is None or failure.status != "True" or failure.reason != "FailedCreate":
        return None
    since = failure.last_transition_time or about.born
    newest = [e for e in events_about(cluster, about) if _failed(e) and e.last_seen >= since]
    return since, newest[-1].message if newest else failure.message


def _events(cluster: Snapshot, about: Object) -> tuple[datetime, str] | None:
    """The others say so in events alone, which count until a pod could be created after all."""
    created = max((pod.born for pod in cluster.owned_by(Pod, about)), default=about.born)
    failed = [
        e
        for e in events_about(cluster, about)
        if _failed(e) and e.last_seen >= created and cluster.now - e.last_seen <= STILL
    ]
    if not failed:
        return None
    return max(created, min(e.first_seen for e in failed)), failed[-1].message


def _failed(event: Event) -> bool:
    return event.reason == "FailedCreate" and event.type == "Warning"
