"""What a namespace may be called, and which are never touched: one list, for detection (it raises)
and policy (it refuses).

The floor is compiled in. What operators protect besides is appended to it; nothing takes away.
"""

NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
"""Kubernetes' own rule for names of namespaces (DNS-1123 labels), to be matched whole."""

FLOOR: frozenset[str] = frozenset(
    {
        "kube-system",
        "kube-public",
        "kube-node-lease",
        "rook-ceph",
        "vault",
        "external-secrets",
        "cnpg-system",
        "calico-system",
        "tigera-operator",
        "holdfast",
        "holdfast-leases",
    }
)

CONTROL_PLANE: frozenset[str] = frozenset({"kube-system", "kube-public", "kube-node-lease"})
"""Namespaces that Kubernetes makes for itself: how it sets them up is its own affair."""


def protected(namespace: str, extra: frozenset[str] = frozenset()) -> bool:
    """Whether that namespace is protected, byte by byte."""
    return namespace in FLOOR or namespace in extra
