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

from holdfast.model.objects import Object, Ref
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
    explains: tuple[str, ...]
    summary: str
    help: str
    look: Callable[[Snapshot], Iterator[Found]]
    reads_named: bool = False  # also custom kinds that we do not know, once somebody names them

    @property
    def sight(self) -> tuple[type[Object], ...]:
        """All that it may look at: what it judges by, and what only makes its words better."""
        return (*self.reads, *self.hints)

    def __call__(self, snapshot: Snapshot) -> Iterator[Found]:
        """Look at no more than what the declaration names."""
        return self.look(snapshot.narrowed(self.sight))


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
    reads_named: bool = False,
) -> Callable[[Callable[[Snapshot], Iterator[Found]]], Rule]:
    """Declare a fact. The decorator wraps the function and registers nothing.

    `hints` names kinds that only make a sentence or a next step better: what is found is found
    without them, so a verdict does not wait for them. `reads_named`: it also reads the custom
    kinds that people name, of which nobody knows more than that they may have conditions.

    `explains` names the codes of facts that are symptoms of this one when both are found on the
    same object (out of memory explains the crash loop); what lies along the topology needs no word.
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
            explains=explains,
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


def finding_id(about: Ref, code: str, part: str) -> str:
    """The same fault has the same id in every scan; a recreated object has another.

    An object without a uid (a hand-written snapshot) is known by its place instead.
    """
    subject = about.uid or f"{about.api_version}/{about.kind}/{about.namespace}/{about.name}"
    text = json.dumps([subject, code, part], ensure_ascii=False, separators=(",", ":"))
    return "fnd_" + hashlib.sha256(text.encode()).hexdigest()[:20]
