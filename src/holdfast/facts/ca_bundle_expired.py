"""The API server trusts a webhook or an API by a certificate that has expired: every call fails."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from holdfast.model import x509
from holdfast.model.kinds import ApiService, Definition, MutatingWebhooks, ValidatingWebhooks
from holdfast.model.objects import Object
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.webhooks import configurations


@fact(
    code="HF-CTL-014",
    channel=Channel.INCIDENT,
    severity=Severity.CRITICAL,
    grace=timedelta(minutes=1),  # who renews it writes the new one within seconds
    reads=(ValidatingWebhooks, MutatingWebhooks, Definition, ApiService),
    next_step="Have whoever made it renew it (cert-manager's cainjector, its operator, its chart): "
    "kubectl describe KIND {name}",
    explains=("HF-CTL-003", "HF-WRK-055"),
)
def ca_bundle_expired(cluster: Snapshot) -> Iterator[Found]:
    """Every certificate in the caBundle of an admission webhook, of a conversion webhook or of an
    APIService has expired. A webhook whose failure policy is Ignore is a warning: requests pass
    unasked. A bundle with one certificate that holds, or that cannot be read, is left alone, as is
    who is trusted by the cluster's own authority. Whether the serving certificate is signed by one
    that holds takes a probe.
    """
    for about, part, bundle, severity in _bundles(cluster):
        ended = _ended(about, bundle, cluster.now)
        if ended is None:
            continue  # healthy
        yield Found(
            about=about.ref,
            part=part,
            since=ended,
            says="the authority that it is trusted by has expired: calls to it fail",
            seen={"caBundle ended": ended.isoformat()} | ({"webhook": part} if part else {}),
            severity=severity,
            next_step="Have whoever made it renew it (cert-manager's cainjector, its operator, "
            f"its chart): kubectl describe {about.api.resource} {{name}}",
        )


def _bundles(cluster: Snapshot) -> Iterator[tuple[Object, str, str, Severity | None]]:
    """Each bundle with its object and part, and how much its end weighs."""
    for configuration in configurations(cluster):
        for webhook in configuration.webhooks:
            if webhook.rules:  # else it is never asked
                ignored = webhook.failure_policy == "Ignore"
                weight = Severity.WARNING if ignored else None
                yield configuration, webhook.name, webhook.client_config.ca_bundle, weight
    for definition in cluster.all(Definition):
        conversion = definition.spec.conversion
        versions = {v.name for v in definition.spec.versions if v.served}
        stored = {*definition.status.stored_versions}
        if conversion.strategy == "Webhook" and conversion.webhook and len(versions | stored) > 1:
            yield definition, "", conversion.webhook.client_config.ca_bundle, None
    for service in cluster.all(ApiService):
        yield service, "", service.spec.ca_bundle, None


def _ended(about: Object, bundle: str, now: datetime) -> datetime | None:
    """When it did; None while it holds."""
    if not bundle or about.leaving:
        return None
    ended = x509.ends(bundle)
    return ended if ended is not None and ended < now else None
