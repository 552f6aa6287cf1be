"""`holdfast scan`: look once, judge, show, and say by the exit code what to think of it."""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum

from holdfast.diagnosis.survey import Survey, survey
from holdfast.facts import rules_without
from holdfast.model.baseline import NOTHING as NO_BASELINE
from holdfast.model.baseline import Baseline
from holdfast.model.coverage import Off
from holdfast.model.objects import Object
from holdfast.model.rules import Severity
from holdfast.model.snapshot import Capture, Snapshot, State
from holdfast.ports import Cluster
from holdfast.surfaces.cli import markdown, report, screen
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.doors import Preferences
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK, FINDINGS, NOTHING
from holdfast.surfaces.cli.screen import Wanted
from holdfast.workflow.look import look


class Output(StrEnum):
    """Forms of output."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked on the command line."""

    output: Output = Output.TEXT
    wanted: Wanted = field(default_factory=Wanted)
    fail_on: Severity | None = Severity.WARNING  # None: never
    baseline: Baseline = NO_BASELINE
    off: tuple[Off, ...] = ()


async def look_at(
    door: AbstractAsyncContextManager[Cluster],
    kinds: Iterable[type[Object]],
    namespaces: tuple[str, ...] | None,
) -> Snapshot:
    """Take the snapshot, with a word on progress where somebody watches."""
    console = Plain(stderr=True)
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
    judged = survey(
        snapshot,
        rules_without(wish.off),
        grace_scale=preferences.grace_scale,
        baseline=wish.baseline,
        off=wish.off,
    )
    wanted = wish.wanted
    if wish.output is Output.TEXT:
        console = Plain()
        screen.show(console, snapshot, judged, wanted)
        if preferences.grace_scale != 1:
            console.print(f"Graces are multiplied by {preferences.grace_scale} (a test setting).")
    else:
        value = report.as_value(snapshot, judged, young=wanted.young, posture=wanted.posture)
        print(FORMS[wish.output](value))
    return exit_code(judged, wish.fail_on)


FORMS = {
    Output.JSON: report.as_json,
    Output.YAML: report.as_yaml,
    Output.MARKDOWN: markdown.as_markdown,
}


def exit_code(judged: Survey, fail_on: Severity | None) -> int:
    """A list that broke off is no answer, whatever the rest shows; what is forbidden is one."""
    if any(blind.state is State.PARTIAL for blind in judged.blind):
        return COULD_NOT_LOOK
    if fail_on is None:
        return NOTHING
    if any(finding.severity >= fail_on for finding in judged.findings):
        return FINDINGS
    return NOTHING
