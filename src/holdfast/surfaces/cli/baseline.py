"""`holdfast baseline`: accept what is found now, and see what has become of what was accepted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from holdfast import facts
from holdfast.diagnosis.survey import survey
from holdfast.errors import BadInput
from holdfast.model.baseline import DEFAULT, LONGEST, Accepted, Baseline
from holdfast.model.last_scan import LastScan, Remembered
from holdfast.model.objects import Ref
from holdfast.model.rules import Severity
from holdfast.model.times import in_words, to_the_second
from holdfast.surfaces.cli.consoles import Plain
from holdfast.surfaces.cli.doors import Doors
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK, FINDINGS, NOTHING
from holdfast.surfaces.cli.headline import exit_told, no_answer
from holdfast.surfaces.cli.looking import Source, take
from holdfast.surfaces.cli.meaning import meant
from holdfast.surfaces.cli.text import clean

SPANS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why something is accepted, by whom, and until when."""

    reason: str
    owner: str
    until: str = ""
    span: str = ""

    def expiry(self, now: datetime) -> datetime:
        """When it ends; refused when that has passed or is too far away."""
        if self.until and self.span:
            raise BadInput("--until and --for contradict each other.", remedy="Give one of them.")
        if self.until:
            end = _moment(self.until)
        else:
            end = now + (_span(self.span) if self.span else DEFAULT)
        if end <= now:
            raise BadInput(f"{to_the_second(end)} has passed.", remedy="Name a later day.")
        if end > now + LONGEST:
            raise BadInput(
                f"Nothing is accepted for longer than {LONGEST.days} days.",
                remedy="Name a nearer day; what is to stay for good is an `ignore` rule.",
            )
        return end.replace(microsecond=0)


