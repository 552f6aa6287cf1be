"""What an action is shown of its target: all of it fresh, and what is hidden told as hidden."""

import pytest

from holdfast.actions.delete_certificate_request import DeleteCertificateRequest
from holdfast.actions.delete_pod import DeletePod
from holdfast.actions.delete_resource_quota import DeleteResourceQuota
from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.actions.rollout_undo import RolloutUndo
from holdfast.model.asks import Refusal
from holdfast.model.documents import Document
from holdfast.model.kinds import (
    Certificate,
    CertificateRequest,
    ClusterIssuer,
    ConfigMap,
    Deployment,
    Issuer,
    Pod,
    ReplicaSet,
)
from holdfast.model.objects import Ref
from holdfast.model.repairs import Action, Sight
from holdfast.ports import Cluster
from holdfast.testing.manifests import manifest, owner
from holdfast.testing.resources import Resource
from holdfast.testing.simulated import SimulatedCluster
from holdfast.workflow.sighting import sight
from tests.workflow.reaching import reaching

RBAC = "rbac.authorization.k8s.io/v1"
RESTART = RolloutRestart(stamp="2026-01-01T12:00:00Z")
TEMPLATE = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "web:1"}]},
}
SPEC = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": TEMPLATE}


def a_cluster() -> SimulatedCluster:
    cluster = SimulatedCluster()
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    for kind in ("Deployment", "ReplicaSet"):
        metadata = {"name": "web", "namespace": "shop"}
        cluster.create({"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": SPEC})
    return cluster


def ref_of(cluster: SimulatedCluster, kind: str = "deployments.apps") -> Ref:
    return Document(value=cluster.fetch(kind, "web", namespace="shop")).ref


async def seen(cluster: SimulatedCluster, action: Action, target: Ref) -> Sight | Refusal:
    async with reaching(cluster) as hands:
        reader: Cluster = cluster
        return await sight(reader, hands, action, target)


async def test_a_target_is_seen_whole_with_what_its_action_sees() -> None:
    cluster = a_cluster()
    replica_set = ref_of(cluster, "replicasets.apps")
    undo = RolloutUndo(replica_set="web", uid=replica_set.uid)

    found = await seen(cluster, undo, ref_of(cluster))

    assert isinstance(found, Sight)
    assert found.target(Deployment) is not None
    assert [replica_set] == [each.ref for each in found.beside]
    assert not found.around.blind((ReplicaSet, Pod), namespace="shop")


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"name": "api"}, "not there any more"),
        ({"uid": "another"}, "another object stands in its place"),
        ({"kind": "Pod", "api_version": "v1"}, "is done to no Pod"),
        ({"namespace": "other"}, "not there any more"),
    ],
)
async def test_another_object_is_not_judged(changed: dict[str, str], because: str) -> None:
    cluster = a_cluster()
    target = ref_of(cluster)
    told = {name: getattr(target, name) for name in ("api_version", "kind", "namespace", "name")}

    refused = await seen(cluster, RESTART, Ref(**{**told, "uid": target.uid, **changed}))

    assert isinstance(refused, Refusal)
    assert because in refused.because


async def test_a_revision_of_another_uid_is_not_gone_back_to() -> None:
    cluster = a_cluster()
    refused = await seen(cluster, RolloutUndo(replica_set="web", uid="forged"), ref_of(cluster))
    assert isinstance(refused, Refusal)


async def test_what_may_not_be_listed_stays_hidden() -> None:
    cluster = a_cluster()
    pod = {"name": "web", "namespace": "shop"}
    spec = TEMPLATE["spec"]
    cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": pod, "spec": spec})
    limited = cluster.as_user("keeper")
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]
    cluster.grant(
        {"apiVersion": RBAC, "kind": "ClusterRole", "metadata": {"name": "pods"}, "rules": rules},
        user="keeper",
    )

    found = await seen(limited, DeletePod(), ref_of(cluster, "pods"))

    assert isinstance(found, Sight)
    assert found.target(Pod) is not None
    assert {"replicasets.apps", "poddisruptionbudgets.policy"} <= {
        each.resource for each in found.around.blind(DeletePod.kind.sees, namespace="shop")
    }


async def test_what_counts_everywhere_is_seen_in_every_namespace() -> None:
    cluster = a_cluster()
    for kind in (Certificate, CertificateRequest, Issuer, ClusterIssuer):
        group, version = kind.api.group, kind.api.versions[0]
        namespaced = kind.api.namespaced
        cluster.register(
            Resource(
                group=group,
                version=version,
                kind=kind.api.kind,
                plural=kind.api.plural,
                namespaced=namespaced,
                custom=True,
            )
        )
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "elsewhere"}})
    manager = {"name": "cert-manager", "namespace": "elsewhere"}
    cluster.create(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": manager, "spec": SPEC}
    )
    request = cluster.create(
        {
            "apiVersion": "cert-manager.io/v1",
            "kind": "CertificateRequest",
            "metadata": {"name": "web", "namespace": "shop"},
        }
    )

    found = await seen(cluster, DeleteCertificateRequest(), Document(value=request).ref)

    assert isinstance(found, Sight)
    assert found.around.find(Deployment, "elsewhere", "cert-manager") is not None
    assert found.around.find(Deployment, "shop", "web") is not None
    assert not found.around.blind(DeleteCertificateRequest.kind.sees, namespace="shop")


async def test_what_hangs_on_the_target_is_named_and_not_kept() -> None:
    """Last words ask for pods, of whatever is removed."""
    cluster = a_cluster()
    spec = {"hard": {"pods": "1"}}
    quota = cluster.create(manifest("v1", "ResourceQuota", "web", spec=spec))
    metadata = {"ownerReferences": [owner({"apiVersion": "v1", "kind": "ResourceQuota", **quota})]}
    cluster.create(manifest("v1", "ConfigMap", "settings", metadata=metadata))

    action = DeleteResourceQuota()
    found = await seen(cluster, action, ref_of(cluster, "resourcequotas"))

    assert isinstance(found, Sight)
    assert ["ConfigMap shop/settings"] == [str(each) for each in found.along.seen]
    assert {*action.kind.sees} == {each.kind for each in found.around.captures()}
    assert () == found.around.within(ConfigMap, "shop")
