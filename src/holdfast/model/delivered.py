"""What keeps an object as it is written elsewhere, by the marks that it leaves: one home for them.

Detection tells of what strays from it; what acts leaves to it what is its own.
"""

import re

from holdfast.model.objects import KeptMetadata, Object

_FLUX = ("kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io")
_WRITERS = re.compile(
    r"argocd[a-z-]*|kustomize-controller|helm-controller|helm|flux(?:-client)?|fleet-agent"
)


def kept_by(each: Object) -> str:
    """Who delivers it, for people; empty when nobody says so."""
    metadata = each.metadata
    for group in _FLUX:
        name = metadata.labels.get(f"{group}/name", "")
        if name:
            kind = "Kustomization" if group.startswith("kustomize") else "HelmRelease"
            return f"{kind} {metadata.labels.get(f'{group}/namespace', '')}/{name}"
    if not isinstance(metadata, KeptMetadata):
        return ""
    annotations = metadata.annotations
    if annotations.argo_tracking:
        return f"Application {annotations.argo_tracking.partition(':')[0]}"
    if annotations.helm_release:
        return f"Helm release {annotations.helm_namespace}/{annotations.helm_release}"
    return ""


def delivers(manager: str) -> bool:
    """Whether a manager of fields is one that delivers."""
    return _WRITERS.fullmatch(manager) is not None
