"""`holdfast scan --watch`: follow a cluster until somebody ends it, and then say how it ended.

On a terminal a screen that is painted in place; elsewhere, or as JSON, one line for each thing
that happens. Ctrl-C and SIGTERM end it with a summary and the exit code of a scan.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn, Protocol

import msgspec
from rich.console import Console

from holdfast.errors import BadInput
from holdfast.facts import rules_without
from holdfast.model.baseline import Baseline
from holdfast.model.coverage import Off
from holdfast.model.rules import Channel
from holdfast.ports import Cluster
from holdfast.surfaces.cli.before import Keeping
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.course import Course
from holdfast.surfaces.cli.doors import Preferences
from holdfast.surfaces.cli.hearsay import waited
from holdfast.surfaces.cli.looking import Source
from holdfast.surfaces.cli.painter import Painter
from holdfast.surfaces.cli.scan import FailOn
from holdfast.surfaces.cli.screen import Wanted
from holdfast.surfaces.cli.watch_lines import Line, as_json, as_text, happened
from holdfast.surfaces.cli.watch_screen import Memory, rows, waiting
from holdfast.workflow.hearing import Outage
from holdfast.workflow.vigil import Terms, View
from holdfast.workflow.watch import Rhythm, watch

SIGNS = (signal.SIGINT, signal.SIGTERM)
TICK = 1.0  # seconds between two paintings while a screen says how old it is


class Teller(Protocol):
    """Whoever shows a watch to somebody."""

    def begun(self, read: int, of: int, outage: Outage | None) -> None:
        """So many kinds have been read, or nobody answers; before the first view."""
        ...

    def show(self, view: View) -> None:
        """What is known now."""
        ...


class Lines:
    """One line for each thing that happens."""

    def __init__(self, course: Course, form: Callable[[Line], str]) -> None:
        self._course = course
        self._form = form
        self._told: Outage | None = None

    def begun(self, read: int, of: int, outage: Outage | None) -> None:
        """The first line says what has been read; that nobody answers, nobody else would."""
        if outage is not None and outage != self._told:
            print(f"holdfast: {waited(read, of, outage)}", file=sys.stderr, flush=True)
        self._told = outage

    def show(self, view: View) -> None:
        """Print what happened since the view before, at once."""
        before = self._course.view
        for line in happened(before, view, self._course.take(view)):
            print(self._form(line), flush=True)

    def ended(self, summary: str) -> None:
        """Print the last line."""
        if self._course.view is not None:
            print(self._form(Line(view=self._course.view, what="end", why=summary)), flush=True)


class Screen:
    """A screen that is painted in place."""

    def __init__(self, course: Course, painter: Painter) -> None:
        self._course = course
        self._painter = painter
        self._shown_at = 0.0
        self._waited = ""

    def begun(self, read: int, of: int, outage: Outage | None) -> None:
        """Count them."""
        self._waited = waited(read, of, outage)
        self.paint()

    def show(self, view: View) -> None:
        """Paint it."""
        self._course.take(view)
        self._shown_at = _time()
        self.paint()

    def paint(self) -> None:
        """What is known, on the terminal as it is now."""
        size, view = self._painter.size, self._course.view
        if view is None:
            self._painter.paint(waiting(self._waited, size), size)
            return
        now = view.at + timedelta(seconds=_time() - self._shown_at)
        memory = Memory(opened=frozenset(self._course.opened), went=self._course.went)
        self._painter.paint(rows(view, self._course.wanted, size, now=now, memory=memory), size)

    async def tick(self) -> None:
        """While nobody answers, say every second how old it is."""
        while True:
            await asyncio.sleep(TICK)
            if self._course.view is not None and self._course.view.outage is not None:
                self.paint()

    def ended(self, console: Console, summary: str) -> None:
        """Leave the last screen and the summary behind, where people can scroll back to them."""
        view = self._course.view
        if view is not None:
            size = msgspec.structs.replace(self._painter.size, height=1000)
            for row in rows(view, self._course.wanted, size, now=view.at):
                if row.plain:
                    console.print(row, soft_wrap=True)
        console.print(summary)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked on the command line."""

    terms: Terms
    wanted: Wanted
    fail_on: FailOn | None
    json: bool = False


def refuse(source: Source, keeping: Keeping, output: str) -> None:
    """What cannot be watched, or makes no sense while watching."""
    if source.snapshot is not None or source.at is not None:
        raise BadInput(
            "A snapshot does not change, so there is nothing in it to watch.",
            remedy="Leave out --watch, or --snapshot and --at.",
        )
    if source.named:
        raise BadInput(
            "A watch follows the custom kinds that rules know, and no others.",
            remedy="Leave out --kind, or leave out --watch.",
        )
    if keeping.since is not None or keeping.state is not None:
        raise BadInput(
            "A watch compares with its own beginning, not with a scan before it.",
            remedy="Leave out --since and --state.",
        )
    if output not in ("text", "json"):
        raise BadInput(
            f"A watch has no end, and so cannot be written as {output}.",
            remedy="Use -o json for a line of JSON for each thing that happens.",
        )


def terms(
    source: Source,
    preferences: Preferences,
    baseline: Baseline,
    off: tuple[Off, ...],
    *,
    posture: bool,
) -> Terms:
    """What to watch: rules whose findings nobody would be shown are not asked."""
    rules = tuple(
        rule
        for rule in rules_without(off)
        if rule.channel is Channel.INCIDENT or (posture and rule.channel is Channel.POSTURE)
    )
    return Terms(
        rules=rules,
        namespaces=source.namespaces,
        grace_scale=preferences.grace_scale,
        baseline=baseline,
        off=off,
    )


def run(door: AbstractAsyncContextManager[Cluster], wish: Wish) -> int:
    """Watch until a signal ends it; returns the exit code."""
    course, console = Course(wish.wanted), Plain()
    if wish.json or not sys.stdout.isatty() or console.is_dumb_terminal:
        lines = Lines(course, as_json if wish.json else as_text)
        asyncio.run(follow(door, wish.terms, lines))
        lines.ended(course.summary())
    else:
        with Painter(console) as painter:
            screen = Screen(course, painter)
            asyncio.run(_on_screen(door, wish.terms, screen))
        screen.ended(console, course.summary())
    return course.code(wish.fail_on)


async def _on_screen(
    door: AbstractAsyncContextManager[Cluster], terms: Terms, screen: Screen
) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGWINCH, screen.paint)
    ticking = asyncio.ensure_future(screen.tick())
    try:
        await follow(door, terms, screen)
    finally:
        ticking.cancel()
        loop.remove_signal_handler(signal.SIGWINCH)


async def follow(
    door: AbstractAsyncContextManager[Cluster],
    terms: Terms,
    teller: Teller,
    rhythm: Rhythm | None = None,
) -> None:
    """Tell of a cluster until Ctrl-C or SIGTERM, or until it cannot be looked at any more."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for sign in SIGNS:
        loop.add_signal_handler(sign, ended.set)
    try:
        async with door as cluster:
            told = watch(cluster, terms, show=teller.show, begun=teller.begun, rhythm=rhythm)
            await _until(ended, asyncio.ensure_future(told))
    finally:
        for sign in SIGNS:
            loop.remove_signal_handler(sign)


async def _until(ended: asyncio.Event, watching: asyncio.Future[NoReturn]) -> None:
    waiting = asyncio.ensure_future(ended.wait())
    try:
        await asyncio.wait((waiting, watching), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (waiting, watching):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def _time() -> float:
    return asyncio.get_running_loop().time()
