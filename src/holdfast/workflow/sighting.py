"""A fresh sight of a target: the object whole, what its action wants beside it, and what it sees.

- Whoever is not there any more, or is another by uid, is not judged at all.
- What could not be seen whole is told as such in the snapshot: the layers refuse by it.
"""

import asyncio

from holdfast.errors import BadInput
from holdfast.model.asks import Refusal
from holdfast.model.documents import Document
from holdfast.model.objects import Object, Ref
from holdfast.model.repairs import GONE, Action, Sight
from holdfast.model.snapshot import Capture, Snapshot, State
from holdfast.ports import Cluster, Hands, Unseen
from holdfast.topology.dependants import along, looked_for
from holdfast.workflow.look import AT_ONCE, listed

BY = "sight"


async def sight(
    cluster: Cluster,
    hands: Hands,
    action: Action,
    target: Ref,
    healthy_before: frozenset[str] = frozenset(),
    looked: Snapshot | None = None,
) -> Sight | Refusal:
    """What the action is shown of that target now; a refusal if there is nothing to show. Whoever
    has just looked at all that it sees, and at more, hands that over.

    Raises `CouldNotLook` where nobody answers.
    """
    kind = type(action).kind
    of = kind.fits(target)
    if of is None:
        because = f"{kind.name} is done to no {target.kind} of {target.api_version}"
        return Refusal(by=BY, because=because)
    sees = (of, *kind.sees)

    async def around_it() -> Snapshot:
        if looked is not None:
            return looked
        every = (*sees, *looked_for(kind))
        return await surroundings(cluster, every, target.namespace, kind.everywhere)

    reading = asyncio.gather(*(read(hands, each) for each in (target, *action.wants(target))))
    around, found = await asyncio.gather(around_it(), reading)
    for each in found:
        if isinstance(each, Refusal):
            return each
    document, *beside = (each for each in found if isinstance(each, Document))
    return Sight(
        document=document,
        around=_without(around, sees),
        beside=tuple(beside),
        along=along(around, kind, target),
        healthy_before=healthy_before,
    )


def _without(around: Snapshot, sees: tuple[type[Object], ...]) -> Snapshot:
    """The same without what was only looked through for what would go along: a sight is kept whole,
    and whoever asks it for another kind hears that nobody looked.
    """
    captures = [each for each in around.captures() if each.kind in sees]
    return Snapshot(now=around.now, captures=captures, cluster=around.cluster)


async def read(hands: Hands, ref: Ref) -> Document | Refusal:
    """That very object, whole, or why it cannot be had."""
    try:
        found = await hands.read(ref)
    except BadInput as never:
        return Refusal(by=BY, because=f"{ref}: {never.wrong}")
    if isinstance(found, Unseen):
        absent = found.state is State.ABSENT
        return Refusal(by=BY, because=f"{ref}: {GONE if absent else found.why}")
    if found.ref != ref:
        return Refusal(by=BY, because=f"{ref}: another object stands in its place")
    return found


async def surroundings(
    cluster: Cluster,
    kinds: tuple[type[Object], ...],
    namespace: str,
    everywhere: tuple[type[Object], ...] = (),
) -> Snapshot:
    """Those kinds in that namespace, as they are now; of those that lie in none, all, and all of
    those that count wherever they are.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(kind: type[Object]) -> Capture[Object]:
        async with gate:
            return await listed(cluster, kind, None if kind in everywhere else namespace or None)

    listing = asyncio.gather(*map(one, dict.fromkeys(kinds)))
    identity, captures = await asyncio.gather(cluster.identity(), listing)
    return Snapshot(now=await cluster.now(), captures=captures, cluster=identity)
