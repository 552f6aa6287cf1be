"""The leash as operators write it: what is switched on, who approves what, and how often.

It can narrow what is compiled in and never widen it, but for what must be switched on by name. What
stands in it is exact: names are compared byte by byte, and there are no patterns.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated

import msgspec

from holdfast.model import shapes
from holdfast.model.asks import Rules
from holdfast.model.repairs import ActionClass
from holdfast.model.written import Fault

API_VERSION = "holdfast.dev/v1alpha1"
KIND = "Leash"

_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}

Namespace = Annotated[str, msgspec.Meta(pattern=shapes.NAMESPACE)]
Name = Annotated[str, msgspec.Meta(pattern=shapes.NAME)]
Span = Annotated[str, msgspec.Meta(pattern=shapes.SPAN)]
PerHour = Annotated[int, msgspec.Meta(ge=0, le=1000)]

LONGEST_OPEN = timedelta(days=7)
LONGEST_START = timedelta(hours=1)


class Leash(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The file `leash.yaml`: every key may be left out."""

    api_version: str
    kind: str
    switched_on: tuple[str, ...] = ()  # kinds of actions that are off by default
    protected_namespaces: tuple[Namespace, ...] = ()  # besides those that are compiled in
    restarts_of_managed: bool = False
    approvers: dict[ActionClass, tuple[Name, ...]] = {}  # groups; a class not named: anybody
    signed: tuple[ActionClass, ...] = ()  # only with a signature of the person's own
    two_people: tuple[ActionClass, ...] = ()
    distance: dict[ActionClass, Span] = {}  # between the two approvals
    per_hour: dict[ActionClass, PerHour] = {}  # approvals of one person
    tiers: dict[Name, tuple[Namespace, ...]] = {}  # names that the operator's policy can speak of
    open_for: Span = "4h"
    start_within: Span = "15m"
    cooldown: Span = "10m"  # before the same object is acted on again
    undo: bool = True  # take back what did not help

    def faults(self, known: Mapping[str, bool]) -> Iterator[Fault]:
        """What no form can say is wrong; `known` tells of each kind whether it is on by itself."""
        for number, name in enumerate(self.switched_on):
            if name not in known:
                kinds = ", ".join(sorted(each for each, on in known.items() if not on))
                why = f"there is no kind {name}; these can be switched on: {kinds}"
                yield Fault(at=f".switchedOn[{number}]", why=why)
            elif known[name]:
                yield Fault(at=f".switchedOn[{number}]", why=f"{name} is on by itself")
        for of_class, groups in self.approvers.items():
            if not groups:
                yield Fault(at=f".approvers.{of_class.value}", why="nobody could approve this")
        if span(self.open_for) > LONGEST_OPEN:
            yield Fault(at=".openFor", why="a proposal is open for seven days at most")
        if span(self.start_within) > LONGEST_START:
            yield Fault(at=".startWithin", why="what was approved starts within an hour, or never")

    def rules(self) -> Rules:
        """What the layers are told."""
        return Rules(
            switched_on=frozenset(self.switched_on),
            protected=frozenset(self.protected_namespaces),
            restarts_of_managed=self.restarts_of_managed,
            approvers={each: frozenset(groups) for each, groups in self.approvers.items()},
            signed=frozenset(self.signed),
            two_people=frozenset(self.two_people),
            distance={each: span(apart) for each, apart in self.distance.items()},
            open_for=span(self.open_for),
            start_within=span(self.start_within),
            per_hour=dict(self.per_hour),
            tiers={tier: frozenset(names) for tier, names in self.tiers.items()},
            cooldown=span(self.cooldown),
            undo=self.undo,
        )


def span(text: str) -> timedelta:
    """`30m` as a span; the form has seen to its shape."""
    fits = _SPAN.fullmatch(text)
    if fits is None:
        raise ValueError(f"{text!r} is no span such as 30m")
    return int(fits[1]) * _UNITS[fits[2]]
