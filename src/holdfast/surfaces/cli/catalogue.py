"""`holdfast catalogue`: every rule in one line, or as JSON."""

from typing import Literal

import msgspec

from holdfast.facts import CATALOGUE
from holdfast.surfaces.cli import forms


class RuleOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One rule. `reads` are resources as RBAC names them; `hints` only make its words better."""

    code: str
    name: str
    channel: Literal["incident", "posture", "context"]
    severity: Literal["info", "warning", "critical"]
    grace_seconds: int
    reads: list[str]
    hints: list[str]
    summary: str


def rules() -> list[RuleOut]:
    """All of them, by code."""
    return [
        RuleOut(
            code=rule.code,
            name=rule.name,
            channel=rule.channel.value,
            severity=rule.severity.word,
            grace_seconds=int(rule.grace.total_seconds()),
            reads=[kind.api.resource for kind in rule.reads],
            hints=[kind.api.resource for kind in rule.hints],
            summary=rule.summary,
        )
        for rule in CATALOGUE
    ]


def as_json() -> str:
    """An indented list."""
    return forms.as_json(rules())


def as_text() -> str:
    """A line for each."""
    told = rules()
    widest = max(len(rule.name) for rule in told)
    return "\n".join(
        f"{rule.code}  {rule.name.ljust(widest)}  {rule.channel.ljust(8)}  {rule.summary}"
        for rule in told
    )
