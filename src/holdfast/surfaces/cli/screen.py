"""A scan as an on-call engineer wants to see it: worst first, and what could not be seen last.

Commands stand on lines of their own.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from rich.console import Console
from rich.text import Text

from holdfast.actions import CLOSED_SET
from holdfast.diagnosis.survey import Survey
from holdfast.model.changes import Change
from holdfast.model.names import few
from holdfast.model.objects import LONG_AGO
from holdfast.model.rules import Finding, Severity
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import in_words, to_the_second
from holdfast.model.troubles import Trouble
from holdfast.surfaces.cli import coverage, standing
from holdfast.surfaces.cli.consoles import write
from holdfast.surfaces.cli.headline import exit_told, looked_at, no_answer, total
from holdfast.surfaces.cli.layout import MARGIN, Layout
from holdfast.surfaces.cli.steps import parted
from holdfast.surfaces.cli.text import clean

COLOURS = {Severity.CRITICAL: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
NAMED = 5  # siblings that are named; the others are counted
LINKS = 8  # symptoms that are told
MOST = 20  # troubles that a terminal is told in full: the rest would push them off its top
LONGEST = 400  # of one piece of evidence; the whole is one `-o json` away


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of a scan is shown."""

    flat: bool = False  # every finding by itself instead of troubles
    young: bool = False
    posture: bool = False


def show(console: Console, snapshot: Snapshot, survey: Survey, wanted: Wanted) -> None:
    """Print a scan."""
    # Outside a terminal there is no width: a pipe wants one line for one thing.
    page = _Page(snapshot, survey, console.width if console.is_terminal else None)
    write(console, page.lines(wanted))


class _Page:
    """One scan on one width."""

    def __init__(self, snapshot: Snapshot, survey: Survey, width: int | None) -> None:
        self._snapshot = snapshot
        self._survey = survey
        self._layout = Layout(width)

    def lines(self, wanted: Wanted) -> Iterator[Text]:
        """Everything, from the top."""
        survey = self._survey
        yield from self._layout.flowing(_heading(self._snapshot), style="dim")
        yield Text()
        if wanted.flat:
            marks = {
                finding.id: standing.mark(trouble, survey.standing)
                for trouble in survey.troubles
                for finding in trouble.findings
            }
            for finding in self._first(survey.findings):
                yield from self._alone(finding, mark=marks.get(finding.id, ""))
            yield from self._others(survey.findings)
        else:
            for trouble in self._first(survey.troubles):
                yield from self._trouble(trouble)
            yield from self._others([trouble.cause for trouble in survey.troubles])
        if wanted.young and survey.young:
            yield from self._section("Still within their grace:", survey.young, "young")
        if wanted.posture and survey.posture:
            yield from self._ledger(survey.posture)
        if survey.standing is not None:
            yield from standing.lines(survey.standing, self._layout)
        yield Text(total(survey, young=wanted.young), style="bold")
        if survey.standing is not None:
            told = standing.summary(survey.standing, len(survey.troubles))
            yield from self._layout.flowing(told, style="bold")
        yield from self._layout.flowing(looked_at(self._snapshot), style="dim")
        yield from self._quiet(wanted)
        yield from coverage.lines(survey.coverage, self._layout)
        if why := no_answer(survey):
            yield from self._layout.flowing(clean(exit_told(why)), style="bold yellow")

    def _first[T](self, everything: Sequence[T]) -> Sequence[T]:
        """Those that are told in full: all of them, where nothing can be pushed off a screen."""
        return everything[:MOST] if self._layout.bounded else everything

    def _others(self, findings: Sequence[Finding]) -> Iterator[Text]:
        """The rest, counted by what they are."""
        rest = findings[len(self._first(findings)) :]
        if not rest:
            return
        yield Text(f"And {len(rest)} more, which a pipe, -n or -o json shows:", style="bold")
        for name, count in Counter(f"{f.code} {f.name}" for f in rest).most_common():
            names = few((name_of(f) for f in rest if f"{f.code} {f.name}" == name), NAMED)
            yield from self._layout.told("", f"{count} {name}: {names}")
        yield Text()

    def _section(self, title: str, findings: Iterable[Finding], word: str) -> Iterator[Text]:
        yield Text(title, style="bold")
        yield Text()
        for finding in findings:
            yield from self._alone(finding, word=word)

    def _alone(self, finding: Finding, *, word: str = "", mark: str = "") -> Iterator[Text]:
        yield self._title(finding, word or finding.severity.name, mark=mark)
        yield from self._body(finding)
        yield from self._ways_on(finding)
        yield Text()

    def _trouble(self, trouble: Trouble) -> Iterator[Text]:
        cause = trouble.cause
        colour = COLOURS[trouble.severity]
        told = standing.mark(trouble, self._survey.standing)
        yield self._title(cause, trouble.severity.name, colour=colour, mark=told)
        yield from self._body(cause)
        yield from beside(trouble, self._survey, self._layout, named=NAMED)
        yield from self._ways_on(cause)
        if any(finding.code in answered() for finding in trouble.findings):
            yield from self._layout.told("do    ", f"holdfast propose {trouble.id}", style="dim")
        yield Text()

    def _title(self, finding: Finding, word: str, *, colour: str = "", mark: str = "") -> Text:
        about = finding.about
        style = colour or ("dim" if word == "young" else COLOURS[finding.severity])
        title = Text(word.ljust(MARGIN), style=style)
        title.append(name_of(finding), style="bold")
        title.append(f"  {about.kind}  {finding.code} {finding.name}", style="dim")
        if mark:
            title.append(f"  {mark}", style="dim" if mark == "still" else "bold")
        return title

    def _body(self, finding: Finding) -> Iterator[Text]:
        yield from self._layout.told("", f"{finding.says} ({self._age(finding.since)})")
        evidence = "; ".join(f"{key} = {value[:LONGEST]}" for key, value in finding.seen.items())
        if evidence:
            yield from self._layout.told("seen  ", evidence)

    def _age(self, since: datetime) -> str:
        if since == LONG_AGO:
            return "nobody says since when"
        return f"for {in_words(self._snapshot.now - since)}, since {to_the_second(since)}"

    def _ways_on(self, finding: Finding) -> Iterator[Text]:
        sentence, command = parted(finding.next)
        yield from self._layout.told("next  ", sentence)
        if command:
            yield self._layout.command(command)
        yield from self._layout.told("why   ", f"holdfast explain {finding.code}", style="dim")

    def _ledger(self, posture: Iterable[Finding]) -> Iterator[Text]:
        """Posture as a ledger: totals, and one line for each."""
        posture = tuple(posture)
        yield Text(f"Posture, which pages nobody ({len(posture)}):", style="bold")
        counts = Counter(f"{finding.code} {finding.name}" for finding in posture)
        for rule, count in sorted(counts.items()):
            yield from self._layout.told("", f"{rule}: {count}")
            for finding in posture:
                if f"{finding.code} {finding.name}" == rule:
                    told = f"{finding.about.kind} {name_of(finding)}: {finding.says}"
                    yield from self._layout.told("  ", told, style="dim")
        yield Text()

    def _quiet(self, wanted: Wanted) -> Iterator[Text]:
        survey = self._survey
        for several, word in ((survey.accepted, "Accepted"), (survey.ignored, "Ignored")):
            if several:
                names = few((f"{each.code} {called(each)}" for each in several), NAMED)
                yield from self._layout.flowing(f"{word}: {names}.", style="dim")
        if survey.young and survey.troubles and not wanted.young:  # else the headline says it
            told = f"Within their grace, and shown with --young: {len(survey.young)}."
            yield from self._layout.flowing(told, style="dim")


