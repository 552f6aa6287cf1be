"""An issuer of certificates cannot issue."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import ClusterIssuer, Issuer
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.conditions import saying


@fact(
    code="HF-CFG-013",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # it registers with its server again when cert-manager starts
    reads=(Issuer, ClusterIssuer),
    next_step="Read why (its Secret, its server, its account): "
    "kubectl describe issuer {name} -n {namespace}",
    explains=("HF-CFG-010", "HF-CFG-011", "HF-CFG-012", "HF-CFG-014", "HF-CFG-015"),
)
def issuer_not_ready(cluster: Snapshot) -> Iterator[Found]:
    """An Issuer or ClusterIssuer has Ready=False, said of it as it stands."""
    every: tuple[Issuer | ClusterIssuer, ...] = (*cluster.all(Issuer), *cluster.all(ClusterIssuer))
    for issuer, said in saying(every, "Ready", "False"):
        if not said.speaks_of(issuer.metadata.generation):
            continue  # about an older version of it
        everywhere = isinstance(issuer, ClusterIssuer)
        yield Found(
            about=issuer.ref,
            since=max(issuer.born, said.last_transition_time or issuer.born),
            says=f"cannot issue certificates: {said.reason}",
            seen={"reason": said.reason, "message": said.message},
            next_step="Read why (its Secret, its server, its account): "
            "kubectl describe clusterissuer {name}"
            if everywhere
            else None,
        )
