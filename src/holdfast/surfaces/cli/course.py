"""What a watch has seen so far: enough for a summary, an exit code, and what no view knows."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from holdfast.model.last_scan import Standing
from holdfast.model.rules import Severity
from holdfast.model.times import in_words
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK
from holdfast.surfaces.cli.headline import exit_told, no_answer
from holdfast.surfaces.cli.hearsay import standing
from holdfast.surfaces.cli.scan import FailOn, exit_code
from holdfast.surfaces.cli.screen import Wanted
from holdfast.surfaces.cli.text import clean
from holdfast.surfaces.cli.turns import Subject, Turn, Turned, subjects, turns
from holdfast.workflow.vigil import View

KEPT = 3  # of what has gone, for the screen


class Course:
    """From the first view to the last."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.view: View | None = None
        self.opened: Mapping[str, Subject] = {}
        self.went: tuple[tuple[datetime, Subject], ...] = ()
        self._began: datetime | None = None
        self._severities: Mapping[str, Severity] = {}  # of the troubles when it began
        self._counts = dict.fromkeys(Turn, 0)

    def take(self, view: View) -> Sequence[Turned]:
        """One more view; returns what happened since the one before."""
        turned = list(turns(self.view, view, self.wanted))
        if self.view is None:
            self.opened = subjects(view, self.wanted)
            self._began = view.at
            self._severities = {t.id: t.severity for t in view.survey.troubles}
        self.view = view
        for each in turned:
            self._counts[each.turn] += 1
        gone = [(view.at, t.subject) for t in turned if t.turn is Turn.GONE]
        self.went = (*self.went, *gone)[-KEPT:]
        return turned

    def summary(self) -> str:
        """One sentence on what happened, and one on how it stands."""
        if self.view is None or self._began is None:
            return "Ended before every kind had been read, so nothing can be said."
        lasted = in_words(self.view.at - self._began)
        parts = [f"{self._counts[turn]} {turn.value}" for turn in SUMMED if self._counts[turn]]
        happened = ", ".join(parts) or "nothing happened"
        now = standing(self.view, young=self.wanted.young)
        why = no_answer(self.view.survey)
        last = f" {exit_told(why)}" if why else ""
        return clean(f"Watched for {lasted}: {happened}. {now}{last}")

    def code(self, fail_on: FailOn | None) -> int:
        """What the exit code of a scan would be now; `new:` counts from the watch's beginning."""
        if self.view is None or self.view.outage is not None or self.view.astray:
            return COULD_NOT_LOOK
        survey = self.view.survey
        here = {trouble.id: trouble.severity for trouble in survey.troubles}
        since_then = Standing(
            when=self._began or self.view.at,
            new=frozenset(here) - frozenset(self._severities),
            worse={key: was for key, was in self._severities.items() if here.get(key, was) > was},
        )
        return exit_code(msgspec.structs.replace(survey, standing=since_then), fail_on)


SUMMED = (Turn.NEW, Turn.WORSE, Turn.BETTER, Turn.GONE, Turn.UNSEEN)
