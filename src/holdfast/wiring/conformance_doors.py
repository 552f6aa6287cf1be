"""The suites that ship, and what they are handed of ours."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING

from holdfast.surfaces.cli.doors import ConformanceDoors, Target

if TYPE_CHECKING:
    from holdfast.adapters.kubernetes.connection import Connection
    from holdfast.model.counted import Counted

PAPERS = 10  # proposals to a ticket and a signed word


def conformance_doors(connect: Callable[[Target], Connection]) -> ConformanceDoors:
    """Doors that import no suite before one is wanted; `connect` finds the cluster."""
    return ConformanceDoors(fast=_fast, cluster=partial(_cluster, connect))


def _fast(seed: int, number: int) -> Iterator[Counted]:
    from holdfast.adapters.signers import ed25519, ssh
    from holdfast.conformance.approval import Checks, approval
    from holdfast.conformance.escape import escape

    yield from escape(seed, number)
    checks = Checks(tickets=ed25519.check, ssh=ssh.check)
    yield from approval(seed, -(-number // PAPERS), checks)


async def _cluster(
    connect: Callable[[Target], Connection],
    target: Target,
    seed: int,
    number: int,
    suites: Sequence[str],
    say: Callable[[str], None],
) -> AsyncGenerator[Counted]:
    from holdfast.adapters.clock import SystemClock
    from holdfast.conformance.fenced import fenced
    from holdfast.wiring.probing import bench

    async with (
        bench(connect(target), SystemClock()) as opened,
        aclosing(fenced(opened, seed, number, suites, say)) as lines,
    ):
        async for line in lines:
            yield line
