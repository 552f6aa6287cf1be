"""The operator's own policy, and all that operators have set down of the leash."""

from dataclasses import dataclass
from typing import Protocol

from holdfast.model.asks import Rules
from holdfast.model.operator import OperatorAnswer, OperatorQuestion
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
    version: str  # of the rules and the policy together