@cache
def answered() -> frozenset[str]:
    """The codes that something in the closed set could do something about."""
    return frozenset(code for each in CLOSED_SET for code in each.kind.answers)


def called(finding: Finding) -> str:
    """Who a finding is about, with the kind."""
    return f"{finding.about.kind} {name_of(finding)}"


def beside(trouble: Trouble, survey: Survey, layout: Layout, *, named: int) -> Iterator[Text]:
    """What belongs to a trouble beside its cause: the same on siblings, symptoms, changes."""
    if trouble.alike:
        yield from layout.told("also  ", few((name_of(each) for each in trouble.alike), named))
    for link in trouble.symptoms[:LINKS]:
        yield from layout.told("so    ", f"{called(link.finding)}: {link.finding.says}")
    if len(trouble.symptoms) > LINKS:
        yield from layout.told("so    ", f"and {len(trouble.symptoms) - LINKS} more")
    for change in survey.changed.get(trouble.id, ()):
        yield from layout.told("after ", change_told(change, trouble.since))


def name_of(finding: Finding) -> str:
    """Who a finding is about, with the namespace."""
    about = finding.about
    return clean(f"{about.namespace}/{about.name}" if about.namespace else about.name)


def change_told(change: Change, onset: datetime) -> str:
    """A change, and how long before the trouble it was."""
    by = f" by {change.who}" if change.who else ""
    when = in_words(onset - change.when)
    return f"{change.about.kind} {change.about.name}: {change.what}{by}, {when} before"


def _heading(snapshot: Snapshot) -> str:
    cluster = snapshot.cluster
    words = [
        cluster.name or "cluster",
        cluster.version,
        cluster.server,
        to_the_second(snapshot.now),
    ]
    return "  ".join(clean(word) for word in words if word)
