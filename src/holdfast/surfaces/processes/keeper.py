"""The keeper's process: no door but the inbox; its health is a row that says when it last lived."""

import asyncio
from contextlib import AsyncExitStack

from holdfast.surfaces.processes.ending import ends_when_told, ends_with_its_input
from holdfast.workflow.keeping import Keeper, keep, require_ready
from holdfast.workflow.leashed import require_its_cluster, told


def run(keeper: Keeper, *, until_input_ends: bool) -> None:
    """Live until it is told to end. Raises what keeps it from starting or from going on."""
    asyncio.run(_run(keeper, until_input_ends=until_input_ends))


async def _run(keeper: Keeper, *, until_input_ends: bool) -> None:
    ended = ends_when_told(keeper.log)
    if until_input_ends:
        ends_with_its_input(ended)
    await asyncio.to_thread(require_ready, keeper)
    async with AsyncExitStack() as stack:
        if keeper.reach is not None:
            leash = await stack.enter_async_context(keeper.reach())
            await require_its_cluster(leash)
            keeper.log.tell("on the leash", **told(leash))
        await keep(keeper, ended)
    keeper.log.tell("ended")
