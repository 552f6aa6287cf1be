"""What may be said of some namespaces of a snapshot: nothing of those that it never looked at."""

from holdfast.errors import BadSnapshot, NoSuchNamespace
from holdfast.model.kinds import Namespace
from holdfast.model.snapshot import Snapshot, State


def narrow(snapshot: Snapshot, namespaces: tuple[str, ...]) -> Snapshot:
    """The snapshot in those namespaces alone, as somebody asked for them.

    Raises when one of them does not exist, or was not looked at: no findings would look healthy.
    """
    there = {each.metadata.namespace for c in snapshot.captures() for each in c.objects}
    known = {each.metadata.name for each in snapshot.all(Namespace)}
    for name in namespaces:
        if name in known:
            _refuse_the_unseen(snapshot, name)
        elif name not in there:
            if snapshot.sees(Namespace):
                raise NoSuchNamespace(
                    f"There is no namespace {name!r} in this snapshot.",
                    remedy="Check its name, or take a snapshot of the cluster that has it.",
                )
            raise BadSnapshot(
                f"Nothing was seen in namespace {name!r}, and this snapshot does not say whether "
                f"it exists.",
                remedy="Check its name, or take the snapshot again with that namespace in it.",
            )
    return snapshot.within_namespaces(namespaces)


def _refuse_the_unseen(snapshot: Snapshot, name: str) -> None:
    looked = any(
        c.covers(name) and name not in c.unseen
        for c in snapshot.captures()
        if c.kind.api.namespaced and c.state not in (State.ABSENT, State.NOT_CAPTURED)
    )
    if not looked:
        raise BadSnapshot(
            f"This snapshot was not taken of namespace {name!r}.",
            remedy=f"Take it again with: holdfast snapshot DIR -n {name}",
        )
