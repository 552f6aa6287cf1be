"""Certificates that are not issued, and cert-manager, which an administrator plays.

Its own definitions are served, and none of its controllers runs: a status is written as they write
it, and once what had failed is gone, the next attempt is made as they make it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lab import crds
from lab.client import APPLY
from lab.control_plane import Lab
from tests.cluster.mendable import Mendable, filed, steps, workload

type Raw = dict[str, Any]

HOME = "cert-manager"  # a namespace
_CERTIFICATES, _ACME = "cert-manager.io/v1", "acme.cert-manager.io/v1"
_TO_BE_SIGNED = "cmVxdWVzdA=="
_APPROVED: Raw = {"type": "Approved", "status": "True", "reason": "cert-manager.io"}


def _not_ready(reason: str) -> Raw:
    return {"type": "Ready", "status": "False", "reason": reason}


_WAITS = _not_ready("DoesNotExist")
_ISSUED: Raw = {"conditions": [_APPROVED, {"type": "Ready", "status": "True", "reason": "Issued"}]}


def run_cert_manager(lab: Lab) -> None:
    """Serve its kinds, and have its controllers and their webhook stand there, healthy."""
    crds.install(lab, ["cert-manager"])
    client = lab.client()
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME}}
    forced: dict[str, str | int] = {"fieldManager": "helm", "force": "true"}
    spaces, deployments = "/api/v1/namespaces", f"/apis/apps/v1/namespaces/{HOME}/deployments"
    parts = {f"{deployments}/{each['metadata']['name']}": each for each in _parts()}
    for path, body in {f"{spaces}/{HOME}": space, **parts}.items():
        done = client.send("PATCH", path, body=body, kind=APPLY, query=forced)
        assert done.ok, done.body
    lab.wait(
        lambda: all(client.get(path).json()["status"].get("availableReplicas") for path in parts),
        what="cert-manager to run",
    )
    client.close()


def _parts() -> Iterator[Raw]:
    for name, component in (("cert-manager", "controller"), ("webhook", "webhook")):
        part = workload("Deployment", replicas=1, name=name)
        part["metadata"]["labels"] = {
            "app.kubernetes.io/name": name,
            "app.kubernetes.io/instance": "cert-manager",
            "app.kubernetes.io/component": component,
        }
        yield part


REQUESTS: Mapping[str, list[Raw]] = {
    "request_that_failed": [_APPROVED, _not_ready("Failed")],
    "request_that_was_denied": [
        {"type": "Denied", "status": "True", "reason": "PolicyDenied"},
        _not_ready("Denied"),
    ],
}
ORDERS: Mapping[str, str] = {"order_that_errored": "errored", "order_that_is_invalid": "invalid"}


def unissued() -> Iterator[Mendable]:
    """All of them."""
    for name, said in REQUESTS.items():
        yield _request(name, said)
    for name, state in ORDERS.items():
        yield _order(name, state)


def _request(name: str, said: list[Raw]) -> Mendable:
    """It has come to its end, and the hour has passed for which cert-manager waits by itself; once
    it is gone, the Certificate asks again, and is heard.
    """
    ended = {"conditions": said, "failureTime": "$ago(1h)"}
    failed = {"type": "Issuing", "status": "False", "reason": "Failed"}
    counted = {"failedIssuanceAttempts": 1, "lastFailureTime": "$ago(1h)"}
    fault = [
        _a_request("site-1"),
        _status("CertificateRequest/site-1", ended),
        _status("Certificate/site", {"conditions": [_WAITS, failed], **counted}),
    ]
    heard = [
        {"await": {"of": "CertificateRequest/site-1", "gone": True}},
        _a_request("site-2"),
        _status("CertificateRequest/site-2", _ISSUED),
    ]
    return _mendable(name, fault, heard, action="DeleteCertificateRequest", code="HF-CFG-011")


def _order(name: str, state: str) -> Mendable:
    """Its request has not ended yet; once it is gone, that orders again, and gets it."""
    pends = _not_ready("Pending")
    attempt = {"type": "Issuing", "status": "True", "reason": "DoesNotExist"}
    fault = [
        _a_request("site-1"),
        _status("CertificateRequest/site-1", {"conditions": [_APPROVED, pends]}),
        _an_order("site-1-1"),
        _status("Certificate/site", {"conditions": [_WAITS, attempt]}),
        _status(_of_order("site-1-1"), {"state": state, "failureTime": "$ago(10m)"}),
    ]
    heard = [
        {"await": {"of": _of_order("site-1-1"), "gone": True}},
        _an_order("site-1-2"),
        _status(_of_order("site-1-2"), {"state": "valid"}),
        _status("CertificateRequest/site-1", _ISSUED),
    ]
    return _mendable(name, fault, heard, action="DeleteACMEOrder", code="HF-CFG-012")


def _mendable(name: str, fault: list[Raw], heard: list[Raw], *, action: str, code: str) -> Mendable:
    issuer: Raw = {
        "apiVersion": _CERTIFICATES,
        "kind": "Issuer",
        "metadata": {"name": "ca"},
        "spec": {"selfSigned": {}},
    }
    certificate: Raw = {
        "apiVersion": _CERTIFICATES,
        "kind": "Certificate",
        "metadata": {"name": "site"},
        "spec": {
            "secretName": "site-tls",
            "dnsNames": ["site.example.com"],
            "issuerRef": {"name": "ca"},
        },
    }
    ready = {"conditions": [{"type": "Ready", "status": "True", "reason": "Ready"}]}
    waits = {"of": "Certificate/site", "where": {"status": {"conditions": [_WAITS]}}}
    broken = [_status("Issuer/ca", ready), *fault]
    return Mendable(
        filed=filed(name, [issuer, certificate], [], broken, [waits]),
        action=action,
        code=code,
        then=steps([*heard, _status("Certificate/site", ready)]),
    )


def _a_request(name: str) -> Raw:
    return _owned("CertificateRequest", _CERTIFICATES, name, "Certificate", "site")


def _an_order(name: str) -> Raw:
    return _owned("Order", _ACME, name, "CertificateRequest", "site-1")


def _of_order(name: str) -> str:
    return f"Order.acme.cert-manager.io/{name}"


def _owned(kind: str, version: str, name: str, by: str, owner: str) -> Raw:
    owned_by = {
        "apiVersion": _CERTIFICATES,
        "kind": by,
        "name": owner,
        "uid": f"$uid({by}/{owner})",
        "controller": True,
        "blockOwnerDeletion": True,
    }
    made = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "ownerReferences": [owned_by]},
        "spec": {"issuerRef": {"name": "ca"}, "request": _TO_BE_SIGNED},
    }
    return {"apply": made}


def _status(of: str, status: Raw) -> Raw:
    return {"status": {"of": of, "with": {"status": status}}}
