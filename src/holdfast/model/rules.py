"""Facts: what a rule declares, what it finds, and what the catalogue makes of it.

A rule only ever says *found, since when*. Whether that is a finding yet, and whether finding
nothing means absent or unknown, is derived in one place (`facts/__init__.py`).
"""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Literal

import msgspec

from holdfast.model.hiding import text_shown
from holdfast.model.objects import Object, Ref
from holdfast.model.relations import Relation
from holdfast.model.snapshot import Snapshot


class Channel(StrEnum):
    """Where a finding goes."""

    INCIDENT = "incident"  # something is or is about to be broken: shown, may page
    POSTURE = "posture"  # hygiene: a ledger, never a page
    CONTEXT = "context"  # evidence for diagnosis only


class Severity(IntEnum):
    """How bad it is; the order is the order of the screen."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def word(self) -> Literal["info", "warning", "critical"]:
        """The severity as people write it."""
        match self:
            case Severity.INFO:
                return "info"
            case Severity.WARNING:
                return "warning"
            case Severity.CRITICAL:
                return "critical"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule saw on one object, and since when it has been so."""

    about: Ref
    since: datetime
    says: str
    seen: Mapping[str, str] = MappingProxyType({})
    part: str = ""  # the container, key or port that tells two of one object apart
    severity: Severity | None = None  # None: what the rule declares
    next_step: str | None = None  # None: what the rule declares
    names: Mapping[str, str] = MappingProxyType({})  # what it names beside the object and the part
    through: Ref | None = None  # the one of its needs that it is about: nothing else explains it
    unmade: int = 0  # how many pods are missing because of it that were never made


class Verdict(StrEnum):
    """Three-valued, because a source that was not asked knows nothing."""

    FOUND = "found"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's answer about one subject."""

    code: str
    subject: Ref
    verdict: Verdict
    found: Found | None = None
    because: str = ""  # for unknown: which source was not seen, and why


class Bearing(msgspec.Struct, frozen=True, kw_only=True):
    """How a fact stands to others that are found beside it. By itself, it is a cause."""

    explains: tuple[str, ...] = ()  # codes that follow from this one
    follows: tuple[Relation, ...] = ()  # along these, it only says what is told better beneath
    spreads: bool = True  # whether what is made of its object suffers by it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A fact as the catalogue knows it: the declaration, and the function that looks."""

    code: str
    name: str
    channel: Channel
    severity: Severity
    grace: timedelta
    reads: tuple[type[Object], ...]
    hints: tuple[type[Object], ...]
    next_step: str
    bearing: Bearing
    summary: str
    help: str
    look: Callable[[Snapshot], Iterator[Found]]
    reads_named: bool = False  # also custom kinds that we do not know, once somebody names them

    @property
    def sight(self) -> tuple[type[Object], ...]:
        """All that it may look at: what it judges by, and what only makes its words better."""
        return (*self.reads, *self.hints)

    def __call__(self, snapshot: Snapshot) -> Iterator[Found]:
        """Look at no more than what the declaration names; tell no secret that a message quotes."""
        for found in self.look(snapshot.narrowed(self.sight)):
            seen = {name: text_shown(value) for name, value in found.seen.items()}
            yield msgspec.structs.replace(found, says=text_shown(found.says), seen=seen)


def fact(  # noqa: PLR0913 - a declaration, each word of it named
    *,
    code: str,
    channel: Channel,
    severity: Severity,
    grace: timedelta,
    reads: tuple[type[Object], ...],
    next_step: str,
    hints: tuple[type[Object], ...] = (),
    explains: tuple[str, ...] = (),
    follows: tuple[Relation, ...] = (),
    spreads: bool = True,
    reads_named: bool = False,
) -> Callable[[Callable[[Snapshot], Iterator[Found]]], Rule]:
    """Declare a fact. The decorator wraps the function and registers nothing.

    `hints` names kinds that only make a sentence or a next step better: what is found is found
    without them, so a verdict does not wait for them. `reads_named`: it also reads the custom
    kinds that people name, of which nobody knows more than that they may have conditions.

    `explains` names the codes of facts that are symptoms of this one, on the same object (out of
    memory explains the crash loop) or on whoever needs it (a claim, the pod that mounts it).
    `follows` is for a fact that only sums up what lies beneath it: a Deployment is short because of
    whatever is wrong with what it owns. Most facts are causes and follow from nothing.
    `spreads=False`: what it is about may do badly by and by, but nobody above it suffers now.
    """

    def declare(look: Callable[[Snapshot], Iterator[Found]]) -> Rule:
        module = inspect.getmodule(look)
        promise = inspect.cleandoc(module.__doc__ or "") if module else ""
        detail = inspect.cleandoc(look.__doc__ or "")
        return Rule(
            code=code,
            name=look.__name__,
            channel=channel,
            severity=severity,
            grace=grace,
            reads=reads,
            hints=hints,
            next_step=next_step,
            bearing=Bearing(explains=explains, follows=follows, spreads=spreads),
            summary=promise.split("\n\n", 1)[0].replace("\n", " "),
            help=f"{promise}\n\n{detail}",
            look=look,
            reads_named=reads_named,
        )

    return declare


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A found fact worth showing: its grace has passed."""

    id: str
    code: str
    name: str
    channel: Channel
    severity: Severity
    about: Ref
    part: str
    says: str
    since: datetime
    seen: Mapping[str, str]
    next: str
    through: Ref | None = None
    unmade: int = 0


def finding_id(about: Ref, code: str, part: str) -> str:
    """The same fault has the same id in every scan; a recreated object has another.

    An object without a uid (a hand-written snapshot) is known by its place instead.
    """
    subject = about.uid or f"{about.api_version}/{about.kind}/{about.namespace}/{about.name}"
    text = json.dumps([subject, code, part], ensure_ascii=False, separators=(",", ":"))
    return "fnd_" + hashlib.sha256(text.encode()).hexdigest()[:20]
