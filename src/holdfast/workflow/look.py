"""Look at a cluster once: every kind that the rules read, in as few requests as it has kinds."""

import asyncio
from collections.abc import Callable, Iterable

from holdfast.errors import CouldNotLook, NoSuchNamespace, Unanswered, Unreachable
from holdfast.model.kinds import Namespace
from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, Snapshot, State
from holdfast.ports import Cluster, Unseen

AT_ONCE = 4  # lists under way together: enough to hide latency, kind to a small API server


async def look(
    cluster: Cluster,
    *,
    kinds: Iterable[type[Object]],
    namespaces: tuple[str, ...] | None = None,
    seen: Callable[[Capture[Object]], None] = lambda _: None,
) -> Snapshot:
    """Take a snapshot; `seen` hears of each kind as it arrives.

    Raises `CouldNotLook` when nothing at all may be read: an empty screen would look healthy.
    """
    identity = await cluster.identity()
    unproven: set[str] = set()
    for name in namespaces or ():
        found = await cluster.get(Namespace, "", name)
        if isinstance(found, Unseen):
            if found.state is State.ABSENT:
                raise NoSuchNamespace(
                    f"There is no namespace {name!r} in this cluster.",
                    remedy="List them with: kubectl get namespaces",
                )
            unproven.add(name)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(kind: type[Object]) -> Capture[Object]:
        async with gate:
            capture = await _capture(cluster, kind, namespaces)
        seen(capture)
        return capture

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(kind)) for kind in kinds]
    except* CouldNotLook as several:
        raise several.exceptions[0] from None
    captures = [task.result() for task in tasks]
    _refuse_blindness(captures, namespaces)
    _refuse_the_unproven(captures, unproven)
    return Snapshot(now=await cluster.now(), captures=captures, cluster=identity)


async def _capture(
    cluster: Cluster, kind: type[Object], namespaces: tuple[str, ...] | None
) -> Capture[Object]:
    if namespaces is None or not kind.api.namespaced:
        return await _list(cluster, kind, None)
    parts = [await _list(cluster, kind, name) for name in namespaces]
    seen = tuple(
        name for name, part in zip(namespaces, parts, strict=True) if part.state is State.CAPTURED
    )
    bad = [part for part in parts if part.state is not State.CAPTURED]
    return Capture(
        kind=kind,
        state=bad[0].state if bad else State.CAPTURED,
        objects=tuple(each for part in parts for each in part.objects),
        namespaces=seen or namespaces,
        unseen=tuple(name for name in namespaces if name not in seen),
        why="; ".join(dict.fromkeys(part.why for part in bad)),
        unreadable=tuple(each for part in parts for each in part.unreadable),
    )


async def _list(cluster: Cluster, kind: type[Object], namespace: str | None) -> Capture[Object]:
    try:
        return await cluster.list(kind, namespace)
    except (Unanswered, Unreachable) as broken:  # one kind must not hide what the others show
        return Capture(kind=kind, state=State.PARTIAL, why=broken.wrong)


def _refuse_the_unproven(captures: list[Capture[Object]], unproven: set[str]) -> None:
    """A namespace that we may not ask about and see nothing in may be a mistyped one."""
    seen = {each.metadata.namespace for capture in captures for each in capture.objects}
    listed = [c for c in captures if c.kind.api.namespaced and c.state is not State.ABSENT]
    empty = {name for name in unproven if any(name not in c.unseen for c in listed)}
    for name in sorted(empty - seen):
        raise CouldNotLook(
            f"Nothing was seen in namespace {name!r}, and whether it exists may not be asked.",
            remedy="Check its name, or ask for the right to get namespaces.",
        )


def _refuse_blindness(captures: list[Capture[Object]], namespaces: tuple[str, ...] | None) -> None:
    if (
        any(c.state in (State.CAPTURED, State.PARTIAL) or c.objects for c in captures)
        or not captures
    ):
        return
    remedy = "Ask for the role that `holdfast rbac reader` prints"
    remedy += ", or look at one namespace with -n NAME." if namespaces is None else "."
    raise CouldNotLook(f"Nothing may be read here: {captures[0].why}.", remedy=remedy)
