"""A custom kind's versions are converted by a webhook, and nobody answers there: its objects
cannot be read or written.
"""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Definition, EndpointSlice, Service
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.services import unanswered


@fact(
    code="HF-CTL-006",
    channel=Channel.INCIDENT,
    severity=Severity.CRITICAL,
    grace=timedelta(minutes=1),  # one pod alone may restart; longer, and its operator stops
    reads=(Definition, Service, EndpointSlice),
    next_step="Bring the pods of its conversion webhook back: "
    "kubectl get crd {name} -o jsonpath='{{.spec.conversion}}'",
    explains=("HF-CTL-001",),
    follows=(Relation.ROUTES,),
)
def conversion_webhook_down(cluster: Snapshot) -> Iterator[Found]:
    """A definition with several versions converts them by a webhook whose service does not exist,
    lacks the port, or has no ready endpoints. With one version nothing is ever converted.
    """
    for each in cluster.all(Definition):
        conversion = each.spec.conversion
        if conversion.strategy != "Webhook" or conversion.webhook is None or each.leaving:
            continue
        versions = {v.name for v in each.spec.versions if v.served} | {*each.status.stored_versions}
        service = conversion.webhook.client_config.service
        if service is None or len(versions) < 2:
            continue  # healthy: it is somewhere else, or never asked
        silent = unanswered(cluster, service)
        if silent is None:
            continue
        yield Found(
            about=each.ref,
            since=silent.since or each.asked_since,
            says=f"conversion asks service {service.namespace}/{service.name}, which "
            f"{silent.because}",
            seen={"versions": ", ".join(sorted(versions))},
        )
