"""What goes with an object that is deleted: whatever names it as its owner, and what hangs on that.

- It is found by uid, as the cluster's garbage collector does it. What has another owner besides
  may stay; it is told all the same, for that owner may go as well.
- Of kinds that nobody looks at (Secrets, custom resources that we do not know) nothing can be told.
- The volume of a pod's own life goes with the pod, as the pod's spec says: it is no dependant.
"""

from collections.abc import Iterable, Iterator

from holdfast.model.kinds import (
    Claim,
    ConfigMap,
    Deployment,
    Job,
    Pod,
    Service,
    ServiceAccount,
    StatefulSet,
)
from holdfast.model.objects import Object, Ref
from holdfast.model.repairs import Along, Kind
from holdfast.model.snapshot import Snapshot, State

HANGS: tuple[type[Object], ...] = (
    Claim,
    ConfigMap,
    Deployment,
    Job,
    Pod,
    Service,
    ServiceAccount,
    StatefulSet,
)
"""What people and operators hang on others, and would miss: data, settings, names, what runs."""


def looked_for(kind: Kind) -> tuple[type[Object], ...]:
    """The kinds among which somebody looks for what would go; none where nothing is removed."""
    return (*HANGS, *kind.takes) if kind.removes else ()


def along(around: Snapshot, kind: Kind, target: Ref) -> Along:
    """What would go with that target, as far as it is seen."""
    kinds = tuple(dict.fromkeys(looked_for(kind)))
    blind = around.blind(kinds, namespace=target.namespace)
    return Along(
        seen=tuple(sorted({each.ref for each in _beneath(around, kinds, target)}, key=str)),
        # What is not served does not exist.
        unseen=tuple(each.resource for each in blind if each.state is not State.ABSENT),
    )


def _beneath(around: Snapshot, kinds: Iterable[type[Object]], target: Ref) -> Iterator[Object]:
    known, front = {target.uid}, [target.uid]
    while front:
        found = [
            each
            for uid in front
            for kind in kinds
            for each in around.capture(kind).by_owner.get(uid, ())
            if each.metadata.uid not in known and not _of_a_pods_life(each)
        ]
        yield from found
        front = [each.metadata.uid for each in found]
        known |= {*front}


def _of_a_pods_life(each: Object) -> bool:
    return isinstance(each, Claim) and all(
        owner.kind == Pod.api.kind for owner in each.metadata.owner_references
    )
