"""Fences that were put up a moment ago are heeded a moment later: until then nothing is tried.

Each is asked for a refusal, as a dry run, until it gives one: by the administrator, by the keeper,
and by whoever lends a lease, which is refused where its fence lets through what it must not. A
fence that never does is not waited for longer: what it lets through is counted then, as the failure
that it is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

from holdfast.conformance.acts import Act, dry
from holdfast.conformance.ground import PACE, Ground, by_fence
from holdfast.conformance.minting import early
from holdfast.execution.lease_names import Purpose
from holdfast.ports.probing import Door, Try

WITHIN = 60.0  # seconds

type Asked = Mapping[str, Callable[[], Awaitable[bool]]]
"""What is guarded, and whether it is by now."""


def guarded(ground: Ground, act: Act) -> Asked:
    """What each fence guards, and whether it does; `act` is one that a lease may be lent for."""
    bench = ground.bench
    secret, account, binding = early(ground.here)
    return {
        "the namespace of leases": partial(_refuses, bench.admin, secret),
        "what the keeper makes": partial(_refuses, bench.keeper, account),
        "the bindings of leases": partial(_refuses, bench.admin, binding),
        "what leases do": partial(_lends, ground, act),
        "what previews do": partial(_lends, ground, replace(act, purpose=Purpose.PREVIEW)),
    }


async def heeded(asked: Asked, say: Callable[[str], None], within: float = WITHIN) -> None:
    """Return when all of that is guarded, or after that long; whoever waits says so."""
    if not (waits := await _not_yet(asked)):
        return
    say(f"Waiting until the API server heeds the fence of {', '.join(waits)} ...")
    try:
        async with asyncio.timeout(within):
            while waits:
                await asyncio.sleep(PACE)
                waits = await _not_yet(waits)
    except TimeoutError:
        say(f"It does not after {within:g} s: what is let through counts as failed.")


async def _not_yet(asked: Asked) -> Asked:
    return {what: by_now for what, by_now in asked.items() if not await by_now()}


async def _refuses(door: Door, request: Try) -> bool:
    return by_fence(await door.ask(dry(request)))


async def _lends(ground: Ground, act: Act) -> bool:
    return not isinstance(await ground.lend(act), str)
