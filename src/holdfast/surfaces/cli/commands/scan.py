"""`holdfast scan`, as it is declared."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from holdfast.surfaces.cli.commands.words import (
    BEFORE,
    CURRENT,
    HOW,
    CustomKinds,
    Everywhere,
    FailOn,
    Flag,
    Namespaces,
    Place,
    Without,
    namespaces,
)
from holdfast.surfaces.cli.doors import Doors


class Output(StrEnum):
    """Forms of output."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"


def declare(app: App, doors: Doors) -> None:
    """Add the command."""

    @app.command
    def scan(
        *,
        place: Place = CURRENT,
        namespace: Namespaces = (),
        all_namespaces: Everywhere = False,
        output: Annotated[Output, Parameter(name=["--output", "-o"], group=HOW)] = Output.TEXT,
        fail_on: Annotated[FailOn, Parameter(group=HOW)] = "warning",
        flat: Flag = False,
        young: Flag = False,
        posture: Flag = False,
        baseline: Annotated[Path | None, Parameter(group=HOW)] = None,
        without: Without = (),
        kind: CustomKinds = (),
        since: Annotated[Path | None, Parameter(group=BEFORE)] = None,
        state: Annotated[Path | None, Parameter(group=BEFORE)] = None,
        stateless: Annotated[
            bool, Parameter(group=BEFORE, negative=(), show_default=False)
        ] = False,
        watch: Annotated[
            bool, Parameter(name=["--watch", "-w"], group=HOW, negative=(), show_default=False)
        ] = False,
    ) -> int:
        """Find what hurts now: worst first, with evidence and the next step.

        Exits 0 when nothing is at or above --fail-on, 1 when something is, and 2 when it could
        not look. What you may not read is listed as blind and never fails a scan.

        Parameters
        ----------
        namespace
            Look only there; can be given more than once.
        all_namespaces
            Look everywhere (the default).
        output
            `text` for people, `json` and `yaml` for programs, `markdown` for a ticket.
        fail_on
            The lowest severity that makes the exit code 1; with `new:`, only of troubles that
            are new at it since the last scan.
        flat
            Show every finding by itself, not folded into troubles.
        young
            Show also what is still within its grace.
        posture
            Show also posture findings: a ledger that never changes the exit code.
        baseline
            A file of what is accepted, ignored and switched off (`kind: Baseline`).
        without
            A rule to switch off, by name or code; can be given more than once.
        kind
            A custom kind to look at as well, as `widgets.example.io`; can be given more than once.
        since
            Compare with a scan that `-o json` printed, instead of the last one; keeps nothing.
        state
            The folder in which the last scan of each cluster is kept (default:
            $HOLDFAST_STATE_DIR, then `holdfast` in $XDG_STATE_HOME or in ~/.local/state). A
            snapshot is compared and kept only when this is given.
        stateless
            Neither compare with the last scan nor keep this one.
        watch
            Stay, and show what changes: a screen on a terminal, else a line for each thing that
            happens (`-o json`: JSON lines). Ctrl-C ends it with the exit code of a scan; `new:`
            then means new since it began.
        """
        from holdfast import facts
        from holdfast.model.baseline import NOTHING
        from holdfast.surfaces.cli import scan as scanning
        from holdfast.surfaces.cli.before import Keeping, before
        from holdfast.surfaces.cli.garbage import for_good
        from holdfast.surfaces.cli.looking import names, take
        from holdfast.surfaces.cli.screen import Wanted

        within = namespaces(namespace, everywhere=all_namespaces)
        source = place.source(within, names(kind))
        keeping = Keeping(since=since, state=state, stateless=stateless)
        preferences = doors.preferences()
        decided = NOTHING if baseline is None else doors.read_baseline(baseline)
        off = facts.switched_off(without, decided)
        if watch:
            from holdfast.surfaces.cli import watching

            watching.refuse(source, keeping, output.value)
            ours = watching.Wish(
                terms=watching.terms(source, preferences, decided, off, posture=posture),
                wanted=Wanted(flat=flat, young=young, posture=posture),
                fail_on=scanning.fail_on(fail_on),
                json=output is Output.JSON,
            )
            return watching.run(doors.live(source.target), ours)
        former = before(doors, keeping, source)
        seen = take(doors, source, facts.kinds_read(facts.rules_without(off)))
        for_good(seen)
        wish = scanning.Wish(
            output=scanning.Output(output.value),
            wanted=Wanted(flat=flat, young=young, posture=posture),
            fail_on=scanning.fail_on(fail_on),
            namespaces=source.namespaces,
            baseline=decided,
            off=off,
        )
        return scanning.tell(seen, wish, preferences, former)
