"""What the operator's own policy is asked, and what it answers. It can narrow, and never widen."""

from datetime import datetime

import msgspec

from holdfast.model.asks import Station
from holdfast.model.objects import Ref
from holdfast.model.repairs import Risk


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


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy's text speaks of, each as often as it stands there. Nothing is judged by it."""

    policies: int  # how many
    groups: tuple[Named, ...] = ()
    tiers: tuple[Named, ...] = ()
    people: tuple[Named, ...] = ()
    ids: tuple[Named, ...] = ()  # of policies
    slots: tuple[Named, ...] = ()  # what makes a template of a policy
