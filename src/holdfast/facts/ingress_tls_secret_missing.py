"""The certificate of an ingress is to be in a Secret that does not exist."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Certificate, Ingress, Secret
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot, State

BY_CERTIFICATE = (
    "See who is to make it (a Certificate, or you): kubectl get certificates,secrets -n {namespace}"
)


@fact(
    code="HF-NET-010",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # issuing a certificate takes one to three
    reads=(Ingress, Secret),
    hints=(Certificate,),  # served where cert-manager is
    next_step="Make it, or name one that is there: kubectl get secrets -n {namespace}",
)
def ingress_tls_secret_missing(cluster: Snapshot) -> Iterator[Found]:
    """A Secret that an ingress names for TLS does not exist: browsers get another certificate or
    none. Told only where Secrets may be seen.
    """
    certificates = cluster.capture(Certificate).state in (State.CAPTURED, State.PARTIAL)
    for ingress in cluster.all(Ingress):
        here = ingress.metadata.namespace
        if ingress.leaving or cluster.blind((Secret,), namespace=here):
            continue
        for tls in ingress.spec.tls:
            if not tls.secret_name or cluster.find(Secret, here, tls.secret_name) is not None:
                continue  # healthy: it is there, or the controller's own certificate is meant
            yield Found(
                about=ingress.ref,
                part=tls.secret_name,
                through=Secret.at(here, tls.secret_name),
                since=ingress.asked_since,
                says=f"the Secret {tls.secret_name} of its certificate does not exist",
                seen={"secret": tls.secret_name, "hosts": ", ".join(tls.hosts[:5]) or "any"},
                next_step=BY_CERTIFICATE if certificates else None,
            )
