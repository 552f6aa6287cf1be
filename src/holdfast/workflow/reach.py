"""How far a look or a watch reaches: in which namespaces, and whether that is anything at all."""

from collections.abc import Iterable, Sequence

from holdfast.errors import CouldNotLook, NoSuchNamespace
from holdfast.model.kinds import Namespace
from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, State
from holdfast.ports import Cluster, Unseen


async def unproven(cluster: Cluster, namespaces: Iterable[str]) -> frozenset[str]:
    """Those namespaces that we may not ask about; one that does not exist is an error."""
    hidden: set[str] = set()
    for name in namespaces:
        found = await cluster.get(Namespace, "", name)
        if isinstance(found, Unseen):
            if found.state is State.ABSENT:
                raise NoSuchNamespace(
                    f"There is no namespace {name!r} in this cluster.",
                    remedy="List them with: kubectl get namespaces",
                )
            hidden.add(name)
    return frozenset(hidden)


def scopes(kind: type[Object], namespaces: tuple[str, ...] | None) -> tuple[str | None, ...]:
    """What has to be asked for, to see a kind in those namespaces; None asks for all at once."""
    return (None,) if namespaces is None or not kind.api.namespaced else namespaces


def put_together(
    kind: type[Object], namespaces: Sequence[str], parts: Sequence[Capture[Object]]
) -> Capture[Object]:
    """One capture of what was seen in each of those namespaces."""
    seen = tuple(
        name for name, part in zip(namespaces, parts, strict=True) if part.state is State.CAPTURED
    )
    bad = [part for part in parts if part.state is not State.CAPTURED]
    return Capture(
        kind=kind,
        state=bad[0].state if bad else State.CAPTURED,
        objects=tuple(each for part in parts for each in part.objects),
        namespaces=seen or tuple(namespaces),
        unseen=tuple(name for name in namespaces if name not in seen),
        why="; ".join(dict.fromkeys(part.why for part in bad)),
        unreadable=tuple(each for part in parts for each in part.unreadable),
    )


def refuse_blindness(
    captures: Sequence[Capture[Object]],
    namespaces: tuple[str, ...] | None,
    hidden: frozenset[str] = frozenset(),
) -> None:
    """Raise when nothing at all may be read, or nothing is there of a namespace that is hidden.

    An empty screen would look healthy, and a mistyped namespace is always empty.
    """
    if captures and not any(
        c.state in (State.CAPTURED, State.PARTIAL) or c.objects for c in captures
    ):
        remedy = "Ask for the role that `holdfast rbac reader` prints"
        remedy += ", or look at one namespace with -n NAME." if namespaces is None else "."
        raise CouldNotLook(f"Nothing may be read here: {captures[0].why}.", remedy=remedy)
    there = {each.metadata.namespace for capture in captures for each in capture.objects}
    listed = [c for c in captures if c.kind.api.namespaced and c.state is not State.ABSENT]
    empty = {name for name in hidden if any(name not in c.unseen for c in listed)}
    for name in sorted(empty - there):
        raise CouldNotLook(
            f"Nothing was seen in namespace {name!r}, and whether it exists may not be asked.",
            remedy="Check its name, or ask for the right to get namespaces.",
        )
