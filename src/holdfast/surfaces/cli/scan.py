"""`holdfast scan`: look once, judge, show, and say by the exit code what to think of it."""

from dataclasses import dataclass, field
from enum import StrEnum

from holdfast.diagnosis.standing import remember
from holdfast.diagnosis.survey import Survey, survey
from holdfast.facts import reading, rules_without
from holdfast.model.baseline import NOTHING as NO_BASELINE
from holdfast.model.baseline import Baseline
from holdfast.model.coverage import Off
from holdfast.model.kinds.custom import Custom
from holdfast.model.last_scan import Standing
from holdfast.model.rules import Severity
from holdfast.model.snapshot import Snapshot
from holdfast.model.troubles import Trouble
from holdfast.surfaces.cli import forms, markdown, report, screen
from holdfast.surfaces.cli.before import Before
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.doors import Preferences
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK, FINDINGS, NOTHING
from holdfast.surfaces.cli.garbage import undisturbed
from holdfast.surfaces.cli.headline import no_answer
from holdfast.surfaces.cli.screen import Wanted


class Output(StrEnum):
    """Forms of output."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailOn:
    """What makes the exit code 1: anything of that severity, or only what is new at it."""

    severity: Severity
    new: bool = False

    def met_by(self, trouble: Trouble, standing: Standing | None) -> bool:
        """Whether this trouble is meant. Without a scan before, everything is new."""
        if trouble.severity < self.severity:
            return False
        if not self.new or standing is None or trouble.id in standing.new:
            return True
        return standing.worse.get(trouble.id, trouble.severity) < self.severity


def fail_on(said: str) -> FailOn | None:
    """What was said on the command line: `warning`, `new:critical`, `never`."""
    if said == "never":
        return None
    new, _, severity = said.rpartition(":")
    return FailOn(severity=Severity[severity.upper()], new=bool(new))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked on the command line."""

    output: Output = Output.TEXT
    wanted: Wanted = field(default_factory=Wanted)
    fail_on: FailOn | None = FailOn(severity=Severity.WARNING)  # None: never
    namespaces: tuple[str, ...] | None = None
    baseline: Baseline = NO_BASELINE
    off: tuple[Off, ...] = ()


def tell(snapshot: Snapshot, wish: Wish, preferences: Preferences, before: Before) -> int:
    """Judge and show a snapshot, and keep it for the next scan; returns the exit code."""
    rules = reading(snapshot.family(Custom), rules_without(wish.off))
    last = before.last(snapshot, wish.namespaces)
    with undisturbed(), Plain(stderr=True).moving("Judging ..."):
        judged = survey(
            snapshot,
            rules,
            grace_scale=preferences.grace_scale,
            baseline=wish.baseline,
            off=wish.off,
            last=last,
        )
    wanted = wish.wanted
    if wish.output is Output.TEXT:
        console = Plain()
        screen.show(console, snapshot, judged, wanted)
        if preferences.grace_scale != 1:
            console.print(f"Graces are multiplied by {preferences.grace_scale} (a test setting).")
    else:
        value = report.as_value(
            snapshot,
            judged,
            young=wanted.young,
            posture=wanted.posture,
            namespaces=wish.namespaces,
        )
        print(FORMS[wish.output](value))
    before.keep(remember(snapshot, judged.troubles, judged.standing, rules, wish.namespaces))
    return exit_code(judged, wish.fail_on)


FORMS = {
    Output.JSON: forms.as_json,
    Output.YAML: forms.as_yaml,
    Output.MARKDOWN: markdown.as_markdown,
}


def exit_code(judged: Survey, wanted: FailOn | None) -> int:
    """What is no answer is no finding either, and no health."""
    if no_answer(judged):
        return COULD_NOT_LOOK
    if wanted is None:
        return NOTHING
    if any(wanted.met_by(trouble, judged.standing) for trouble in judged.troubles):
        return FINDINGS
    return NOTHING
