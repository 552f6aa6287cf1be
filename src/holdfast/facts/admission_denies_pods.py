"""An admission policy denies the pods that a workload wants."""

from collections.abc import Iterator

from holdfast.model.kinds import AdmissionPolicy, AdmissionPolicyBinding
from holdfast.model.refusals import EXPLAINS, GRACE, READ, Cause, refusals
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-WRK-054",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=GRACE,
    reads=READ,
    hints=(AdmissionPolicy, AdmissionPolicyBinding),  # for what was changed before
    next_step="Change the template so that the policy allows it, or ask its owners; their words: "
    "kubectl get events -n {namespace} --field-selector involvedObject.name={name}",
    explains=EXPLAINS,
)
def admission_denies_pods(cluster: Snapshot) -> Iterator[Found]:
    """A ReplicaSet, ReplicationController, StatefulSet, DaemonSet or Job has fewer pods than it
    wants, and its last attempt to create one was denied by an admission webhook or a
    ValidatingAdmissionPolicy. The part names which.
    Where ReplicaSets may not be seen, their Deployments tell it.
    """
    for refusal in refusals(cluster, Cause.DENIED):
        yield refusal.found