class Fate(StrEnum):
    """What has become of something that was accepted."""

    THERE = "still there"
    EXPIRED = "expired"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An entry, and what has become of it."""

    entry: Accepted
    fate: Fate
    why: str = ""


def accept(
    doors: Doors, source: Source, path: Path, words: Iterable[str], decision: Decision
) -> int:
    """Write down that somebody lives with what those words name."""
    if not decision.reason.strip() or not decision.owner.strip():
        raise BadInput(
            "Nothing is accepted without a reason and an owner.",
            remedy="Say why with --reason, and who answers for it with --owner.",
        )
    until = decision.expiry(doors.now())
    snapshot = take(doors, source, facts.kinds_read())
    told = survey(snapshot, grace_scale=doors.preferences().grace_scale)
    entries = {
        id_: Accepted(
            id=id_,
            code=finding.code,
            about=clean(str(finding.about)),
            reason=" ".join(decision.reason.split()),
            owner=" ".join(decision.owner.split()),
            until=until,
        )
        for word in words
        for id_, finding in meant(word, told)
    }
    replaced = {
        each.id: each for each in doors.change_baseline(path, tuple(entries.values()), frozenset())
    }
    console = Plain()
    for entry in entries.values():
        console.print(f"Accepted until {to_the_second(until)}: {_named(entry)}")
        former = replaced.get(entry.id)
        if former is not None:
            place = f"in place of: until {to_the_second(former.until)}, {former.reason}"
            console.print(f"  {clean(f'{place} ({former.owner})')}")
    return NOTHING


def show(doors: Doors, path: Path) -> int:
    """Say what is there, and what of it has expired."""
    baseline, now = doors.read_baseline(path), doors.now()
    console = Plain()
    for entry in baseline.accepted:
        left = entry.until - now
        when = f"expired {in_words(-left)} ago" if entry.until <= now else f"{in_words(left)} left"
        console.print(f"accepted  {_named(entry)}  {when}")
        console.print(clean(f"          {entry.reason} ({entry.owner})"))
    for rule in baseline.ignore:
        labels = "".join(f" {key}={value}" for key, value in rule.labels.items())
        what = f"{rule.code} {rule.object} in {rule.namespace}{labels}"
        console.print(clean(f"ignored   {what}: {rule.reason}"))
    for off in baseline.off:
        console.print(clean(f"off       {facts.named(off.rule).name}: {off.reason}"))
    if not baseline.accepted and not baseline.ignore and not baseline.off:
        console.print("Nothing is accepted, ignored or off.")
    return NOTHING


def check(doors: Doors, source: Source, path: Path) -> int:
    """Say what has expired and what is gone; exits 1 when anything has or is."""
    checked, wrong = _checked(doors, source, doors.read_baseline(path))
    console = Plain()
    for each in checked:
        why = f": {each.why}" if each.why else ""
        console.print(clean(f"{each.fate.value.ljust(13)}{_named(each.entry)}{why}"))
    over = [each for each in checked if each.fate in (Fate.EXPIRED, Fate.GONE)]
    console.print(f"{len(checked)} accepted; expired or gone: {len(over)}.")
    if wrong:
        console.print(clean(exit_told(wrong)))
        return COULD_NOT_LOOK
    return FINDINGS if over else NOTHING


def prune(doors: Doors, source: Source, path: Path) -> int:
    """Take out what has expired and what is gone; what nobody could see stays."""
    checked, wrong = _checked(doors, source, doors.read_baseline(path))
    over = [each for each in checked if each.fate in (Fate.EXPIRED, Fate.GONE)]
    if over:
        doors.change_baseline(path, (), frozenset(each.entry.id for each in over))
    console = Plain()
    for each in over:
        console.print(f"Taken out, {each.fate.value}: {_named(each.entry)}")
    console.print(f"{len(checked) - len(over)} of {len(checked)} stay.")
    if wrong:
        console.print(clean(exit_told(wrong)))
        return COULD_NOT_LOOK
    return NOTHING


def _checked(doors: Doors, source: Source, baseline: Baseline) -> tuple[list[Checked], str]:
    """What has become of each entry, and why that is no answer, if it is none.

    Whether something is still found is judged as it is for the troubles of a scan before.
    """
    now = doors.now()
    rules = facts.rules_without(facts.switched_off((), baseline))
    snapshot = take(doors, source, facts.kinds_read(rules))
    accepted = tuple(_remembered(entry, snapshot.now) for entry in baseline.accepted)
    last = LastScan(
        cluster=snapshot.cluster.uid, namespaces=None, when=snapshot.now, troubles=accepted
    )
    told = survey(snapshot, rules, grace_scale=doors.preferences().grace_scale, last=last)
    standing = told.standing
    gone = {each.id for each in standing.gone} if standing else set()
    unknown = {lost.trouble.id: lost.because for lost in standing.unknown} if standing else {}
    checked = []
    for entry in baseline.accepted:
        if entry.until <= now:
            checked.append(Checked(entry=entry, fate=Fate.EXPIRED))
        elif entry.id in unknown:
            checked.append(Checked(entry=entry, fate=Fate.UNKNOWN, why=unknown[entry.id]))
        else:
            fate = Fate.GONE if entry.id in gone else Fate.THERE
            checked.append(Checked(entry=entry, fate=fate))
    return checked, no_answer(told)


def _remembered(entry: Accepted, seen: datetime) -> Remembered:
    """An entry as if a scan had seen it. One that does not say what it is about is of no rule."""
    kind, _, where = entry.about.partition(" ")
    namespace, _, name = where.rpartition("/")
    return Remembered(
        id=entry.id,
        code=entry.code if where else "",
        severity=Severity.CRITICAL,
        about=Ref(api_version="", kind=kind, namespace=namespace, name=name),
        since=seen,
        seen=seen,
    )


def _named(entry: Accepted) -> str:
    return clean(f"{entry.id}  {entry.code} {entry.about}")


def _moment(said: str) -> datetime:
    """A day, to its end, or a moment with its zone."""
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        moment = None
    day = len(said) == len("2026-12-31")
    if moment is None or (moment.tzinfo is None and not day):
        raise BadInput(
            f"{said!r} is neither a day nor a moment with its zone.",
            remedy="Write 2026-12-31 or 2026-12-31T18:00:00Z.",
        )
    if day:
        return moment.replace(hour=23, minute=59, second=59, tzinfo=UTC)
    return moment.astimezone(UTC)


def _span(said: str) -> timedelta:
    unit = SPANS.get(said[-1:])
    number = said[:-1]
    if number.startswith("-") and unit is not None and number[1:].isdecimal():
        raise BadInput(
            f"{said!r} lies in the past, and accepts nothing.", remedy="Write 12h, 30d or 6w."
        )
    if unit is None or not (number.isascii() and number.isdecimal()) or len(number) > 6:
        raise BadInput(f"{said!r} is no span.", remedy="Write 12h, 30d or 6w.")
    return int(number) * unit
