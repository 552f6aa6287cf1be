"""Argo CD cannot tell what an application should be: its source or its spec cannot be used."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Application, Event
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.deliveries import turned

SAYS = ("InvalidSpecError", "ComparisonError", "UnknownError")
WORDS = tuple(f"Updated sync status: {before} -> Unknown" for before in ("Synced", "OutOfSync"))


@fact(
    code="HF-DLV-004",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a repository server that restarts is back within this
    reads=(Application, Event),
    next_step="Read why: kubectl get applications.argoproj.io {name} -n {namespace} "
    "-o jsonpath='{{.status.conditions}}'",
)
def argo_cannot_compare(cluster: Snapshot) -> Iterator[Found]:
    """The sync status of an Application is Unknown, and a condition says that its spec is invalid
    or that the comparison failed. Counted from when it stopped being known, as far as Argo CD's
    events tell, else from the condition.
    """
    for each in cluster.all(Application):
        if each.status.sync.status in ("Synced", "OutOfSync") or each.leaving:
            continue  # healthy: it was compared
        said = next((c for type_ in SAYS for c in each.status.conditions if c.type == type_), None)
        if said is None:
            continue  # new: nobody has compared it yet
        # The condition's own time is refreshed by each new wording of the same trouble.
        since = turned(cluster, each, *WORDS) or said.last_transition_time or each.born
        yield Found(
            about=each.ref,
            since=since,
            says=f"cannot be compared with Git: {said.type}",
            seen={"condition": said.type, "message": said.message},
        )
