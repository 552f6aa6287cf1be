"""The leash as it stands in its folder now: read again when a file of it has changed, before
something is judged and every few seconds.

A file that is broken changes nothing: what was read before stays, and the log says what is wrong.
At the start there is nothing before, so that a broken one keeps the process from starting.
Nothing is judged by what was read before the record says which files it was read from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from holdfast.actions import CLOSED_SET
from holdfast.adapters.cedar.policy import CedarPolicy
from holdfast.adapters.files import policy_folder
from holdfast.errors import HoldfastError
from holdfast.grants.operator_schema import operator_schema
from holdfast.model.asks import Rules
from holdfast.model.operator import OperatorAnswer, OperatorQuestion
from holdfast.model.people import People
from holdfast.ports import Standing

PACE = 2.0  # seconds between two looks while nobody asks

type _Stamp = tuple[tuple[int, int, int], ...]


class Policies:
    """The folder, and the last sound reading of it. It is the operator's policy as well."""

    def __init__(
        self,
        folder: Path,
        troubled: Callable[[HoldfastError], None],
        recorded: Callable[[Mapping[str, str]], Awaitable[object]],
    ) -> None:
        """Raises `BadInput` for a folder that is not sound. `recorded` has the record say which
        files these are, by their hashes.
        """
        self._folder = folder
        self._troubled = troubled
        self._recorded = recorded
        self._turn = asyncio.Lock()
        self._stamp: _Stamp = ()
        self._standing = loaded(folder)

    async def refreshed(self) -> None:
        """From now on by what stands in the folder. Raises where the record cannot say so: then
        what was read before stays.
        """
        async with self._turn:
            stamp = self._stamped()
            if stamp == self._stamp:
                return
            try:
                found = await asyncio.to_thread(loaded, self._folder)
            except HoldfastError as broken:
                self._stamp = stamp
                self._troubled(broken)
                return
            await self._recorded(found.files)
            self._stamp, self._standing = stamp, found

    async def watched(self, pace: float = PACE) -> None:
        """Look by itself, until cancelled: what is saved counts although the next change of a file
        breaks it, and what is broken is told before somebody has something judged.
        """
        while True:
            await asyncio.sleep(pace)
            try:
                await self.refreshed()
            except HoldfastError as unsaid:
                self._troubled(unsaid)

    def now(self) -> Standing:
        """The last sound reading that the record tells of."""
        return self._standing

    def rules(self) -> Rules:
        """What the layers are told."""
        return self.now().rules

    def people(self) -> People:
        """Who may say yes."""
        return self.now().people

    @property
    def version(self) -> str:
        """Of the rules and the policy together."""
        return self.now().version

    def decide(self, question: OperatorQuestion) -> OperatorAnswer:
        """The answer of the policy that stands now."""
        return self.now().operator.decide(question)

    def _stamped(self) -> _Stamp:
        stamps: list[tuple[int, int, int]] = []
        for name in (policy_folder.RULES, policy_folder.PEOPLE, policy_folder.CEDAR):
            try:
                told = (self._folder / name).stat()
                stamps.append((told.st_mtime_ns, told.st_size, told.st_ino))
            except OSError:
                stamps.append((0, 0, 0))
        return tuple(stamps)


def loaded(folder: Path) -> Standing:
    """The folder, read and found to be sound. Raises `BadInput` with file, line and reason."""
    known = {each.kind.name: each.kind.on for each in CLOSED_SET}
    told = policy_folder.read(folder, known)
    operator = CedarPolicy(told.cedar, str(folder / policy_folder.CEDAR), operator_schema())
    return Standing(
        rules=told.leash.rules(),
        people=told.people,
        operator=operator,
        said=operator.said,
        version=told.version,
        files=told.files,
    )
