"""The watch screen: as much as fits the terminal, worst first, and what does not fit is counted.

Each trouble gets a line, as far as half of the room goes; the rest of the room tells the worst
ones in more words, with what to type next. Commands are never cut: one that is longer than the
terminal is wide goes on in the next row, where the terminal itself wraps it, so that it is copied
as one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
from rich.cells import cell_len
from rich.text import Text

from holdfast.model.names import few
from holdfast.model.objects import LONG_AGO
from holdfast.model.rules import Channel
from holdfast.model.snapshot import State
from holdfast.model.times import in_words
from holdfast.surfaces.cli.headline import calm, total
from holdfast.surfaces.cli.hearsay import UNKNOWN, banner, clock
from holdfast.surfaces.cli.layout import MARGIN, Layout
from holdfast.surfaces.cli.screen import (
    COLOURS,
    Wanted,
    beside,
    called,
    change_told,
)
from holdfast.surfaces.cli.standing import NAMES
from holdfast.surfaces.cli.steps import parted
from holdfast.surfaces.cli.text import clean
from holdfast.surfaces.cli.turns import POSTURE, YOUNG, Subject, subjects
from holdfast.workflow.vigil import View

LEAST = 8  # rows that troubles get, however low the terminal is
NAMED = 3  # siblings and symptoms that are named in a few words
LONGEST = 400  # of one piece of evidence
RECENT = timedelta(minutes=10)  # how long it is told that something has gone
TOLD_GONE = 3


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """A terminal's."""

    width: int
    height: int


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What a screen tells that no single view knows."""

    opened: frozenset[str] = frozenset()  # what was there when the watch began
    went: tuple[tuple[datetime, Subject], ...] = ()  # the latest last


def waiting(told: str, size: Size) -> list[Text]:
    """The screen before the first view."""
    return list(Layout(size.width).flowing(told, style="dim"))


def rows(
    view: View, wanted: Wanted, size: Size, *, now: datetime, memory: Memory | None = None
) -> list[Text]:
    """Everything that is shown, from the top; as many rows as the terminal has."""
    memory = memory or Memory()
    head = [_cropped(line, size) for line in _heading(view, wanted, now)]
    foot = [_cropped(line, size) for line in _footing(view, wanted, memory, now)]
    things = list(subjects(view, wanted).values())
    room = max(LEAST, size.height - len(head) - len(foot))
    body = _Body(view, memory.opened, size).fitted(things, room) if things else []
    if not things:
        body = [_cropped(line, size) for line in _quiet(view)]
    filling = size.height - len(head) - len(foot) - height(body, size)
    return [*head, *body, *([Text()] * filling), *foot]


def height(lines: Iterable[Text], size: Size) -> int:
    """How many rows of the terminal they take."""
    return sum(max(1, -(-cell_len(line.plain) // size.width)) for line in lines)


class _Body:
    """The troubles."""

    def __init__(self, view: View, opened: frozenset[str], size: Size) -> None:
        self._view = view
        self._opened = opened
        self._size = size
        self._layout = Layout(size.width)

    def fitted(self, things: Sequence[Subject], room: int) -> list[Text]:
        """A line for each that there is room for, and the worst ones in more words."""
        if len(things) > room // 2:
            room -= 1  # for the count
        blocks = [[self._line(each)] for each in things[: max(1, room // 2)]]
        for told in (self._short, self._long):
            room_left = room - sum(height(block, self._size) for block in blocks)
            for index, block in enumerate(blocks):
                more = [*told(things[index]), Text()]
                room_left -= height(more, self._size) - height(block, self._size)
                if room_left < 0:
                    break
                blocks[index] = more
        shown = [line for block in blocks for line in block]
        rest = things[len(blocks) :]
        while rest and height(shown, self._size) < room:
            shown.append(self._line(rest[0]))
            rest = rest[1:]
        return [*shown, *([_cropped(_counted(rest), self._size)] if rest else [])]

    def _line(self, subject: Subject) -> Text:
        line = _word(subject)
        line.append(_where(subject), style="bold")
        line.append(f"  {NAMES[subject.code]}  ", style="dim")
        if subject.finding is not None:
            line.append(clean(subject.finding.says))
        return _cropped(line, self._size)

    def _short(self, subject: Subject) -> Iterator[Text]:
        yield self._title(subject)
        yield from self._says(subject)
        trouble = subject.trouble
        if trouble is not None:
            others = [*trouble.alike, *(link.finding for link in trouble.symptoms)]
            if others:
                names = few(dict.fromkeys(called(each) for each in others), NAMED)
                yield from self._layout.told("with  ", names)
            for change in self._view.survey.changed.get(trouble.id, ())[:1]:
                yield from self._layout.told("after ", change_told(change, trouble.since))
        yield from self._next(subject)

    def _long(self, subject: Subject) -> Iterator[Text]:
        yield self._title(subject)
        yield from self._says(subject)
        finding, trouble = subject.finding, subject.trouble
        if finding is not None and finding.seen:
            seen = "; ".join(f"{key} = {value[:LONGEST]}" for key, value in finding.seen.items())
            yield from self._layout.told("seen  ", seen)
        if trouble is not None:
            yield from beside(trouble, self._view.survey, self._layout, named=NAMED)
        yield from self._next(subject)

    def _title(self, subject: Subject) -> Text:
        title = _word(subject)
        title.append(_where(subject), style="bold")
        kind = clean(subject.about.kind)
        title.append(f"  {kind}  {subject.code} {NAMES[subject.code]}", style="dim")
        if self._opened and subject.id not in self._opened:
            title.append("  new", style="bold")
        return _cropped(title, self._size)

    def _says(self, subject: Subject) -> Iterator[Text]:
        if subject.finding is None:
            return
        age = in_words(self._view.snapshot.now - subject.since)
        told = "" if subject.since == LONG_AGO else f" (for {age})"
        yield from self._layout.told("", subject.finding.says + told)

    def _next(self, subject: Subject) -> Iterator[Text]:
        if subject.finding is None:
            return
        sentence, command = parted(subject.finding.next)
        yield from self._layout.told("next  ", sentence)
        if command:
            yield self._layout.command(command)


def _heading(view: View, wanted: Wanted, now: datetime) -> Iterator[Text]:
    cluster = view.snapshot.cluster
    words = [cluster.name or "cluster", cluster.version, cluster.server]
    line = Text(f"{clock(now)}  ", style="bold")
    line.append("  ".join(clean(word) for word in words if word), style="dim")
    yield line
    if view.outage is not None:
        yield Text(banner(view.outage, now), style="bold red")
    if view.astray:
        yield Text(f"NOT SEEN: {clean(view.astray)}", style="bold red")
    yield _total(view, wanted)
    yield Text()


def _total(view: View, wanted: Wanted) -> Text:
    """What hurts; that nothing does is said only where somebody would have told."""
    told = total(view.survey, young=wanted.young)
    if view.outage is None and not view.astray:
        return Text(told, style="bold green" if calm(view.survey) else "bold")
    if view.survey.troubles:
        return Text(told, style="bold")
    return Text(f"No answer: {UNKNOWN}.", style="yellow")


def _quiet(view: View) -> Iterator[Text]:
    there = sum(len(capture.objects) for capture in view.snapshot.captures())
    yield Text(f"{there} objects of {view.followed} kinds are watched.", style="dim")


def _footing(view: View, wanted: Wanted, memory: Memory, now: datetime) -> Iterator[Text]:
    survey = view.survey
    for when, subject in memory.went[-TOLD_GONE:]:
        if now - when < RECENT:
            line = Text("GONE".ljust(MARGIN), style="green")
            line.append(_where(subject))
            line.append(f"  {NAMES[subject.code]}, {in_words(now - when)} ago", style="dim")
            yield line
    told = (State.ABSENT, State.CAPTURED)  # objects that are not understood stand in the headline
    unseen = [b.plural for b in survey.blind if b.state not in told]
    if unseen:
        yield Text(f"Could not see: {few(unseen, 8)}.", style="yellow")
    rest: list[str] = []
    young = sum(1 for f in survey.young if f.channel is Channel.INCIDENT)
    if young and not wanted.young:
        rest.append(f"{young} within their grace (--young)")
    rest.append("Ctrl-C ends")
    yield Text("; ".join(rest) + ".", style="dim")


def _counted(rest: Sequence[Subject]) -> Text:
    """How many have no line, how bad they are, and what most of them are."""
    words = Counter(subject.word for subject in rest)
    bad = ", ".join(f"{words[word]} {word}" for word in dict.fromkeys(s.word for s in rest))
    rules = Counter(NAMES[subject.code] for subject in rest)
    most = few((f"{count} {name}" for name, count in rules.most_common()), NAMED)
    return Text(f"{' ' * MARGIN}and {len(rest)} more: {bad} ({most})", style="bold")


def _word(subject: Subject) -> Text:
    quiet = subject.word in (YOUNG, POSTURE)
    word = subject.word if quiet else subject.word.upper()
    return Text(word.ljust(MARGIN), style="dim" if quiet else COLOURS[subject.severity])


def _where(subject: Subject) -> str:
    about = subject.about
    return clean(f"{about.namespace}/{about.name}" if about.namespace else about.name)


def _cropped(line: Text, size: Size) -> Text:
    """One row at most; what is cut off ends in dots."""
    line.truncate(size.width, overflow="ellipsis")
    return line
