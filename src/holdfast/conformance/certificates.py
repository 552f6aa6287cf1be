"""A certificate that could not be issued, and cert-manager, which runs."""

from typing import Any

from holdfast.conformance.scenes import Raw, owned, raw

GROUP, ACME = "cert-manager.io/v1", "acme.cert-manager.io/v1"


def a_certificate(**changed: Any) -> Raw:
    """It waits for its issuer."""
    spec = {"secretName": "web-tls", "dnsNames": ["a.example"], "issuerRef": {"name": "ca"}}
    return raw(GROUP, "Certificate", "web", **{"spec": spec, **changed})


CERTIFICATE = a_certificate()


def an_issuer(ready: str = "True", kind: str = "Issuer") -> Raw:
    """Who is to issue it."""
    said = {"type": "Ready", "status": ready, "reason": "ItsWord"}
    where = {"metadata": {"namespace": ""}} if kind == "ClusterIssuer" else {}
    return raw(GROUP, kind, "ca", status={"conditions": [said]}, **where)


def a_request(
    name: str = "web-1", reason: str = "Failed", born: str = "2026-01-01T11:00:00Z", **said: str
) -> Raw:
    """One request of that certificate, and what its Ready condition says."""
    ready = {"type": "Ready", "status": "False", "reason": reason, **said}
    metadata = {**owned(CERTIFICATE), "creationTimestamp": born}
    return raw(GROUP, "CertificateRequest", name, metadata=metadata, status={"conditions": [ready]})


def an_order(state: str = "errored", by: Raw | None = None) -> Raw:
    """What a request ordered at an ACME server."""
    metadata = owned(by or a_request(reason="Pending"))
    return raw(ACME, "Order", "web-1-1", metadata=metadata, status={"state": state})


def a_part(
    name: str = "cert-manager", wanted: int = 1, available: int = 1, of: str = "cert-manager"
) -> Raw:
    """A Deployment of cert-manager's, in the namespace that it lies in."""
    told = {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/instance": of,
        "app.kubernetes.io/component": "controller" if name == "cert-manager" else name,
    }
    metadata = {"namespace": "cert-manager", "labels": told}
    status = {"replicas": wanted, "availableReplicas": available}
    return raw(
        "apps/v1", "Deployment", name, metadata=metadata, spec={"replicas": wanted}, status=status
    )


AROUND = (CERTIFICATE, an_issuer(), a_part(), a_part("webhook"))
