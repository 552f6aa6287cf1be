"""The leash as it stands in its folder now: read again when a file of it has changed.

A file that is broken changes nothing: what was read before stays, and the log says what is wrong.
At the start there is nothing before, so that a broken one keeps the process from starting.
"""

from __future__ import annotations

from collections.abc import Callable
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

type _Stamp = tuple[tuple[int, int, int], ...]


class Policies:
    """The folder, and the last sound reading of it. It is the operator's policy as well."""

    def __init__(self, folder: Path, troubled: Callable[[HoldfastError], None]) -> None:
        """Raises `BadInput` for a folder that is not sound."""
        self._folder = folder
        self._troubled = troubled
        self._stamp = self._stamped()
        self._standing = loaded(folder)

    def now(self) -> Standing:
        """The last sound reading."""
        stamp = self._stamped()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._standing = loaded(self._folder)
            except HoldfastError as broken:
                self._troubled(broken)
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
        rules=told.leash.rules(), people=told.people, operator=operator, version=told.version
    )
