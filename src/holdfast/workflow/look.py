"""Look at a cluster once: every kind that the rules read, in as few requests as it has kinds."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

from holdfast.errors import BadInput, CouldNotLook, Unanswered, Unreachable
from holdfast.model.kinds import KINDS, Definition
from holdfast.model.kinds.custom import Custom, custom
from holdfast.model.kinds.custom import named as custom_api
from holdfast.model.names import nearly
from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, Snapshot, State
from holdfast.ports import Arrived, Cluster, Unseen, nobody_waits
from holdfast.workflow import reach

AT_ONCE = 4  # lists under way together: enough to hide latency, kind to a small API server


async def look(
    cluster: Cluster,
    *,
    kinds: Iterable[type[Object]],
    namespaces: tuple[str, ...] | None = None,
    named: Iterable[str] = (),
    seen: Callable[[Capture[Object]], None] = lambda _: None,
    arriving: Callable[[type[Object], int], None] = lambda _, __: None,
) -> Snapshot:
    """Take a snapshot; `arriving` hears of every page, and `seen` of every kind that is read.

    `named` are custom kinds that we do not know, such as `widgets.example.io`: where they are
    served is asked first.

    Raises `CouldNotLook` when nothing at all may be read: an empty screen would look healthy.
    """
    identity = await cluster.identity()
    unknown = await reach.refuse_unknown(cluster, namespaces or ())
    found, unseen = await _find(cluster, named)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(kind: type[Object]) -> Capture[Object]:
        async with gate:
            capture = await _capture(cluster, kind, namespaces, partial(arriving, kind))
        seen(capture)
        return capture

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(kind)) for kind in (*kinds, *found)]
    except* CouldNotLook as several:
        raise several.exceptions[0] from None
    captures = [*(task.result() for task in tasks), *unseen]
    reach.refuse_blindness(captures, namespaces, unknown)
    return Snapshot(now=await cluster.now(), captures=captures, cluster=identity)


async def _find(
    cluster: Cluster, named: Iterable[str]
) -> tuple[list[type[Custom]], list[Capture[Object]]]:
    """The custom kinds of those names, and what became of those that are not to be seen.

    One that is not served is an error: of a name that is mistyped, nothing would look healthy.
    """
    found: list[type[Custom]] = []
    unseen: list[Capture[Object]] = []
    for name in named:
        kind = custom(custom_api(name))
        try:
            api = await cluster.named(name)
        except (Unanswered, Unreachable) as broken:  # its group may be served by somebody else
            unseen.append(Capture(kind=kind, state=State.PARTIAL, why=broken.wrong))
            continue
        if isinstance(api, Unseen) and api.state is State.ABSENT:
            raise await _no_such_kind(cluster, name)
        if isinstance(api, Unseen):
            unseen.append(Capture(kind=kind, state=api.state, why=api.why))
        else:
            found.append(custom(api))
    return found, unseen


async def _no_such_kind(cluster: Cluster, name: str) -> BadInput:
    defined = await listed(cluster, Definition, None)
    there = {kind.api.resource for kind in KINDS}
    there |= {each.resource for each in defined.objects}
    near = nearly(name, sorted(there))
    return BadInput(
        f"The API server serves no kind {name!r}.",
        remedy=f"Did you mean {near[0]}?" if near else "List them: kubectl get crd",
    )


async def _capture(
    cluster: Cluster, kind: type[Object], namespaces: tuple[str, ...] | None, arrived: Arrived
) -> Capture[Object]:
    if namespaces is None or not kind.api.namespaced:
        return await listed(cluster, kind, None, arrived)
    parts = [await listed(cluster, kind, name, arrived) for name in namespaces]
    return reach.put_together(kind, namespaces, parts)


async def listed[K: Object](
    cluster: Cluster, kind: type[K], namespace: str | None, arrived: Arrived = nobody_waits
) -> Capture[K]:
    """What is seen of one kind; one that the API server breaks off is partial."""
    try:
        return await cluster.list(kind, namespace, arrived)
    except (Unanswered, Unreachable) as broken:  # one kind must not hide what the others show
        return Capture(kind=kind, state=State.PARTIAL, why=broken.wrong)
