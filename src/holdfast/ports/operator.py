"""The operator's own policy, and all that operators have set down of the leash."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from holdfast.model.asks import Rules
from holdfast.model.operator import OperatorAnswer, OperatorQuestion, Said
from holdfast.model.people import People


class OperatorPolicy(Protocol):
    """A policy that operators wrote, loaded whole and found to be sound."""

    @property
    def version(self) -> str:
        """The hash of its text: part of what people approve."""
        ...

    def decide(self, question: OperatorQuestion) -> OperatorAnswer:
        """Its answer. Whatever it cannot decide is a no; nothing is raised."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One sound reading of the folder in which the leash is kept."""

    rules: Rules
    people: People
    operator: OperatorPolicy
    said: Said  # by the operator's policy
    version: str  # of the rules and the policy together
    files: Mapping[str, str]  # the hash of each file of the folder

    @property
    def folder(self) -> str:
        """Of all files together: it changes with any of them."""
        told = "".join(f"{name} {each}\n" for name, each in sorted(self.files.items()))
        return hashlib.sha256(told.encode()).hexdigest()
