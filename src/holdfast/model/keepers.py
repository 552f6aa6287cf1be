"""Who keeps an object as it is written elsewhere, as far as its marks and those of its owners say.

The marks can be forged and can be missing; what they say is a reason to leave alone, and that they
say nothing is no permission by itself. Of a mark that means something only beside another object,
which we may not see, the worse is believed.
"""

from collections.abc import Iterator, Mapping, Sequence

from holdfast.model.asks import Managed
from holdfast.model.delivered import MANAGED_BY, delivers, marks
from holdfast.model.documents import Document
from holdfast.model.paths import found_at

# Every Helm chart sets the first of these: it is Argo CD's where there is such an Application.
_INSTANCE = ("app.kubernetes.io/instance", "argocd.argoproj.io/instance")
_TOOLS = frozenset({"helm", "argocd", "argo-cd", "flux", "fluxcd", "fleet"})


def keepers(chain: Sequence[Document], applications: frozenset[str] | None) -> tuple[Managed, ...]:
    """Who keeps the first of these, by its own marks or by those of what owns it.

    `applications` are the names of Argo CD's Applications; None where they could not be seen.
    """
    return tuple(
        Managed(by=by, told_by=each.ref) for each in chain for by in _of(each, applications)
    )


def _of(each: Document, applications: frozenset[str] | None) -> Iterator[str]:
    labels, annotations = _texts(each, "labels"), _texts(each, "annotations")
    for mark in marks(labels, annotations):
        yield f"{mark.kind} {mark.name}"
    for label in _INSTANCE:
        instance = labels.get(label, "")
        if instance and applications is None:
            yield f"perhaps an Application {instance}, which we may not see,"
        elif instance and instance in (applications or frozenset()):
            yield f"Application {instance}"
    if (tool := labels.get(MANAGED_BY, "")).strip().casefold() in _TOOLS:
        yield tool
    yield from sorted({manager for manager in _managers(each) if delivers(manager)})


def _texts(each: Document, of: str) -> Mapping[str, str]:
    found = each.at("metadata", of)
    told = found.items() if isinstance(found, Mapping) else ()
    return {name: value for name, value in told if isinstance(value, str)}


def _managers(each: Document) -> Iterator[str]:
    fields = each.at("metadata", "managedFields")
    for written in fields if isinstance(fields, list | tuple) else ():
        manager = found_at(written, ("manager",))
        if isinstance(manager, str):
            yield manager
