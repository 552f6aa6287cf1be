"""A namespace lets privileged pods in since a moment ago: somebody took its pod security down."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Namespace
from holdfast.model.kinds.core import ENFORCE
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

NEWS = timedelta(hours=24)  # after that it is how the namespace is, which is posture
SET_UP = timedelta(hours=1)  # labels that come with a namespace, or soon after, are its set-up


@fact(
    code="HF-SEC-060",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # a label that was set by mistake is set right at once
    reads=(Namespace,),
    next_step="Ask who did it, and put the level back: kubectl label --overwrite namespace {name} "
    "pod-security.kubernetes.io/enforce=baseline",
)
def pod_security_lowered(cluster: Snapshot) -> Iterator[Found]:
    """A namespace's enforced level of pod security was set to privileged within the last day, more
    than an hour after the namespace was made. Told by the fields' managers; a label that was
    taken away leaves no trace there, and is not told.
    """
    for namespace in cluster.all(Namespace):
        metadata = namespace.metadata
        if metadata.labels.get(ENFORCE) != "privileged" or namespace.leaving:
            continue
        wrote = [
            (fields.time, fields.manager)
            for fields in metadata.managed_fields
            if fields.time is not None and f"f:{ENFORCE}" in fields.fields_v1.metadata.labels
        ]
        if not wrote:
            continue
        since, who = max(wrote)
        if since - namespace.born < SET_UP or cluster.now - since > NEWS:
            continue  # healthy: it was made so, or it is old news
        yield Found(
            about=namespace.ref,
            since=since,
            says=f"lets privileged pods in since {cluster.elapsed(since)}, by {who}",
            seen={ENFORCE: "privileged", "manager": who},
        )
