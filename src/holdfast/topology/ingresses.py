"""Which class an ingress is of; one home for every rule that asks."""

from holdfast.model.kinds import Ingress, IngressClass
from holdfast.model.snapshot import Snapshot


def class_of(cluster: Snapshot, ingress: Ingress) -> str:
    """The class that an ingress names, in the new way or the old one, or the default one."""
    named = ingress.spec.ingress_class_name or ingress.metadata.annotations.ingress_class
    if named:
        return named
    defaults = sorted(c.metadata.name for c in cluster.all(IngressClass) if is_default(c))
    return defaults[0] if defaults else ""


def is_default(ingress_class: IngressClass) -> bool:
    """Whether ingresses without a class get this one."""
    return ingress_class.metadata.annotations.default_ingress_class == "true"


def served_at(ingress: Ingress) -> frozenset[str]:
    """Where an ingress is served, as its controller says."""
    return frozenset(p.ip or p.hostname for p in ingress.status.load_balancer.ingress)
