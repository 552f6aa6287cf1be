"""`holdfast scan`: look once, judge, show, and say by the exit code what to think of it."""

import sys
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from rich.console import Console

from holdfast import facts
from holdfast.facts import Judgement
from holdfast.model.objects import Object
from holdfast.model.rules import Severity
from holdfast.model.snapshot import Capture, Snapshot, State
from holdfast.ports import Cluster
from holdfast.surfaces.cli import report, screen
from holdfast.surfaces.cli.doors import Preferences
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK, FINDINGS, NOTHING
from holdfast.workflow.look import look


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked on the command line."""

    as_json: bool = False
    young: bool = False
    fail_on: Severity | None = Severity.WARNING  # None: never


async def look_at(
    door: AbstractAsyncContextManager[Cluster],
    kinds: Iterable[type[Object]],
    namespaces: tuple[str, ...] | None,
) -> Snapshot:
    """Take the snapshot, with a word on progress where somebody watches."""
    console = Console(stderr=True)
    kinds = tuple(kinds)
    with console.status("Looking ...") as status:
        done: list[str] = []

        def seen(capture: Capture[Object]) -> None:
            done.append(f"{len(capture.objects)} {capture.kind.api.plural}")
            status.update(f"Looking ({len(done)} of {len(kinds)} kinds): {', '.join(done)}")

        async with door as cluster:
            return await look(cluster, kinds=kinds, namespaces=namespaces, seen=seen)


def tell(snapshot: Snapshot, wish: Wish, preferences: Preferences) -> int:
    """Judge and show a snapshot; returns the exit code."""
    judgement = facts.judge(snapshot, grace_scale=preferences.grace_scale)
    if wish.as_json:
        sys.stdout.buffer.write(report.as_json(snapshot, judgement, young=wish.young) + b"\n")
    else:
        console = Console()
        screen.show(console, snapshot, judgement, young=wish.young)
        if preferences.grace_scale != 1:
            console.print(f"Graces are multiplied by {preferences.grace_scale} (a test setting).")
    return exit_code(judgement, wish.fail_on)


def exit_code(judgement: Judgement, fail_on: Severity | None) -> int:
    """A list that broke off is no answer, whatever the rest shows; what is forbidden is one."""
    if any(blind.state is State.PARTIAL for blind in judgement.blind):
        return COULD_NOT_LOOK
    if fail_on is None:
        return NOTHING
    if any(finding.severity >= fail_on for finding in judgement.findings):
        return FINDINGS
    return NOTHING
