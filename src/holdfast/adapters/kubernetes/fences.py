"""The `Fences` port: what stands on a cluster, compared with what was made. It only reads."""

import asyncio
from collections.abc import Sequence

import msgspec

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.asking import Asker
from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.manifests import Manifest, altered, named, where
from holdfast.adapters.kubernetes.pace import Chance, Pace
from holdfast.adapters.kubernetes.transport import Question, Wire
from holdfast.adapters.kubernetes.wired import Wired
from holdfast.errors import Unanswered
from holdfast.ports import Clock

MISSING = "is missing"
AT_ONCE = 8  # reads under way together: there are some twenty, and people wait for all of them


class KubernetesFences(Wired):
    """One cluster's; use it as an async context manager."""

    def __init__(
        self,
        connection: Connection,
        manifests: Sequence[Manifest],
        *,
        clock: Clock,
        pace: Pace | None = None,
    ) -> None:
        self._manifests = manifests
        self._wire = Wire(connection, clock=clock, pace=pace or Pace(), compress=False)
        self._asker = Asker(self._wire, pace=pace or Pace(), chance=Chance())

    async def amiss(self) -> Sequence[str]:
        """What is missing or altered, in the order of making."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def wrong(manifest: Manifest) -> str:
            async with gate:
                return amiss(manifest, await standing(self._asker, manifest))

        found = await asyncio.gather(*map(wrong, self._manifests))
        return [
            f"{named(each)} {why}." for each, why in zip(self._manifests, found, strict=True) if why
        ]


def amiss(manifest: Manifest, there: Manifest | None) -> str:
    """What is wrong with it; empty if nothing is."""
    return MISSING if there is None else altered(manifest, there)


async def standing(asker: Asker, manifest: Manifest) -> Manifest | None:
    """What stands in its place; None if nothing does. What cannot be read raises."""
    answer = await asker.ask(Question(path=where(manifest)))
    if answer.status == 404:
        return None
    if answer.status != 200:
        raise asker.refused(answer, named(manifest))
    try:
        return msgspec.json.decode(answer.body, type=dict)
    except decode.UNREADABLE:
        raise Unanswered(
            f"The API server answered a request for {named(manifest)} with something that is none.",
            remedy="Check that the address is an API server's and not a login page or a proxy's.",
        ) from None
