"""What happened between two views of a watch: what appeared, changed its severity, or went.

Troubles stand to each other as those of two scans do. What stands for itself (a finding with
`--flat`, what is young, posture) is told by its own id. Neither is gone while nobody can see it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from holdfast.model.last_scan import Remembered, Standing
from holdfast.model.objects import Ref
from holdfast.model.rules import Channel, Finding, Severity
from holdfast.model.snapshot import State
from holdfast.model.troubles import Trouble
from holdfast.surfaces.cli.screen import Wanted
from holdfast.workflow.vigil import View

YOUNG, POSTURE = "young", "posture"


class Turn(StrEnum):
    """The word for it."""

    OPEN = "open"  # it was there when the watch began
    NEW = "new"
    WORSE = "worse"
    BETTER = "better"
    GONE = "gone"
    UNSEEN = "unseen"  # what it was read from is not seen any more: it may be there still


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Who is concerned: a trouble, or a finding that stands for itself."""

    id: str
    code: str
    about: Ref
    since: datetime
    severity: Severity
    word: str  # its severity, or why it is shown although it is no incident
    finding: Finding | None = None  # the cause; None: it is only remembered
    trouble: Trouble | None = None


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened."""

    turn: Turn
    subject: Subject
    why: str = ""


def subjects(view: View, wanted: Wanted) -> Mapping[str, Subject]:
    """What a view shows, by id, worst first."""
    survey = view.survey
    shown = [_alone(f, f.severity.word) for f in survey.findings] if wanted.flat else []
    if not wanted.flat:
        shown += [_whole(trouble) for trouble in survey.troubles]
    if wanted.young:
        shown += [_alone(f, YOUNG) for f in survey.young if f.channel is Channel.INCIDENT]
    if wanted.posture:
        shown += [_alone(f, POSTURE) for f in survey.posture]
    return {each.id: each for each in shown}


def turns(before: View | None, now: View, wanted: Wanted) -> Iterator[Turned]:
    """What happened between them; before the first view everything was there already."""
    there = subjects(now, wanted)
    if before is None:
        yield from (Turned(turn=Turn.OPEN, subject=each) for each in there.values())
        return
    known = subjects(before, wanted)
    if now.survey is not before.survey and now.survey.standing is not None and not wanted.flat:
        yield from _ends(now.survey.standing, known)
    yield from _vanished(known, there, before, now)
    for key, subject in there.items():
        turn = _turn(known.get(key), subject)
        came_back = turn is Turn.NEW and _told_elsewhere(subject, now.survey.standing)
        if turn is not None and not came_back:
            yield Turned(turn=turn, subject=subject)


def _ends(standing: Standing, known: Mapping[str, Subject]) -> Iterator[Turned]:
    """Troubles that are not there any more."""
    for each in standing.gone:
        yield Turned(turn=Turn.GONE, subject=known.get(each.id) or _remembered(each))
    for lost in standing.unknown:
        if lost.trouble.id in known:  # it is remembered further, and was told when it vanished
            subject = known[lost.trouble.id]
            yield Turned(turn=Turn.UNSEEN, subject=subject, why=lost.because)


def _vanished(
    known: Mapping[str, Subject], there: Mapping[str, Subject], before: View, now: View
) -> Iterator[Turned]:
    """What stood for itself and is not there any more, unless its grace has passed."""
    ripe = {finding.id for finding in now.survey.findings}
    dimmed = _dim(now) - _dim(before)
    for key, subject in known.items():
        if subject.trouble is None and key not in there and key not in ripe:
            turn = Turn.UNSEEN if subject.code in dimmed else Turn.GONE
            yield Turned(turn=turn, subject=subject)


def _dim(view: View) -> frozenset[str]:
    """The codes of rules that cannot judge everything."""
    return frozenset(rule.code for rule in view.survey.coverage.unjudged if rule.served)


def _turn(was: Subject | None, subject: Subject) -> Turn | None:
    if was is None or (was.word == YOUNG and subject.word != YOUNG):
        return Turn.NEW
    if subject.severity == was.severity:
        return None
    return Turn.WORSE if subject.severity > was.severity else Turn.BETTER


def _told_elsewhere(subject: Subject, standing: Standing | None) -> bool:
    """Whether a trouble was there all the time, as a symptom of another."""
    return subject.trouble is not None and standing is not None and subject.id not in standing.new


def _whole(trouble: Trouble) -> Subject:
    return Subject(
        id=trouble.id,
        code=trouble.code,
        about=trouble.cause.about,
        since=trouble.since,
        severity=trouble.severity,
        word=trouble.severity.word,
        finding=trouble.cause,
        trouble=trouble,
    )


def _alone(finding: Finding, word: str) -> Subject:
    return Subject(
        id=finding.id,
        code=finding.code,
        about=finding.about,
        since=finding.since,
        severity=finding.severity,
        word=word,
        finding=finding,
    )


def _remembered(each: Remembered) -> Subject:
    return Subject(
        id=each.id,
        code=each.code,
        about=each.about,
        since=each.since,
        severity=each.severity,
        word=each.severity.word,
    )


def dark(view: View) -> Mapping[str, str]:
    """Which kinds are not seen, with the reason; what the server does not have is not dark."""
    return {
        blind.plural: f"{blind.word}, {blind.why}"
        for blind in view.survey.blind
        if blind.state is not State.ABSENT
    }
