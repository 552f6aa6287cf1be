"""An ingress is of a class that does not exist, or of none: nobody serves it."""

from collections.abc import Iterator
from datetime import timedelta

from holdfast.model.kinds import Ingress, IngressClass
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot
from holdfast.topology.ingresses import class_of, served_at


@fact(
    code="HF-NET-006",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=2),  # a chart may bring its class a moment after its ingresses
    reads=(Ingress, IngressClass),
    next_step="Name a class that exists in spec.ingressClassName: kubectl get ingressclass",
)
def ingress_class_missing(cluster: Snapshot) -> Iterator[Found]:
    """An ingress names a class that does not exist; or it names none, no class is the default,
    and no controller has taken it up all the same (it has no address). A class that is named by
    the old annotation needs no object.
    """
    if not cluster.sees(IngressClass):
        return
    classes = sorted(c.metadata.name for c in cluster.all(IngressClass))
    for ingress in cluster.all(Ingress):
        named = ingress.spec.ingress_class_name
        if ingress.leaving or (named and named in classes):
            continue
        if not named and (class_of(cluster, ingress) or served_at(ingress)):
            continue  # healthy: the annotation, the default, or a controller that asks for neither
        yield Found(
            about=ingress.ref,
            since=ingress.asked_since,
            says=f"there is no ingress class {named}"
            if named
            else "it names no class, and no class is the default",
            seen={
                "spec.ingressClassName": named or "none",
                "classes": ", ".join(classes[:5]) or "none",
            },
        )
