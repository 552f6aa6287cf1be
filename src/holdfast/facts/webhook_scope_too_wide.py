"""An admission webhook must answer for everything, kube-system included: when it fails, the
cluster cannot mend itself.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from holdfast.model.kinds import MutatingWebhooks, Namespace, ValidatingWebhooks
from holdfast.model.kinds.control import Webhook
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.webhooks import configurations

SYSTEM = "kube-system"
WRITES = frozenset({"CREATE", "UPDATE", "*"})


@fact(
    code="HF-CTL-005",
    channel=Channel.POSTURE,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # an installer may narrow what it has just made
    reads=(ValidatingWebhooks, MutatingWebhooks, Namespace),
    next_step="Leave kube-system out with a namespaceSelector, or name the resources: "
    "kubectl get KIND {name} -o yaml",
)
def webhook_scope_too_wide(cluster: Snapshot) -> Iterator[Found]:
    """A webhook with failure policy Fail asks about the writing of every resource of every group,
    and neither its selectors nor its conditions leave kube-system out.
    """
    system = cluster.find(Namespace, "", SYSTEM)
    labels = {"kubernetes.io/metadata.name": SYSTEM, **(system.metadata.labels if system else {})}
    for configuration in configurations(cluster):
        for webhook in configuration.webhooks:
            if webhook.failure_policy != "Fail" or not _everywhere(webhook, labels):
                continue  # healthy: it may fail, or asks about less
            yield Found(
                about=configuration.ref,
                part=webhook.name,
                since=configuration.metadata.last_written or configuration.born,
                says=f"webhook {webhook.name} must answer for everything, {SYSTEM} included",
                seen={"webhook": webhook.name, "failurePolicy": webhook.failure_policy},
                next_step="Leave kube-system out with a namespaceSelector, or name the "
                f"resources: kubectl get {configuration.api.resource} {{name}} -o yaml",
            )


def _everywhere(webhook: Webhook, labels: Mapping[str, str]) -> bool:
    chosen, objects = webhook.namespace_selector, webhook.object_selector
    if chosen is not None and not chosen.matches(labels):
        return False
    if objects is not None and (objects.match_labels or objects.match_expressions):
        return False
    return not webhook.match_conditions and any(
        "*" in rule.api_groups
        and ("*" in rule.resources or "*/*" in rule.resources)
        and not WRITES.isdisjoint(rule.operations)
        for rule in webhook.rules
    )
