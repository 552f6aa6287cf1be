"""What the operator's own policy is asked, and what it answers. It can narrow, and never widen."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from holdfast.model.asks import Station
from holdfast.model.objects import Ref
from holdfast.model.repairs import Risk

_SIGNS: Mapping[str, frozenset[int]] = {
    "==": frozenset({0}),
    "!=": frozenset({-1, 1}),
    "<": frozenset({-1}),
    "<=": frozenset({-1, 0}),
    ">": frozenset({1}),
    ">=": frozenset({0, 1}),
}
"""On which side of what it is compared with a value then is."""


class OperatorQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """May this person have this done to that?"""

    person: str
    groups: frozenset[str]
    action: str  # the kind's name
    target: Ref
    tiers: frozenset[str]  # of the target's namespace
    risk: Risk
    station: Station
    at: datetime


class OperatorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Yes or no, and by which of its policies."""

    allows: bool
    because: str
    policies: tuple[str, ...] = ()


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A name in a policy's text."""

    name: str
    line: int


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy compares with a word or a number, such as `context.risk == "high"`."""

    field: str
    sign: str
    value: str | int
    line: int

    def holds(self, of: str | int) -> bool:
        """What comes of it where the field is that. Of texts, Cedar asks for equality alone."""
        if isinstance(of, int) and isinstance(self.value, int):
            side = (of > self.value) - (of < self.value)
        else:
            side = int(of != self.value)
        return side in _SIGNS[self.sign]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy's text speaks of, each as often as it stands there. Nothing is judged by it."""

    policies: int  # how many
    permits: int  # how many of them allow something
    groups: tuple[Named, ...] = ()
    tiers: tuple[Named, ...] = ()
    people: tuple[Named, ...] = ()
    ids: tuple[Named, ...] = ()  # of policies
    slots: tuple[Named, ...] = ()  # what makes a template of a policy
    compared: tuple[Compared, ...] = ()
