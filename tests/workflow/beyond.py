"""What else is broken in the shop: certificates that cert-manager could not have issued, and a node
that somebody cordoned and forgot.
"""

from datetime import timedelta
from typing import Any

from holdfast.model.kinds import (
    Certificate,
    CertificateRequest,
    Challenge,
    ClusterIssuer,
    Issuer,
    Order,
)
from holdfast.model.times import stamp
from holdfast.testing.manifests import condition, manifest, owner
from holdfast.testing.resources import Resource
from holdfast.testing.simulated import SimulatedCluster

type Json = dict[str, Any]

GROUP, ACME = "cert-manager.io/v1", "acme.cert-manager.io/v1"
NODE, FOLLOWER = "node-5", "node.kubernetes.io/unschedulable"
SPEC: Json = {"secretName": "tls", "dnsNames": ["a.example"], "issuerRef": {"name": "ca"}}


def go_wrong(cluster: SimulatedCluster) -> None:
    """All of it, with a cert-manager that runs."""
    for each in (Certificate, CertificateRequest, Issuer, ClusterIssuer, Order, Challenge):
        api = each.api
        cluster.register(
            Resource(
                group=api.group,
                kind=api.kind,
                plural=api.plural,
                namespaced=api.namespaced,
                status=True,
            )
        )
    _manager(cluster)
    a_request(cluster, "shut", reason="Failed")
    pending = a_request(cluster, "waits", reason="Pending")
    order = manifest(ACME, "Order", "waits-1-1", metadata={"ownerReferences": [owner(pending)]})
    cluster.update_status({**cluster.create(order), "status": {"state": "errored"}})
    _node(cluster)


def a_request(cluster: SimulatedCluster, certificate: str, *, reason: str, number: int = 1) -> Json:
    """A request of that Certificate, which is there from its first on, and what came of it."""
    now, fulfilled = cluster.clock.now(), reason == "Issued"
    if number == 1:
        made = cluster.create(manifest(GROUP, "Certificate", certificate, spec=SPEC))
        waits = condition("Ready", "False", now, "DoesNotExist", "it is not issued")
        status: Json = {"conditions": [waits]}
        if reason == "Failed":  # so long ago that cert-manager would ask again by now
            failed = stamp(now - timedelta(hours=1))
            status |= {"failedIssuanceAttempts": 1, "lastFailureTime": failed}
        cluster.update_status({**made, "status": status})
    by = cluster.fetch("certificates.cert-manager.io", certificate, namespace="shop")
    bare = manifest(
        GROUP,
        "CertificateRequest",
        f"{certificate}-{number}",
        metadata={"ownerReferences": [owner(by)]},
        spec={"issuerRef": {"name": "ca"}},
    )
    return said_of(cluster, cluster.create(bare), "True" if fulfilled else "False", reason)


def said_of(cluster: SimulatedCluster, each: Json, ready: str, reason: str) -> Json:
    """Its Ready condition, as its controller writes it."""
    said = condition("Ready", ready, cluster.clock.now(), reason, reason)
    return cluster.update_status({**each, "status": {"conditions": [said]}})


def _manager(cluster: SimulatedCluster) -> None:
    cluster.create(manifest("v1", "Namespace", "cert-manager", namespace=None))
    for name, component in (("cert-manager", "controller"), ("webhook", "webhook")):
        labels = {
            "app.kubernetes.io/name": name,
            "app.kubernetes.io/instance": "cert-manager",
            "app.kubernetes.io/component": component,
        }
        part = manifest(
            "apps/v1",
            "Deployment",
            name,
            namespace="cert-manager",
            metadata={"labels": labels},
            spec={
                "replicas": 1,
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": []}},
            },
        )
        status = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
        cluster.update_status({**cluster.create(part), "status": status})
    said_of(cluster, cluster.create(manifest(GROUP, "Issuer", "ca")), "True", "Ready")


def _node(cluster: SimulatedCluster) -> None:
    fields: Json = {"f:spec": {"f:unschedulable": {}}}
    wrote = {"manager": "kubectl", "operation": "Update", "fieldsType": "FieldsV1"}
    taint = {"key": FOLLOWER, "effect": "NoSchedule"}
    node = manifest(
        "v1",
        "Node",
        NODE,
        namespace=None,
        spec={"unschedulable": True, "taints": [taint]},
        metadata={"managedFields": [{**wrote, "fieldsV1": fields}]},
    )
    ready = condition("Ready", "True", cluster.clock.now(), "KubeletReady", "it is well")
    cluster.update_status({**cluster.create(node), "status": {"conditions": [ready]}})
