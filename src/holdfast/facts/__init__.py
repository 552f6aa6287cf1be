"""The catalogue: every rule of this folder, and what is made of what the rules find.

One file is one rule, the file's name is the rule's name, and the folder is the list: nothing
registers itself. Rules say *found, since when*; here, in one place, a found fact becomes a
finding when its grace has passed, and finding nothing becomes *absent* only when everything
that the rule reads was seen whole, else *unknown*.
"""

import importlib
import pkgutil
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec

from holdfast.errors import BadInput
from holdfast.model.baseline import NOTHING, Baseline
from holdfast.model.coverage import Off
from holdfast.model.names import nearly
from holdfast.model.namespaces import protected
from holdfast.model.objects import LONG_AGO, Object, Ref
from holdfast.model.rules import (
    Channel,
    Fact,
    Finding,
    Found,
    Rule,
    Severity,
    Verdict,
    finding_id,
)
from holdfast.model.snapshot import Blind, Snapshot
from holdfast.model.times import moved
from holdfast.model.written import Fault


def _assemble() -> tuple[Rule, ...]:
    rules: dict[str, Rule] = {}
    for each in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{each.name}")
        rule = getattr(module, each.name, None)
        if not isinstance(rule, Rule) or rule.name != each.name:
            raise TypeError(f"facts/{each.name}.py declares no fact of the file's own name")
        if rule.code in rules:
            raise TypeError(f"{rule.code} is declared by {rules[rule.code].name} and {rule.name}")
        rules[rule.code] = rule
    return tuple(rules[code] for code in sorted(rules))


CATALOGUE: tuple[Rule, ...] = _assemble()

AHEAD = timedelta(hours=1)
"""By how much somebody's clock may be ahead of ours; a time beyond that says nothing."""


def named(wanted: str) -> Rule:
    """The rule of that code or name; what is nearly one is offered where there is none."""
    for rule in CATALOGUE:
        if wanted.upper() == rule.code or wanted.lower() == rule.name:
            return rule
    near = _nearly(wanted)
    remedy = f"Did you mean {' or '.join(near)}?" if near else "`holdfast catalogue` lists them."
    raise BadInput(f"There is no rule {wanted!r}.", remedy=remedy)


_CODE = re.compile(r"HF-?([A-Z0-9]{3})-?([0-9]{1,3})")


def _nearly(wanted: str) -> Sequence[str]:
    """Names that are nearly that; or codes of its number whose area is, for another number is
    another thing altogether.
    """
    code = _CODE.fullmatch(wanted.upper())
    if code is None:
        return nearly(wanted, [rule.name for rule in CATALOGUE], 3)
    area, number = code.groups()
    of_number = [rule.code for rule in CATALOGUE if rule.code.endswith(f"-{number:0>3}")]
    return [each for each in of_number if sum(map(str.__ne__, area, each.split("-")[1])) <= 1]


def misfits(baseline: Baseline) -> Iterator[Fault]:
    """What of a baseline does not fit the rules: one that there is not, or all of them at once."""
    codes = [rule.code for rule in CATALOGUE]
    meant: dict[str, int] = {}  # how many rules each pattern means: many lines may have the same
    for number, ignore in enumerate(baseline.ignore):
        if ignore.code not in meant:
            meant[ignore.code] = sum(ignore.names(code) for code in codes)
        if meant[ignore.code] == len(codes) and ignore.everywhere:
            yield Fault(at=f".ignore[{number}]", why="this would ignore everything")
        if not meant[ignore.code]:
            near = _nearly(ignore.code)
            hint = f" (did you mean {' or '.join(near)}?)" if near else ""
            why = f"there is no rule of the code {ignore.code!r}{hint}"
            yield Fault(at=f".ignore[{number}].code", why=why)
    for number, off in enumerate(baseline.off):
        try:
            named(off.rule)
        except BadInput as unknown:
            why = f"{unknown.wrong.removesuffix('.')} ({unknown.remedy})"
            yield Fault(at=f".off[{number}].rule", why=why)


def switched_off(words: Iterable[str], baseline: Baseline = NOTHING) -> tuple[Off, ...]:
    """The rules that people have switched off, each once, by those words and in their file."""
    off: dict[str, Off] = {}
    for each in baseline.off:
        rule = named(each.rule)
        off[rule.code] = Off(code=rule.code, name=rule.name, reason=each.reason)
    for word in words:
        rule = named(word)
        off[rule.code] = Off(code=rule.code, name=rule.name, reason="")
    return tuple(off[code] for code in sorted(off))


def rules_without(off: Iterable[Off]) -> tuple[Rule, ...]:
    """The rules that are left."""
    codes = {each.code for each in off}
    left = tuple(rule for rule in CATALOGUE if rule.code not in codes)
    if not left:
        raise BadInput("Every rule is switched off.", remedy="Leave one on.")
    return left


