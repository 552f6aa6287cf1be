"""An admission webhook has nobody who answers: what it is to be asked about is refused, or let
through unasked.
"""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import EndpointSlice, MutatingWebhooks, Service, ValidatingWebhooks
from holdfast.model.kinds.control import Webhook
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.services import unanswered
from holdfast.topology.webhooks import configurations


@fact(
    code="HF-CTL-004",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=1),  # one pod alone may restart; longer, and people notice
    reads=(ValidatingWebhooks, MutatingWebhooks, Service, EndpointSlice),
    next_step="Bring its pods back; if they cannot start because it is not there to be asked, "
    "take it away until they have: kubectl get KIND {name} -o yaml",
    explains=("HF-WRK-055",),
    follows=(Relation.ROUTES,),
)
def webhook_without_endpoints(cluster: Snapshot) -> Iterator[Found]:
    """A webhook's service does not exist, lacks the port, or has no ready endpoints. Critical when
    its failure policy is Fail: then the API server refuses everything that it would ask about.
    """
    for configuration in configurations(cluster):
        if configuration.leaving:
            continue
        written = configuration.metadata.last_written or configuration.born
        for webhook in configuration.webhooks:
            service = webhook.client_config.service
            if service is None or not webhook.rules:
                continue  # healthy: it is somewhere else, or never asked
            silent = unanswered(cluster, service)
            if silent is None:
                continue
            fails = webhook.failure_policy == "Fail"
            yield Found(
                about=configuration.ref,
                part=webhook.name,
                through=Service.at(service.namespace, service.name),
                since=silent.since or written,
                says=f"service {service.namespace}/{service.name} {silent.because}: "
                + ("requests are refused" if fails else "requests pass unasked"),
                seen={
                    "webhook": webhook.name,
                    "failurePolicy": webhook.failure_policy,
                    "asked about": _scope(webhook),
                },
                severity=Severity.CRITICAL if fails else None,
                next_step="Bring its pods back; if they cannot start because it is not there "
                "to be asked, take the webhook away until they have: "
                f"kubectl get {configuration.api.resource} {{name}} -o yaml",
            )


def _scope(webhook: Webhook) -> str:
    resources = dict.fromkeys(r for rule in webhook.rules for r in rule.resources)
    return ", ".join(list(resources)[:5])
