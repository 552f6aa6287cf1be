"""A trouble: one cause and its symptoms, in the order in which the one led to the others."""

import hashlib
import json
from datetime import datetime

import msgspec

from holdfast.model.objects import Ref
from holdfast.model.rules import Finding, Severity


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """How a symptom hangs on what lies beneath it: the finding, and the relation to it."""

    finding: Finding
    because: str  # the id of the finding beneath
    relation: str  # `owns`, `selects`, ...; `same object` where a fact explains another


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What an engineer has to deal with: not five findings, but the one behind them."""

    id: str
    cause: Finding
    alike: tuple[Finding, ...]  # the same cause on siblings: other pods of the same workload
    symptoms: tuple[Link, ...]  # nearest to the cause first

    @property
    def code(self) -> str:
        """The code of its cause."""
        return self.cause.code

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that it holds, the cause first."""
        return (self.cause, *self.alike, *(link.finding for link in self.symptoms))

    @property
    def severity(self) -> Severity:
        """The worst of its findings."""
        return max(finding.severity for finding in self.findings)

    @property
    def since(self) -> datetime:
        """The oldest of its cause's."""
        return min(finding.since for finding in (self.cause, *self.alike))


def trouble_id(subject: Ref, code: str, through: Ref | None = None) -> str:
    """Stable while the workload behind the cause lives, although its pods come and go.

    Who misses two things has two troubles: whoever accepts the one has not accepted the other.
    """
    who = subject.uid or f"{subject.api_version}/{subject.kind}/{subject.namespace}/{subject.name}"
    what = [str(through)] if through is not None else []
    text = json.dumps(["trouble", who, code, *what], ensure_ascii=False, separators=(",", ":"))
    return "trb_" + hashlib.sha256(text.encode()).hexdigest()[:20]