def reading(kinds: Iterable[type[Object]], rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules, of which some now read these custom kinds as well."""
    kinds = tuple(kinds)
    return tuple(
        replace(rule, reads=(*rule.reads, *kinds)) if kinds and rule.reads_named else rule
        for rule in rules
    )


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What the catalogue says of a snapshot: worst first, oldest first."""

    findings: tuple[Finding, ...]
    young: tuple[Finding, ...]  # found, but still within its grace
    blind: tuple[Blind, ...]


def kinds_read(rules: Iterable[Rule] = CATALOGUE) -> tuple[type[Object], ...]:
    """Every kind that those rules look at, be it for a hint, by plural name."""
    kinds = {kind for rule in rules for kind in rule.sight}
    return tuple(sorted(kinds, key=lambda k: k.api.resource))


def judge(
    snapshot: Snapshot, rules: Iterable[Rule] = CATALOGUE, *, grace_scale: float = 1
) -> Judgement:
    """Run the rules over a snapshot."""
    return weigh(snapshot, {rule: rule(snapshot) for rule in rules}, grace_scale=grace_scale)


def weigh(
    snapshot: Snapshot,
    found: Mapping[Rule, Iterable[Found]],
    *,
    grace_scale: float = 1,
    moments: Mapping[Rule, datetime] = MappingProxyType({}),
) -> Judgement:
    """Make findings of what the rules found, as old as they are at the snapshot's moment.

    `moments` names rules that are judged at another: what they read is not known up to that one.
    """
    latest = moved(snapshot.now, AHEAD)
    ripe: list[Finding] = []
    young: list[Finding] = []
    known: set[str] = set()
    for rule, several in found.items():
        grace = rule.grace * grace_scale
        moment = moments.get(rule, snapshot.now)
        for told in several:
            each = _dated(told, latest)
            finding = _finding(rule, each)
            if finding.id in known or not snapshot.concerns(each.about):
                continue  # an object, or a container of it, that is there twice; or not asked about
            known.add(finding.id)
            (ripe if moment - each.since >= grace else young).append(finding)
    return Judgement(
        findings=tuple(sorted(ripe, key=_worst_first)),
        young=tuple(sorted(young, key=_worst_first)),
        blind=snapshot.blind(kinds_read(found)),
    )


def _dated(found: Found, latest: datetime) -> Found:
    """With a beginning that can be: what began in a year to come would be young until then."""
    if found.since <= latest:
        return found
    return msgspec.structs.replace(found, since=LONG_AGO)


def ask(rule: Rule, subject: Ref, snapshot: Snapshot) -> Fact:
    """What a rule says of one subject: found, absent, or unknown and why."""
    for found in rule(snapshot):
        if found.about == subject:
            return Fact(code=rule.code, subject=subject, verdict=Verdict.FOUND, found=found)
    blind = snapshot.blind(rule.reads, namespace=subject.namespace)
    if not blind:
        return Fact(code=rule.code, subject=subject, verdict=Verdict.ABSENT)
    because = "; ".join(f"{b.plural} {b.word}: {b.why}" for b in blind)
    return Fact(code=rule.code, subject=subject, verdict=Verdict.UNKNOWN, because=because)


def _finding(rule: Rule, found: Found) -> Finding:
    about = found.about
    # Names come from the cluster and end in a command that people paste: quoted, always, and left
    # out where they would be read as a flag (which no name that Kubernetes allows can be).
    names = {"name": about.name, "namespace": about.namespace, "part": found.part, **found.names}
    if any(name.startswith("-") for name in names.values()):
        step = "Its name is none that Kubernetes allows: look at it by hand, and at who wrote it"
    else:
        quoted = {key: shlex.quote(name) for key, name in names.items()}
        step = (found.next_step or rule.next_step).format(**quoted)
    return Finding(
        id=finding_id(about, rule.code, found.part),
        code=rule.code,
        name=rule.name,
        channel=rule.channel,
        severity=_severity(rule, found),
        about=about,
        part=found.part,
        says=found.says,
        since=found.since,
        seen=found.seen,
        next=step,
        through=found.through,
        unmade=found.unmade,
    )


def _severity(rule: Rule, found: Found) -> Severity:
    """One step worse in a protected namespace: what hurts there hurts everybody."""
    severity = found.severity or rule.severity
    if rule.channel is Channel.INCIDENT and protected(found.about.namespace):
        return Severity(min(severity + 1, Severity.CRITICAL))
    return severity


def _worst_first(finding: Finding) -> tuple[int, datetime, str]:
    return (-finding.severity, finding.since, finding.id)
