"""A watch where nobody watches: one line for each thing that happens, for grep or for programs.

As text, a line has its time, what happened, how bad it is, where, and last the command to type.
As JSON, it is one object whose first field names the version of its schema.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from holdfast.model.objects import LONG_AGO
from holdfast.model.times import in_words, stamp
from holdfast.surfaces.cli import report
from holdfast.surfaces.cli.forms import as_line
from holdfast.surfaces.cli.headline import left_out
from holdfast.surfaces.cli.hearsay import unheard
from holdfast.surfaces.cli.report import About, ClusterOut, FindingOut, SeverityName, TroubleOut
from holdfast.surfaces.cli.standing import NAMES
from holdfast.surfaces.cli.text import clean
from holdfast.surfaces.cli.turns import Subject, Turn, Turned, dark
from holdfast.workflow.hearing import Outage
from holdfast.workflow.vigil import View

SCHEMA: Final = "holdfast.dev/watch/v1alpha1"
MARGIN = 8  # as wide as the longest severity

type What = Literal[
    "begin",
    "open",
    "new",
    "worse",
    "better",
    "gone",
    "unseen",
    "blind",
    "sees",
    "lost",
    "heard",
    "end",
]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened."""

    view: View
    what: What
    turned: Turned | None = None
    kinds: tuple[str, ...] = ()
    why: str = ""
    outage: Outage | None = None  # of which `lost` tells

    @property
    def at(self) -> datetime:
        """When it was seen, by the cluster's clock."""
        return self.view.at


class SubjectOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who is concerned: a trouble by its id, or a finding that stands for itself by its own."""

    id: str
    code: str
    name: str
    severity: SeverityName
    about: About
    since: str


class LineOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing that happened, seen at the moment `cluster.now`.

    `open` was there when the watch began, `unseen` is not seen any more because what it was read
    from is not; `new`, `worse`, `better` and `gone` are what they say, and `subject` says of whom.
    `blind` and `sees`: the kinds in `kinds` cannot be read, or can again; where none is named,
    nothing of what was asked for can be seen, as when its namespace is gone. `lost` and `heard`:
    nothing is heard of those kinds since `since`, so that what is known of them is as of then, or
    it is again; where none is named, it is the cluster that does not answer. `trouble` and
    `findings` tell more of what is there; of what is gone there is nothing more to tell.
    """

    schema: Literal["holdfast.dev/watch/v1alpha1"]
    what: What
    cluster: ClusterOut
    subject: SubjectOut | None
    trouble: TroubleOut | None
    findings: list[FindingOut]
    kinds: list[str]
    why: str
    since: str | None


def happened(before: View | None, view: View, turned: Iterable[Turned]) -> Iterator[Line]:
    """Everything that happened between two views, in the order in which to tell it."""
    if before is None:
        told = [f"{view.followed} kinds are followed", left_out(view.survey)]
        yield Line(view=view, what="begin", why="; ".join(each for each in told if each))
    was = before.outage if before is not None else None
    yield from _outages(view, was, view.outage)
    yield from _astray(view, before.astray if before is not None else "", view.astray)
    known, now = dark(before) if before is not None else {}, dark(view)
    yield from _kinds(view, "blind", _more(known, now))
    yield from _kinds(view, "sees", dict.fromkeys(_more(now, known), ""))
    for each in turned:
        yield Line(view=view, what=each.turn.value, turned=each, why=each.why)


def _outages(view: View, was: Outage | None, now: Outage | None) -> Iterator[Line]:
    """Who is lost, and who is heard again: one line each, whoever many they are.

    When the cluster answers again, its kinds have some time to be heard before they are told of.
    """
    before, after = _told_lost(was), _told_lost(now)
    if WHOLE in before - after:
        yield Line(view=view, what="heard")
        before = frozenset()
    new = after - before
    if now is not None and new:
        outage = msgspec.structs.replace(now, kinds=tuple(sorted(new - {WHOLE})))
        yield Line(view=view, what="lost", kinds=outage.kinds, why=now.why, outage=outage)
    back = before - after
    if back and WHOLE not in after:
        yield Line(view=view, what="heard", kinds=tuple(sorted(back)))


