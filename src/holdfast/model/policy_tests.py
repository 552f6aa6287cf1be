"""Tests of the leash as operators write them: what is given, and what it must answer."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from holdfast.model import shapes
from holdfast.model.asks import Proof, Station
from holdfast.model.objects import Time
from holdfast.model.written import Fault

API_VERSION = "holdfast.dev/v1alpha1"
KIND = "PolicyTests"

MONDAY = datetime(2026, 1, 5, 12, 30, tzinfo=UTC)
"""When it is, where a test does not say it."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=253)]
Span = Annotated[str, msgspec.Meta(pattern=shapes.SPAN)]


class _Written(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A part of a file that people write: unknown keys are errors."""


class Somebody(_Written, frozen=True, kw_only=True):
    """A person of a test, who need not be in the people file."""

    person: Name
    groups: tuple[str, ...] = ()
    proof: Proof = Proof.SSH


class On(_Written, frozen=True, kw_only=True):
    """What it would be done to."""

    kind: Name
    namespace: str = ""
    name: Name


class Level(StrEnum):
    """How high the risk is taken to be."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Given(_Written, frozen=True, kw_only=True):
    """The case."""

    action: Name
    target: On
    approved_by: tuple[Somebody, ...] = ()  # in that order
    people: tuple[Somebody, ...] = ()  # who else there is, who might approve
    apart: Span | None = None  # between two approvals
    risk: Level = Level.LOW
    at: Time = MONDAY
    station: Station | None = None  # execution, where somebody has approved; else proposal
    requester: str = "holdfast"
    kept_by: str = ""  # a delivery tool that keeps the target
    frozen: str = ""


class Answered(StrEnum):
    """What comes of it."""

    ALLOW = "allow"
    NEED = "need"  # not refused, and something is still wanted
    REFUSE = "refuse"


class Expect(_Written, frozen=True, kw_only=True):
    """The answer that is wanted, and which layers must give it; more may say the same."""

    answer: Answered
    by: tuple[str, ...] = ()


class PolicyTest(_Written, frozen=True, kw_only=True):
    """One test."""

    name: Name
    given: Given
    expect: Expect


class PolicyTests(_Written, frozen=True, kw_only=True):
    """The file of tests."""

    api_version: str
    kind: str
    tests: tuple[PolicyTest, ...]

    def faults(self, kinds: Sequence[str], layers: Sequence[str]) -> Iterator[Fault]:
        """What no form can say is wrong with it."""
        if not self.tests:
            yield Fault(at=".tests", why="there is no test")
        names: set[str] = set()
        for number, test in enumerate(self.tests):
            here = f".tests[{number}]"
            if test.name in names:
                yield Fault(at=f"{here}.name", why=f"{test.name!r} stands twice")
            names.add(test.name)
            if test.given.action not in kinds:
                known = ", ".join(kinds)
                why = f"there is no kind {test.given.action!r}: {known}"
                yield Fault(at=f"{here}.given.action", why=why)
            for place, layer in enumerate(test.expect.by):
                if layer not in layers:
                    why = f"there is no layer {layer!r} that is asked here: {', '.join(layers)}"
                    yield Fault(at=f"{here}.expect.by[{place}]", why=why)
            if test.expect.by and test.expect.answer is Answered.ALLOW:
                yield Fault(at=f"{here}.expect.by", why="nobody refuses what is allowed")
