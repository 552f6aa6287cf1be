"""What keeps an object as it is written elsewhere, by the marks that it leaves: one home for them.

Detection tells of what strays from it; what acts leaves to it what is its own.
"""

import re
from collections.abc import Iterator, Mapping

import msgspec

from holdfast.model.objects import KeptMetadata, Object

TRACKING = "argocd.argoproj.io/tracking-id"
RELEASE = "meta.helm.sh/release-name"
RELEASED_TO = "meta.helm.sh/release-namespace"
MANAGED_BY = "app.kubernetes.io/managed-by"
_FLUX = {
    "kustomize.toolkit.fluxcd.io": "Kustomization",
    "helm.toolkit.fluxcd.io": "HelmRelease",
}
_WRITERS = re.compile(
    r"argocd[a-z-]*|kustomize-controller|helm-controller|helm|flux(?:-client)?|fleet-agent"
)


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What delivers an object, as one of its labels or annotations says."""

    kind: str
    name: str
    namespace: str = ""


def marks(labels: Mapping[str, str], annotations: Mapping[str, str]) -> Iterator[Mark]:
    """Everything that these say of who delivers."""
    for group, kind in _FLUX.items():
        if name := labels.get(f"{group}/name"):
            yield Mark(kind=kind, name=name, namespace=labels.get(f"{group}/namespace", ""))
    if tracked := annotations.get(TRACKING):
        yield Mark(kind="Application", name=tracked.partition(":")[0])
    if release := annotations.get(RELEASE):
        yield Mark(kind="Helm release", name=release, namespace=annotations.get(RELEASED_TO, ""))


def kept_by(each: Object) -> str:
    """Who delivers it, for people; empty when nobody says so."""
    metadata = each.metadata
    read = metadata.annotations if isinstance(metadata, KeptMetadata) else None
    annotations = (
        {TRACKING: read.argo_tracking, RELEASE: read.helm_release, RELEASED_TO: read.helm_namespace}
        if read is not None
        else {}
    )
    mark = next(marks(metadata.labels, annotations), None)
    if mark is None:
        return ""
    place = mark.name if mark.kind == "Application" else f"{mark.namespace}/{mark.name}"
    return f"{mark.kind} {place}"


def delivers(manager: str) -> bool:
    """Whether a manager of fields is one that delivers."""
    return _WRITERS.fullmatch(manager) is not None