WHOLE = ""  # among kinds: the cluster itself


def _told_lost(outage: Outage | None) -> frozenset[str]:
    if outage is None or outage.returning:
        return frozenset()
    return frozenset(outage.kinds or (WHOLE,))


def _astray(view: View, was: str, now: str) -> Iterator[Line]:
    if now and now != was:
        yield Line(view=view, what="blind", why=now)
    elif was and not now:
        yield Line(view=view, what="sees")


def _more(before: Mapping[str, str], now: Mapping[str, str]) -> Mapping[str, str]:
    return {plural: why for plural, why in now.items() if plural not in before}


def _kinds(view: View, what: What, kinds: Mapping[str, str]) -> Iterator[Line]:
    """One line for all kinds that have the same reason."""
    for why in dict.fromkeys(kinds.values()):
        several = tuple(sorted(plural for plural in kinds if kinds[plural] == why))
        yield Line(view=view, what=what, kinds=several, why=why)


def as_text(line: Line) -> str:
    """A line for people with grep."""
    time = f"{stamp(line.at).partition('.')[0]}Z {line.what:<6}"
    if line.turned is not None:
        return clean(f"{time} {_told(line.turned, line.at)}")
    return clean(f"{time} {'-':<{MARGIN}} {_words(line)}")


def _words(line: Line) -> str:
    about = ", ".join(line.kinds)
    match line.what:
        case "lost" if line.outage is not None:
            return unheard(line.outage)
        case "heard" if not line.kinds:
            return "the cluster answers again"
        case "sees" if not line.kinds:
            return "what was asked for is seen again"
        case "begin":
            cluster = line.view.snapshot.cluster
            about = " ".join(w for w in (cluster.name, cluster.version, cluster.server) if w)
    return ": ".join(word for word in (about, line.why) if word)


def _told(turned: Turned, now: datetime) -> str:
    subject, finding = turned.subject, turned.subject.finding
    about = subject.about
    where = f"{about.namespace}/{about.name}" if about.namespace else about.name
    head = f"{subject.word:<{MARGIN}} {where} {about.kind} {subject.code} {NAMES[subject.code]}"
    age = "" if subject.since == LONG_AGO else in_words(now - subject.since)
    if turned.turn is Turn.GONE or finding is None:
        return f"{head}: gone after {age}" if age else f"{head}: gone"
    if turned.turn is Turn.UNSEEN:
        return f"{head}: it may be there still, {turned.why or 'but what shows it is not seen'}"
    others = 0 if subject.trouble is None else len(subject.trouble.findings) - 1
    told = [f"for {age}"] if age else []
    told += [f"{others} more with it"] if others else []
    more = f" ({', '.join(told)})" if told else ""
    return f"{head}: {finding.says}{more}; next: {finding.next}"


def as_json(line: Line) -> str:
    """A line for programs."""
    subject = line.turned.subject if line.turned is not None else None
    there = line.what in ("open", "new", "worse", "better")
    trouble = subject.trouble if subject is not None and there else None
    findings = trouble.findings if trouble is not None else ()
    if subject is not None and subject.finding is not None and subject.trouble is None and there:
        findings = (subject.finding,)
    out = LineOut(
        schema=SCHEMA,
        what=line.what,
        cluster=msgspec.structs.replace(report.cluster_out(line.view.snapshot), now=stamp(line.at)),
        subject=_subject(subject) if subject is not None else None,
        trouble=report.trouble_out(trouble, line.view.survey) if trouble is not None else None,
        findings=[report.finding_out(each) for each in findings],
        kinds=list(line.kinds),
        why=line.why,
        since=None if line.outage is None else stamp(line.outage.since),
    )
    return as_line(out)


def _subject(subject: Subject) -> SubjectOut:
    return SubjectOut(
        id=subject.id,
        code=subject.code,
        name=NAMES[subject.code],
        severity=subject.severity.word,
        about=report.about_out(subject.about),
        since=stamp(subject.since),
    )
