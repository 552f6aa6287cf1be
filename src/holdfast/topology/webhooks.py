"""Who is asked before anything is written; one home for every rule that asks."""

from holdfast.model.kinds import MutatingWebhooks, ValidatingWebhooks
from holdfast.model.snapshot import Snapshot


def configurations(
    cluster: Snapshot,
) -> tuple[ValidatingWebhooks | MutatingWebhooks, ...]:
    """Every configuration of admission webhooks, of both kinds."""
    return (*cluster.all(ValidatingWebhooks), *cluster.all(MutatingWebhooks))
