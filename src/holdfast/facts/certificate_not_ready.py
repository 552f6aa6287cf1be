"""A certificate is not issued as it is asked for."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Certificate, ClusterIssuer, Issuer
from holdfast.model.relations import Relation
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.certificates import READ, halt

NAME_ANOTHER = (
    "Make the issuer, or name one that exists: kubectl get issuers,clusterissuers -n {namespace}"
)


@fact(
    code="HF-CFG-010",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # a challenge by DNS that goes well takes one to three
    reads=READ,
    hints=(Issuer, ClusterIssuer),  # for one that does not exist
    next_step="See where it stands still, and what is said there: "
    "kubectl describe certificates,certificaterequests,orders,challenges -n {namespace}",
    explains=(
        "HF-CFG-001",
        "HF-CFG-003",
        "HF-CFG-014",
        "HF-NET-010",
        "HF-WRK-017",
        "HF-WRK-031",
        "HF-DLV-002",
    ),
    follows=(Relation.OWNS,),
)
def certificate_not_ready(cluster: Snapshot) -> Iterator[Found]:
    """A Certificate has Ready=False, or cert-manager has said nothing of it. The reason is that of
    the deepest object that its issue stands still at: challenge, order or request. One that is
    ready and cannot be renewed is not meant, nor one that has expired: facts of their own.
    """
    for certificate in cluster.all(Certificate):
        said = certificate.condition("Ready")
        if certificate.leaving or certificate.expired(cluster.now):
            continue
        if said is not None and said.status == "True":
            continue  # healthy: it is what was asked for, or is about to be looked at again
        since = said.last_transition_time if said is not None else None
        at = halt(cluster, certificate)
        issuer = certificate.spec.issuer_ref
        reason = said.reason if said is not None else "cert-manager has said nothing of it"
        missing = at is None and _missing(cluster, certificate)
        seen = {
            "reason": reason,
            "message": at.message if at else said.message if said else "",
            "at": str(at.at.ref) if at else "",
            "secret": certificate.spec.secret_name,
            "issuer": f"{issuer.kind or 'Issuer'} {issuer.name}",
            "names": ", ".join(certificate.spec.dns_names[:5]),
        }
        yield Found(
            about=certificate.ref,
            since=max(certificate.born, since or certificate.born),
            says=f"not issued: {at.says if at else reason}"
            + (f"; {seen['issuer']} does not exist" if missing else ""),
            seen={key: value for key, value in seen.items() if value},
            next_step=NAME_ANOTHER if missing else None,
        )


def _missing(cluster: Snapshot, certificate: Certificate) -> bool:
    """Whether the issuer that it names is one of cert-manager's own, and does not exist."""
    named, here = certificate.spec.issuer_ref, certificate.metadata.namespace
    if named.group not in ("", Issuer.api.group):
        return False
    everywhere = named.kind == ClusterIssuer.api.kind
    kind: type[Issuer | ClusterIssuer] = ClusterIssuer if everywhere else Issuer
    if cluster.blind((kind,), namespace="" if everywhere else here):
        return False
    return cluster.find(kind, "" if everywhere else here, named.name) is None
