from collections.abc import Sequence
from typing import Any

import pytest

from holdfast.model.documents import Document
from holdfast.model.keepers import keepers


def a_document(kind: str = "Deployment", **metadata: Any) -> Document:
    return Document(
        value={
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": {"name": "web", "namespace": "shop", **metadata},
        }
    )


def labelled(name: str, value: str) -> Document:
    return a_document(labels={name: value})


def annotated(name: str, value: str) -> Document:
    return a_document(annotations={name: value})


def managed_by(*managers: Any) -> Document:
    return a_document(managedFields=[{"manager": each} for each in managers])


TRACKED = annotated("argocd.argoproj.io/tracking-id", "shop:apps/Deployment:shop/web")


@pytest.mark.parametrize(
    ("chain", "by"),
    [
        ([a_document()], []),
        ([TRACKED], ["Application shop"]),
        ([annotated("argocd.argoproj.io/tracking-id", "")], []),
        ([annotated("example.com/tracking-id", "shop:x")], []),
        ([labelled("argocd.argoproj.io/tracking-id", "shop:x")], []),  # the wrong sort of mark
        ([labelled("app.kubernetes.io/instance", "shop")], ["Application shop"]),
        ([labelled("app.kubernetes.io/instance", "other")], []),  # as every Helm chart sets it
        ([labelled("argocd.argoproj.io/instance", "shop")], ["Application shop"]),
        ([labelled("kustomize.toolkit.fluxcd.io/name", "apps")], ["Kustomization apps"]),
        ([labelled("helm.toolkit.fluxcd.io/name", "apps")], ["HelmRelease apps"]),
        ([annotated("meta.helm.sh/release-name", "shop")], ["Helm release shop"]),
        ([labelled("app.kubernetes.io/managed-by", "Helm")], ["Helm"]),
        ([labelled("app.kubernetes.io/managed-by", " HELM ")], [" HELM "]),
        ([labelled("app.kubernetes.io/managed-by", "shop-operator")], []),
        ([managed_by("kubectl-client-side-apply", "kube-controller-manager")], []),
        ([managed_by("argocd-controller")], ["argocd-controller"]),
        ([managed_by("kustomize-controller", "helm")], ["helm", "kustomize-controller"]),
        ([managed_by("helmsman", "not-helm", None, 7)], []),
        ([a_document(managedFields="text", labels=None)], []),
        # three levels up
        (
            [a_document("Pod"), a_document("ReplicaSet"), a_document(), TRACKED],
            ["Application shop"],
        ),
    ],
)
def test_tells_who_keeps_it_by_its_marks(chain: Sequence[Document], by: list[str]) -> None:
    assert by == [each.by for each in keepers(chain, frozenset({"shop"}))]


def test_names_the_object_that_carries_the_mark() -> None:
    (kept,) = keepers([a_document("Pod"), TRACKED], frozenset())
    assert "Deployment shop/web" == str(kept.told_by)


def test_believes_the_worse_of_a_mark_that_it_cannot_look_into() -> None:
    labelled_as_helm_does = labelled("app.kubernetes.io/instance", "shop")
    assert 1 == len(keepers([labelled_as_helm_does], None))
    assert () == keepers([labelled_as_helm_does], frozenset())
    assert () == keepers([a_document()], None)
