"""The card on a screen: what matters first, on any width."""

import textwrap
from collections.abc import Iterable, Iterator
from datetime import datetime

from rich.console import Console
from rich.text import Text

from holdfast.model.repairs import Risk
from holdfast.model.showing import proposal_shown
from holdfast.surfaces.cli.consoles import write
from holdfast.surfaces.cli.layout import MARGIN
from holdfast.surfaces.cli.repairs import rows
from holdfast.surfaces.cli.repairs.dossier import Dossier
from holdfast.surfaces.cli.repairs.rows import Row
from holdfast.surfaces.cli.text import clean

COLOURS = {Risk.LOW: "bold green", Risk.MEDIUM: "bold yellow", Risk.HIGH: "bold red"}
SIGNED = "What an approval signs"
BESIDE = "What the keeper says beside it, which nobody signs"
NEXT = "What to type"
LEAST = 20  # columns of text, however small a terminal is


def show(console: Console, told: Dossier, now: datetime) -> None:
    """Print the card."""
    write(console, lines(told, now, console.width if console.is_terminal else None))


def lines(told: Dossier, now: datetime, width: int | None) -> Iterator[Text]:
    """The card on that width; None: what is one thing is one line."""
    glance = rows.heading(told, now)
    title = f"{glance.risk.name} RISK: {glance.action} of {glance.target}"
    yield from _flowing(title, width, COLOURS[glance.risk])
    yield from _flowing(glance.does, width)
    yield from _flowing(glance.state, width, "bold")
    for heading, told_rows in ((SIGNED, rows.signed(told)), (BESIDE, rows.beside(told))):
        yield Text()
        yield from _flowing(heading, width, "dim")
        yield from _rows(told_rows, width)
    yield Text()
    for step in rows.next_steps(told, now):
        yield Text(step, style="bold")


def going_back(told: Dossier) -> Iterator[Text]:
    """What somebody is about to have taken back: the last step that was done comes first."""
    yield Text()
    yield Text("You are about to TAKE THIS BACK: what was done is undone.", style="bold red")
    done = [each for each in told.plan.steps if each.step <= told.proposal.step]
    for each in reversed(done):
        step = f"step {each.step}: " if told.several else ""
        for line in rows.way_back(proposal_shown(each)):
            yield Text(f"  {step}{clean(line)}")


def _rows(told: Iterable[Row], width: int | None) -> Iterator[Text]:
    room = None if width is None else max(LEAST, width - MARGIN)
    for row in told:
        label = row.label
        for said in row.lines:
            for line in _wrapped(said, room):
                text = Text(label.ljust(MARGIN), style="dim")
                yield text.append(line, style="not dim")
                label = ""


def _flowing(text: str, width: int | None, style: str = "") -> Iterator[Text]:
    yield from (Text(line, style=style) for line in _wrapped(text, width))


def _wrapped(text: str, room: int | None) -> list[str]:
    """Broken between words; a word that is too long is broken too, and none of it is left out."""
    inset = " " * (len(text) - len(text.lstrip(" ")))
    said = inset + clean(text)
    if room is None:
        return [said]
    return textwrap.wrap(said, room, subsequent_indent=inset, break_on_hyphens=False) or [""]
