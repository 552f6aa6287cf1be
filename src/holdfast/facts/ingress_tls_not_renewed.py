"""An ingress serves another Secret than the one that cert-manager renews for its host."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Certificate, Ingress
from holdfast.model.kinds.network import IngressTls
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot


@fact(
    code="HF-CFG-016",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # an ingress that is moved to a new certificate names it soon
    reads=(Certificate, Ingress),
    next_step="Name the Secret that is renewed, or ask who renews the other one: "
    "kubectl get certificates,ingresses -n {namespace} -o wide",
)
def ingress_tls_not_renewed(cluster: Snapshot) -> Iterator[Found]:
    """A Certificate of the namespace names every host of an ingress's TLS entry, and no ingress
    uses its Secret: this one names another Secret, which no Certificate renews. When that expires,
    nothing will have replaced it.
    """
    for ingress in cluster.all(Ingress):
        here = ingress.metadata.namespace
        if ingress.leaving or cluster.blind((Certificate, Ingress), namespace=here):
            continue
        there = [c for c in cluster.within(Certificate, here) if not c.leaving]
        renewed = {certificate.spec.secret_name for certificate in there}
        for tls in ingress.spec.tls:
            if not tls.secret_name or tls.secret_name in renewed:
                continue  # healthy: renewed, or the controller's own
            meant = next((c for c in there if _names(c, tls) and not _used(cluster, c)), None)
            if meant is None:
                continue  # healthy as far as we know: kept by other means
            since = max(ingress.asked_since, meant.asked_since)
            yield Found(
                about=ingress.ref,
                part=tls.secret_name,
                since=since,
                says=f"serves Secret {tls.secret_name}, while certificate {meant.metadata.name} "
                f"for {tls.hosts[0]} is renewed into {meant.spec.secret_name}",
                seen={
                    "hosts": ", ".join(tls.hosts[:5]),
                    "renewed": meant.spec.secret_name,
                },
            )


def _names(certificate: Certificate, tls: IngressTls) -> bool:
    """Whether it is for every one of those hosts, by name: a wildcard is often meant for others."""
    return bool(tls.hosts) and {*tls.hosts} <= {*certificate.spec.dns_names}


def _used(cluster: Snapshot, certificate: Certificate) -> bool:
    """Whether any ingress serves what it renews."""
    return any(
        tls.secret_name == certificate.spec.secret_name
        for ingress in cluster.within(Ingress, certificate.metadata.namespace)
        for tls in ingress.spec.tls
    )
