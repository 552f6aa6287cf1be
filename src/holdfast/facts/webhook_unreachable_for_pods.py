"""An admission webhook that cannot be asked keeps pods from being created."""

from collections.abc import Iterator

from holdfast.model.refusals import EXPLAINS, GRACE, READ, Cause, refusals
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-055",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=GRACE,
    reads=READ,
    next_step="See who should answer for {part} and whether it runs: kubectl get "
    "mutatingwebhookconfigurations,validatingwebhookconfigurations -o yaml",
    explains=EXPLAINS,
)
def webhook_unreachable_for_pods(cluster: Snapshot) -> Iterator[Found]:
    """A ReplicaSet, ReplicationController, StatefulSet, DaemonSet or Job has fewer pods than it
    wants, and its last attempt to create one failed because the API server could not call an
    admission webhook that must be asked. The part is the webhook's name.
    Where ReplicaSets may not be seen, their Deployments tell it.
    """
    for refusal in refusals(cluster, Cause.UNREACHABLE):
        yield refusal.found
