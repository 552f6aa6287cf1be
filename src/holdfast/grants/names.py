"""The names that the fences stand on: fixed, since policies of the cluster compare them as text."""

from holdfast.actions import CLOSED_SET
from holdfast.model.repairs import Kind

type Manifest = dict[str, object]

OURS = "holdfast"
"""The namespace of the two processes."""
LEASES = "holdfast-leases"
"""The namespace of the lease accounts and of the values that they may set."""
VALUES = "holdfast-lease-values"
"""The one parameter object, a ConfigMap in the namespace of the leases."""
CHECKPOINTS = "holdfast-checkpoints"
"""A ConfigMap in the namespace of the two processes, and the role of its own that writes it."""
KEEPER = "holdfast-keeper"
SERVE = "holdfast-serve"
READER = "holdfast-reader"
KEEPER_USER = f"system:serviceaccount:{OURS}:{KEEPER}"
LEASE_USERS = f"system:serviceaccount:{LEASES}:"
"""What the username of every lease begins with."""
REFUSES = "Holdfast's fence:"
"""What every refusal of ours begins with: the canary waits for it."""
UNSET = "no value is set down for this lease"
"""What the fence says until a lease's value has reached it: whatever else it says, it keeps to."""
RBAC = "rbac.authorization.k8s.io"
LABELS = {"app.kubernetes.io/part-of": "holdfast"}

KINDS: tuple[Kind, ...] = tuple(each.kind for each in CLOSED_SET)


def role_of(kind: Kind) -> str:
    """What the role of that kind's leases is called."""
    return f"holdfast-action-{kind.name.lower()}"


WIDE: frozenset[str] = frozenset(role_of(kind) for kind in KINDS if kind.cluster_scoped)
"""The roles of those kinds whose targets lie in no namespace: bound for the whole cluster alone."""
