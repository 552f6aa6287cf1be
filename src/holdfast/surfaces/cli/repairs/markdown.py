"""A proposal as Markdown, for a ticket or a chat. Text from the cluster stays text."""

from collections.abc import Iterator
from datetime import datetime

from holdfast.surfaces.cli.markdown import code, quoted
from holdfast.surfaces.cli.repairs import rows
from holdfast.surfaces.cli.repairs.card import BESIDE, SIGNED
from holdfast.surfaces.cli.repairs.dossier import Dossier


def as_markdown(told: Dossier, now: datetime) -> str:
    """The whole card."""
    return "\n".join(_lines(told, now))


def _lines(told: Dossier, now: datetime) -> Iterator[str]:
    glance = rows.heading(told, now)
    yield f"# {glance.risk.name} RISK: {quoted(glance.action)} of {quoted(glance.target)}"
    yield ""
    yield quoted(glance.does)
    yield ""
    yield f"**{quoted(glance.state)}**"
    yield ""
    yield f"## {SIGNED}"
    yield ""
    for row in rows.signed(told):
        yield f"- {row.label}"
        yield from (f"  - {code(line)}" for line in row.lines)
    yield ""
    yield f"## {BESIDE}"
    yield ""
    for row in rows.beside(told):
        yield f"- {row.label}"
        yield from (f"  - {quoted(line)}" for line in row.lines)
    yield ""
    for step in rows.next_steps(told, now):
        yield f"    {step}"
