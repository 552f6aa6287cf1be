"""The kinds that rules read, each with the fields that they read and no others."""

from holdfast.model.kinds.apps import Deployment, ReplicaSet
from holdfast.model.kinds.core import Claim, Namespace, Pod, Secret
from holdfast.model.kinds.storage import StorageClass
from holdfast.model.objects import Object

KINDS: tuple[type[Object], ...] = (
    Claim,
    Deployment,
    Namespace,
    Pod,
    ReplicaSet,
    Secret,
    StorageClass,
)
"""Every kind that Holdfast can read. Which of them a scan asks for follows from the rules."""

__all__ = [
    "KINDS",
    "Claim",
    "Deployment",
    "Namespace",
    "Pod",
    "ReplicaSet",
    "Secret",
    "StorageClass",
]
