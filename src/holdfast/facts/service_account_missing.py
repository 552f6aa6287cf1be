"""A workload wants pods of a service account that does not exist."""

from collections.abc import Iterator

from holdfast.model.refusals import EXPLAINS, GRACE, READ, Cause, refusals
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-056",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=GRACE,
    reads=READ,
    next_step="Create the account, or name another in the template: "
    "kubectl create serviceaccount {part} -n {namespace}",
    explains=EXPLAINS,
)
def service_account_missing(cluster: Snapshot) -> Iterator[Found]:
    """A ReplicaSet, ReplicationController, StatefulSet, DaemonSet or Job has fewer pods than it
    wants, and the API server refused its last attempt because the service account could not be
    looked up. That is the API server's own word: service accounts themselves are not read.
    Where ReplicaSets may not be seen, their Deployments tell it.
    """
    for refusal in refusals(cluster, Cause.ACCOUNT):
        yield refusal.found
