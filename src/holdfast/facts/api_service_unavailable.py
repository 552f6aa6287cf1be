"""A part of the API is served by somebody else, and that one does not answer."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import ApiService
from holdfast.model.objects import condition
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-CTL-003",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # who serves it alone may restart
    reads=(ApiService,),
    next_step="Read why it does not answer, then look at the service that it names: "
    "kubectl describe apiservice {name}",
    explains=("HF-CTL-001", "HF-WRK-080"),
    follows=(Relation.ROUTES,),
)
def api_service_unavailable(cluster: Snapshot) -> Iterator[Found]:
    """An APIService that a service answers for has Available=False: metrics, or whatever it
    serves, cannot be had, and namespaces cannot be deleted.
    """
    for each in cluster.all(ApiService):
        served_by = each.spec.service
        available = condition(each.status.conditions, "Available")
        if served_by is None or available is None or available.status != "False" or each.leaving:
            continue  # healthy: the API server serves it itself, or it answers
        yield Found(
            about=each.ref,
            since=available.last_transition_time or each.born,
            says=f"{served_by.namespace}/{served_by.name} does not serve it: {available.reason}",
            seen={"reason": available.reason, "message": available.message},
        )
