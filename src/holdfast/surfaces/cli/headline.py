"""What is said of a scan in one sentence, wherever it is shown: what hurts, and what is left out.

Whoever reads no more than this must not take for health what somebody has accepted or ignores.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from holdfast.diagnosis.survey import Survey
from holdfast.model.names import few
from holdfast.model.rules import Channel, Finding, Severity
from holdfast.model.snapshot import Snapshot, State

KINDS = 5  # that are named


def total(survey: Survey, *, young: bool = False) -> str:
    """Count what hurts, or say that nothing does as far as could be seen; `young`: it is shown."""
    beside = [note for note in (left_out(survey), _not_understood(survey)) if note]
    soon = _soon(survey)
    if survey.troubles:
        return _sentence(_counted(survey), *beside)
    if no_answer(survey):
        told = "No answer: not everything could be read, and what could be shows no trouble"
        return _sentence(told, *soon, *beside)
    if soon and not young:
        return _sentence("Nothing yet", *soon, *beside)
    if soon:
        beside.append(f"what is shown ({len(survey.young)}) is still within its grace")
    else_ = " else" if left_out(survey) or soon else ""
    return _sentence(f"Nothing{else_} hurts, as far as could be seen", *beside)


def no_answer(survey: Survey) -> str:
    """Why a scan is no answer, whatever it found; empty when it is one.

    A list that broke off is none: what is missing may be what hurts. What is forbidden is told and
    is an answer, and so is a list of which some objects are not understood, unless nothing else
    was seen at all.
    """
    broken = [blind for blind in survey.blind if blind.state is State.PARTIAL]
    if broken:
        names = few((blind.plural for blind in broken), KINDS)
        return f"not seen whole: {names} ({broken[0].why})"
    unread, read = survey.coverage.unreadable, survey.coverage.read
    if unread and not any(kind.count for kind in read):
        return f"nothing that is there could be understood ({unread[0].kind}: {unread[0].why})"
    return ""


def exit_told(why: str) -> str:
    """Why the exit code is 2, as a last line."""
    return f"No answer, and so exit code 2: {why.removesuffix('.')}."


def calm(survey: Survey) -> bool:
    """Whether nothing hurts, nothing is about to, and nothing that may is left out."""
    beside = (left_out(survey), _not_understood(survey), no_answer(survey))
    return not survey.troubles and not survey.young and not any(beside)


def left_out(survey: Survey) -> str:
    """How many that hurt are not shown because somebody wanted it so; empty for none.

    Critical ones are counted apart: who accepts a warning has not accepted what it grows into.
    """
    parts = [
        f"{len(several)} {word}{_critical(several)}"
        for several, word in (
            (_incidents(survey.accepted), "accepted"),
            (_incidents(survey.ignored), "ignored"),
        )
        if several
    ]
    return f"left out: {', '.join(parts)}" if parts else ""


def looked_at(snapshot: Snapshot) -> str:
    """What was seen, by kind; that there is none of a kind is said only of those that were seen."""
    captures = list(snapshot.captures())
    counts = ", ".join(f"{c.kind.api.plural} {len(c.objects)}" for c in captures if c.objects)
    empty = any(c.state is State.CAPTURED and not c.objects for c in captures)
    blind = any(c.state not in (State.CAPTURED, State.ABSENT) for c in captures)
    if not counts and not empty:
        return "Looked at nothing."
    if not counts:
        return "What could be seen is empty." if blind else "It is empty."
    if not empty:
        return f"Looked at: {counts}."
    others = "the others that could be seen" if blind else "the other kinds"
    return f"Looked at: {counts}; there are none of {others}."


def _sentence(*parts: str) -> str:
    return f"{'; '.join(parts)}."


def _soon(survey: Survey) -> list[str]:
    """How many would hurt, were they older."""
    match len(survey.young):
        case 0:
            return []
        case 1:
            return ["1 is within its grace (--young shows it)"]
        case several:
            return [f"{several} are within their grace (--young shows them)"]


def _not_understood(survey: Survey) -> str:
    odd = len(survey.coverage.unreadable)
    if not odd:
        return ""
    return f"{odd} {'object' if odd == 1 else 'objects'} could not be understood"


def _counted(survey: Survey) -> str:
    counts = Counter(trouble.severity for trouble in survey.troubles)
    parts = ", ".join(f"{counts[s]} {s.word}" for s in sorted(counts, reverse=True))
    noun = "trouble" if len(survey.troubles) == 1 else "troubles"
    found = len(survey.findings)
    findings = "finding" if found == 1 else "findings"
    return f"{len(survey.troubles)} {noun}: {parts} ({found} {findings} in all)"


def _critical(findings: Sequence[Finding]) -> str:
    critical = sum(finding.severity is Severity.CRITICAL for finding in findings)
    return f", {critical} of them critical" if critical else ""


def _incidents(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.channel is Channel.INCIDENT]
