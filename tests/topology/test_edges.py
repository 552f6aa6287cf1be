"""What leads to what: services, gateways, webhooks, and what a namespace waits for."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from holdfast.model.kinds import KINDS
from holdfast.model.objects import Object
from holdfast.model.relations import Relation
from holdfast.model.snapshot import Capture, Snapshot
from holdfast.topology.edges import topology

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def an(kind: str, name: str, namespace: str = "", **fields: Any) -> Object:
    of = next(k for k in KINDS if k.api.kind == kind)
    metadata = {"name": name, "namespace": namespace, "uid": name, **fields.pop("metadata", {})}
    return msgspec.convert({"metadata": metadata, **fields}, of)


def edges(*objects: Object) -> set[tuple[str, str, str]]:
    captures = [
        Capture(kind=kind, objects=tuple(o for o in objects if isinstance(o, kind)))
        for kind in KINDS
    ]
    found = topology(Snapshot(now=NOW, captures=captures)).edges
    return {("/".join(e.source), e.relation.value, "/".join(e.target)) for e in found}


SERVICE = {"namespace": "guard", "name": "policy"}
GONE = {"deletionTimestamp": "2026-01-01T11:00:00Z", "finalizers": ["example.com/guard"]}
HOOKS = "ValidatingWebhookConfiguration.admissionregistration.k8s.io//guard"


def hook(policy: str, *resources: str, **more: Any) -> Object:
    rule = {"apiGroups": [""], "resources": list(resources), "operations": ["CREATE"]}
    webhook = {
        "name": "pods.guard",
        "clientConfig": {"service": SERVICE},
        "failurePolicy": policy,
        "rules": [{**rule, **more.pop("rule", {})}],
        **more,
    }
    return an("ValidatingWebhookConfiguration", "guard", webhooks=[webhook])


def refused(by: str) -> Object:
    failure = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "lastTransitionTime": "2026-01-01T11:00:00Z",
        "message": f'Internal error occurred: failed calling webhook "{by}": refused',
    }
    labels = {"matchLabels": {"app": "web"}}
    template = {"metadata": {"labels": {"app": "web"}}}
    spec = {"replicas": 1, "selector": labels, "template": template}
    return an("ReplicaSet", "web-1", "shop", spec=spec, status={"conditions": [failure]})


def test_the_api_server_needs_the_services_that_it_asks() -> None:
    conversion = {"strategy": "Webhook", "webhook": {"clientConfig": {"service": SERVICE}}}

    found = edges(
        hook("Ignore", "pods"),
        an("APIService", "v1.metrics", spec={"service": SERVICE}),
        an("APIService", "v1.apps", spec={"service": None}),
        an("CustomResourceDefinition", "widgets", spec={"conversion": conversion}),
    )

    asked = (Relation.ROUTES.value, "Service/guard/policy")
    assert found == {
        (HOOKS, *asked),
        ("APIService.apiregistration.k8s.io//v1.metrics", *asked),
        ("CustomResourceDefinition.apiextensions.k8s.io//widgets", *asked),
    }


@pytest.mark.parametrize(
    ("policy", "resource", "asked"),
    [("Fail", "pods", True), ("Fail", "*", True), ("Fail", "nodes", False), ("Ignore", "*", False)],
)
def test_pods_are_admitted_by_webhooks_that_must_answer(
    policy: str, resource: str, asked: bool
) -> None:
    found = edges(hook(policy, resource), an("ReplicaSet", "web-1", "shop"))

    assert asked == (("ReplicaSet.apps/shop/web-1", "admitted by", HOOKS) in found)


SHOP = {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}
OTHERS = {"matchLabels": {"kubernetes.io/metadata.name": "bank"}}
GUARDED = {"matchLabels": {"guard": "yes"}}
WEB = {"matchLabels": {"app": "web"}}


@pytest.mark.parametrize(
    ("narrowed", "asked"),
    [
        ({"namespaceSelector": SHOP}, True),
        ({"namespaceSelector": GUARDED}, True),
        ({"namespaceSelector": OTHERS}, False),
        ({"objectSelector": WEB}, True),
        ({"objectSelector": GUARDED}, False),
        ({"rule": {"operations": ["DELETE"]}}, False),
    ],
)
def test_a_webhook_is_asked_about_whom_its_selectors_choose(
    narrowed: dict[str, Any], asked: bool
) -> None:
    shop = an("Namespace", "shop", metadata={"labels": {"guard": "yes"}})
    template = {"metadata": {"labels": {"app": "web"}}}

    found = edges(
        shop,
        hook("Fail", "pods", **narrowed),
        an("ReplicaSet", "web-1", "shop", spec={"template": template}),
    )

    assert asked == (("ReplicaSet.apps/shop/web-1", "admitted by", HOOKS) in found)


@pytest.mark.parametrize(
    ("by", "narrowed", "held"),
    [
        ("pods.guard", {}, True),
        ("pods.guard", {"namespaceSelector": OTHERS}, False),
        ("other.guard", {}, False),
    ],
)
def test_a_webhook_holds_whom_it_refused_by_its_name(
    by: str, narrowed: dict[str, Any], held: bool
) -> None:
    found = edges(an("Namespace", "shop"), hook("Fail", "pods", **narrowed), refused(by))

    assert held == (("ReplicaSet.apps/shop/web-1", Relation.HELD_BY.value, HOOKS) in found)


def test_a_route_needs_its_gateway_and_its_services_wherever_they_are() -> None:
    parents = [
        {"name": "web", "namespace": "infra"},
        {"group": "", "kind": "Service", "name": "mesh"},
    ]
    backends = [{"name": "shop"}, {"name": "api", "namespace": "back"}]

    found = edges(
        an("Gateway", "web", "infra", spec={"gatewayClassName": "public"}),
        an(
            "HTTPRoute",
            "shop",
            "shop",
            spec={"parentRefs": parents, "rules": [{"backendRefs": backends}]},
        ),
    )

    route, gateway = "HTTPRoute.gateway.networking.k8s.io", "Gateway.gateway.networking.k8s.io"
    assert found == {
        (f"{route}/shop/shop", Relation.REFERENCES.value, f"{gateway}/infra/web"),
        (f"{route}/shop/shop", Relation.ROUTES.value, "Service/shop/shop"),
        (f"{route}/shop/shop", Relation.ROUTES.value, "Service/back/api"),
        (
            f"{gateway}/infra/web",
            Relation.REFERENCES.value,
            "GatewayClass.gateway.networking.k8s.io//public",
        ),
    }


def test_a_namespace_that_is_to_go_waits_for_what_is_held_in_it() -> None:
    found = edges(
        an("Namespace", "shop", metadata={"deletionTimestamp": GONE["deletionTimestamp"]}),
        an("Namespace", "other"),
        an("ConfigMap", "held", "shop", metadata=GONE),
        an("ConfigMap", "plain", "shop"),
        an("ConfigMap", "elsewhere", "other", metadata=GONE),
    )

    assert found == {("Namespace//shop", Relation.HELD_BY.value, "ConfigMap/shop/held")}


def test_a_namespace_that_is_to_go_waits_for_the_api_that_is_said_not_to_answer() -> None:
    said = {
        "type": "NamespaceDeletionDiscoveryFailure",
        "status": "True",
        "message": "unable to retrieve the complete list of server APIs: metrics.example.com/v1: "
        "stale GroupVersion discovery: metrics.example.com/v1",
    }
    served = {"service": {"name": "metrics", "namespace": "infra"}}
    found = edges(
        an(
            "Namespace",
            "shop",
            metadata={"deletionTimestamp": GONE["deletionTimestamp"]},
            status={"phase": "Terminating", "conditions": [said]},
        ),
        an("APIService", "v1.metrics.example.com", spec={**served, "group": "metrics.example.com"}),
        an("APIService", "v1.example.com", spec={**served, "group": "example.com"}),
        an("CustomResourceDefinition", "gizmos.example.dev", spec={"group": "example.dev"}),
    )

    held = {edge for edge in found if edge[1] == Relation.HELD_BY.value}
    api = "APIService.apiregistration.k8s.io//v1.metrics.example.com"
    assert held == {("Namespace//shop", Relation.HELD_BY.value, api)}


def test_a_namespace_that_is_to_go_waits_for_the_kind_that_is_said_not_to_be_converted() -> None:
    said = {
        "type": "NamespaceDeletionContentFailure",
        "status": "True",
        "message": "Failed to delete all resource types, 1 remaining: conversion webhook for "
        "example.dev/v1, Kind=Gizmo failed: no endpoints available",
    }
    found = edges(
        an(
            "Namespace",
            "shop",
            metadata={"deletionTimestamp": GONE["deletionTimestamp"]},
            status={"phase": "Terminating", "conditions": [said]},
        ),
        an("CustomResourceDefinition", "gizmos.example.dev", spec={"group": "example.dev"}),
        an("CustomResourceDefinition", "widgets.other.dev", spec={"group": "other.dev"}),
    )

    kind = "CustomResourceDefinition.apiextensions.k8s.io//gizmos.example.dev"
    assert found == {("Namespace//shop", Relation.HELD_BY.value, kind)}


def test_a_volume_needs_its_attachment() -> None:
    found = edges(
        an("VolumeAttachment", "csi-1", spec={"source": {"persistentVolumeName": "pv-1"}})
    )

    assert found == {
        (
            "PersistentVolume//pv-1",
            Relation.REFERENCES.value,
            "VolumeAttachment.storage.k8s.io//csi-1",
        )
    }


def test_a_secret_is_made_by_a_certificate_that_needs_its_issuer() -> None:
    asked = {"secretName": "web-tls", "issuerRef": {"kind": "ClusterIssuer", "name": "acme"}}
    certificate = an("Certificate", "web", "shop", spec=asked)

    found = edges(certificate)

    assert found == {
        ("Secret/shop/web-tls", "made by", "Certificate.cert-manager.io/shop/web"),
        (
            "Certificate.cert-manager.io/shop/web",
            "references",
            "ClusterIssuer.cert-manager.io//acme",
        ),
    }


def test_an_issuer_of_another_group_is_nobody_that_we_know() -> None:
    asked = {"secretName": "web-tls", "issuerRef": {"group": "awspca.cert-manager.io", "name": "a"}}

    found = edges(an("Certificate", "web", "shop", spec=asked))

    assert {relation for _, relation, _ in found} == {"made by"}


@pytest.mark.parametrize(
    ("kind", "store"),
    [
        ("", "SecretStore.external-secrets.io/shop/vault"),
        ("ClusterSecretStore", "ClusterSecretStore.external-secrets.io//vault"),
    ],
)
def test_a_secret_is_made_by_an_external_one_that_needs_its_store(kind: str, store: str) -> None:
    external = an(
        "ExternalSecret", "db", "shop", spec={"secretStoreRef": {"name": "vault", "kind": kind}}
    )

    found = edges(external)

    assert found == {
        ("Secret/shop/db", "made by", "ExternalSecret.external-secrets.io/shop/db"),
        ("ExternalSecret.external-secrets.io/shop/db", "references", store),
    }


def test_a_cron_job_refers_to_what_its_jobs_will_need() -> None:
    pod = {"containers": [{"name": "run", "envFrom": [{"secretRef": {"name": "nightly"}}]}]}
    cron = an(
        "CronJob", "nightly", "shop", spec={"jobTemplate": {"spec": {"template": {"spec": pod}}}}
    )

    assert edges(cron) == {("CronJob.batch/shop/nightly", "references", "Secret/shop/nightly")}


def test_what_flux_delivers_needs_its_source_and_what_it_depends_on() -> None:
    git = {"kind": "GitRepository", "name": "fleet", "namespace": "flux-system"}
    apps = an(
        "Kustomization", "apps", "shop", spec={"sourceRef": git, "dependsOn": [{"name": "a"}]}
    )
    chart = an(
        "HelmChart", "web", "shop", spec={"sourceRef": {"kind": "HelmRepository", "name": "b"}}
    )
    release = an("HelmRelease", "web", "shop", status={"helmChart": "shop/web"})
    by_ref = an(
        "HelmRelease", "db", "shop", spec={"chartRef": {"kind": "OCIRepository", "name": "c"}}
    )

    source, flux = "source.toolkit.fluxcd.io", "toolkit.fluxcd.io"
    assert edges(apps, chart, release, by_ref) == {
        (needs, "references", needed)
        for needs, needed in (
            (
                f"Kustomization.kustomize.{flux}/shop/apps",
                f"GitRepository.{source}/flux-system/fleet",
            ),
            (f"Kustomization.kustomize.{flux}/shop/apps", f"Kustomization.kustomize.{flux}/shop/a"),
            (f"HelmChart.{source}/shop/web", f"HelmRepository.{source}/shop/b"),
            (f"HelmRelease.helm.{flux}/shop/web", f"HelmChart.{source}/shop/web"),
            (f"HelmRelease.helm.{flux}/shop/db", f"OCIRepository.{source}/shop/c"),
        )
    }


@pytest.mark.parametrize(
    ("server", "found"),
    [
        (
            "https://kubernetes.default.svc",
            {("Application.argoproj.io/argocd/shop", "references", "Deployment.apps/shop/web")},
        ),
        ("https://192.0.2.7", set()),
    ],
)
def test_an_application_needs_what_does_badly_in_this_cluster(
    server: str, found: set[tuple[str, str, str]]
) -> None:
    here = {"group": "apps", "kind": "Deployment", "namespace": "shop"}
    resources = [
        {**here, "name": "web", "health": {"status": "Degraded"}},
        {**here, "name": "api", "health": {"status": "Healthy"}},
    ]
    application = an(
        "Application",
        "shop",
        "argocd",
        spec={"destination": {"server": server}},
        status={"resources": resources},
    )

    assert edges(application) == found


@pytest.mark.parametrize(("named", "location"), [("", "main"), ("second", "second")])
def test_a_schedule_of_backups_needs_where_they_are_kept(named: str, location: str) -> None:
    schedule = an("Schedule", "daily", "velero", spec={"template": {"storageLocation": named}})
    main = an("BackupStorageLocation", "main", "velero", spec={"default": True})
    second = an("BackupStorageLocation", "second", "velero")

    assert edges(schedule, main, second) == {
        (
            "Schedule.velero.io/velero/daily",
            "references",
            f"BackupStorageLocation.velero.io/velero/{location}",
        )
    }


def test_what_a_pod_needs_is_read_when_it_is_asked_for_and_then_known() -> None:
    pod = an("Pod", "web", "shop", spec={"nodeName": "n", "serviceAccountName": "robot"})
    graph = topology(Snapshot(now=NOW, captures=[Capture(kind=type(pod), objects=(pod,))]))

    there = ("Pod", "shop", "web")
    needs = graph.needs(there)

    assert {"Node", "ServiceAccount"} == {edge.target[0] for edge in needs}
    assert needs is graph.needs(there)
    assert set(needs) == set(graph.edges)
    assert () == graph.needs(("Pod", "elsewhere", "web"))
