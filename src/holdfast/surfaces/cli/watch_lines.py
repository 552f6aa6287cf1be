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
from holdfast.surfaces.cli.report import About, ClusterOut, FindingOut, SeverityName, TroubleOut
from holdfast.surfaces.cli.standing import NAMES
from holdfast.surfaces.cli.text import clean
from holdfast.surfaces.cli.turns import Sight, Subject, Turn, Turned, sight
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

    @property
    def at(self) -> datetime:
        """When it was seen, by the cluster's clock."""
        return self.view.snapshot.now


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
    `blind` and `sees`: the kinds in `kinds` cannot be read, or can again. `lost` and `heard`:
    nothing is heard of them, so that what is known of them may be old, or it is again. `trouble`
    and `findings` tell more of what is there; of what is gone there is nothing more to tell.
    """

    schema: Literal["holdfast.dev/watch/v1alpha1"]
    what: What
    cluster: ClusterOut
    subject: SubjectOut | None
    trouble: TroubleOut | None
    findings: list[FindingOut]
    kinds: list[str]
    why: str


def happened(before: View | None, view: View, turned: Iterable[Turned]) -> Iterator[Line]:
    """Everything that happened between two views, in the order in which to tell it."""
    if before is None:
        yield Line(view=view, what="begin", why=f"{view.followed} kinds are followed")
    was, now = sight(before) if before is not None else Sight(), sight(view)
    yield from _kinds(view, "lost", _more(was.silent, now.silent))
    yield from _kinds(view, "heard", dict.fromkeys(_more(now.silent, was.silent), ""))
    yield from _kinds(view, "blind", _more(was.dark, now.dark))
    yield from _kinds(view, "sees", dict.fromkeys(_more(now.dark, was.dark), ""))
    for each in turned:
        yield Line(view=view, what=each.turn.value, turned=each, why=each.why)


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
    everything = len(line.kinds) == line.view.followed
    about = "everything" if everything else ", ".join(line.kinds)
    if line.what == "begin":
        cluster = line.view.snapshot.cluster
        about = " ".join(w for w in (cluster.name, cluster.version, cluster.server) if w)
    words = ": ".join(word for word in (about, line.why) if word)
    return clean(f"{time} {'-':<{MARGIN}} {words}")


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
        cluster=report.cluster_out(line.view.snapshot),
        subject=_subject(subject) if subject is not None else None,
        trouble=report.trouble_out(trouble, line.view.survey) if trouble is not None else None,
        findings=[report.finding_out(each) for each in findings],
        kinds=list(line.kinds),
        why=line.why,
    )
    return msgspec.json.encode(out).decode()


def _subject(subject: Subject) -> SubjectOut:
    return SubjectOut(
        id=subject.id,
        code=subject.code,
        name=NAMES[subject.code],
        severity=subject.severity.word,
        about=report.about_out(subject.about),
        since=stamp(subject.since),
    )
