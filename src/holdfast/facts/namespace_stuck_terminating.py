"""A namespace was deleted and does not go: something in it holds it, or cannot be asked."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from holdfast.model.kinds import Namespace
from holdfast.model.rules import Channel, Found, Severity, fact
from holdfast.model.snapshot import Snapshot

REMAINS: Mapping[str, str] = {
    "NamespaceDeletionDiscoveryFailure": "a group of the API cannot be asked what is left",
    "NamespaceDeletionGroupVersionParsingFailure": "a group of the API cannot be understood",
    "NamespaceDeletionContentFailure": "some of its content cannot be deleted",
    "NamespaceFinalizersRemaining": "finalizers hold some of its content",
    "NamespaceContentRemaining": "some of its content is left",
}
"""What the namespace controller says holds it, the root of it first."""

OF_THE_API = frozenset(
    {"NamespaceDeletionDiscoveryFailure", "NamespaceDeletionGroupVersionParsingFailure"}
)


@fact(
    code="HF-CTL-001",
    channel=Channel.INCIDENT,
    severity=Severity.WARNING,
    grace=timedelta(minutes=5),  # pods get their time to stop, and load balancers go slowly
    reads=(Namespace,),
    next_step="Read what is left in it, then why that does not go: "
    "kubectl get namespace {name} -o jsonpath='{{.status.conditions}}'",
)
def namespace_stuck_terminating(cluster: Snapshot) -> Iterator[Found]:
    """A namespace is Terminating, counted from its deletion; its conditions say what remains."""
    for namespace in cluster.all(Namespace):
        deleted = namespace.metadata.deletion_timestamp
        if deleted is None or namespace.status.phase != "Terminating":
            continue
        said = {c.type: c for c in namespace.status.conditions if c.status == "True"}
        first = next((type_ for type_ in REMAINS if type_ in said), "")
        because = f": {REMAINS[first]}" if first else ""
        yield Found(
            about=namespace.ref,
            since=deleted,
            says=f"deleted and still there{because}",
            seen={type_: said[type_].message for type_ in REMAINS if type_ in said},
            next_step=(
                "See which part of the API does not answer: kubectl get apiservices"
                if first in OF_THE_API
                else None
            ),
        )
