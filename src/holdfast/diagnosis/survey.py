"""All that one scan says: troubles with what changed before them, and what nobody wants to hear.

- Incidents become troubles; what is within its grace, posture and context stand apart, except what
  is young and yet the cause of a trouble.
- What people have accepted or ignore is left out of the troubles and counted.
- Where the last scan is known, each trouble is new or still there, and what is gone is told.
"""

from collections.abc import Iterable, Mapping
from functools import partial

import msgspec

from holdfast.diagnosis import changes
from holdfast.diagnosis.coverage import coverage
from holdfast.diagnosis.quiet import hear
from holdfast.diagnosis.standing import Sighted, compare
from holdfast.diagnosis.troubles import fold, told_as
from holdfast.facts import CATALOGUE, Judgement, judge
from holdfast.model.baseline import NOTHING, Baseline
from holdfast.model.changes import Change
from holdfast.model.coverage import Coverage, Off
from holdfast.model.kinds import Pod
from holdfast.model.last_scan import LastScan, Standing
from holdfast.model.objects import Object
from holdfast.model.rules import Channel, Finding, Rule
from holdfast.model.snapshot import Blind, Snapshot
from holdfast.model.troubles import Trouble
from holdfast.topology.edges import topology
from holdfast.topology.graph import Place, found_at, place


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """One scan, judged."""

    troubles: tuple[Trouble, ...]
    changed: Mapping[str, tuple[Change, ...]]  # before each trouble, by its id
    findings: tuple[Finding, ...]  # incidents, as they stand in the troubles
    young: tuple[Finding, ...]
    posture: tuple[Finding, ...]
    accepted: tuple[Finding, ...]
    ignored: tuple[Finding, ...]
    coverage: Coverage
    standing: Standing | None = None  # None: there was no scan before

    @property
    def blind(self) -> tuple[Blind, ...]:
        """The kinds that were not seen whole."""
        return self.coverage.blind


def survey(
    snapshot: Snapshot,
    rules: Iterable[Rule] = CATALOGUE,
    *,
    grace_scale: float = 1,
    baseline: Baseline = NOTHING,
    off: Iterable[Off] = (),
    last: LastScan | None = None,
) -> Survey:
    """Judge a snapshot, fold what hurts, and say what changed before."""
    rules = tuple(rules)
    judged = judge(snapshot, rules, grace_scale=grace_scale)
    return sum_up(snapshot, judged, rules, baseline=baseline, off=off, last=last)


def sum_up(
    snapshot: Snapshot,
    judged: Judgement,
    rules: Iterable[Rule] = CATALOGUE,
    *,
    baseline: Baseline = NOTHING,
    off: Iterable[Off] = (),
    last: LastScan | None = None,
) -> Survey:
    """Leave out what nobody wants to hear, fold the rest, and say what changed before."""
    rules = tuple(rules)
    heard = hear(judged.findings, snapshot, baseline)
    incidents = tuple(f for f in heard.shown if f.channel is Channel.INCIDENT)
    soon = tuple(f for f in judged.young if f.channel is Channel.INCIDENT)
    causes_soon = hear(soon, snapshot, baseline).shown if incidents else ()
    concerned = {f.about.namespace for f in (*incidents, *causes_soon)}
    if last is not None:
        concerned |= {each.about.namespace for each in last.troubles}
    graph = topology(snapshot, frozenset(concerned))
    near = partial(_found_in, snapshot, frozenset(concerned))
    unready = {place(pod) for pod in snapshot.all(Pod) if pod.unready_since}
    bearings = {rule.code: rule.bearing for rule in rules}
    folded = fold(incidents, graph, bearings, near, unready, causes_soon)
    on_top = {f.id for t in folded for f in t.findings} - {f.id for f in incidents}
    incidents = _in_order(incidents, (f for f in soon if f.id in on_top))
    quiet = {t.id for t in folded if baseline.accepts(t.id, snapshot.now)}
    troubles = tuple(t for t in folded if t.id not in quiet)
    # What follows from a trouble that somebody has accepted is accepted with it.
    followed = {f.id: f for t in folded if t.id in quiet for f in t.findings}
    accepted = (*_of_people(heard.accepted), *followed.values())
    told = Survey(
        troubles=troubles,
        changed={t.id: changes.before(t, snapshot, graph, near) for t in troubles},
        findings=tuple(f for f in incidents if f.id not in followed),
        young=tuple(f for f in soon if f.id not in on_top),
        posture=tuple(f for f in heard.shown if f.channel is Channel.POSTURE),
        accepted=accepted,
        ignored=_of_people(heard.ignored),
        coverage=coverage(snapshot, rules, off),
    )
    if last is None:
        return told

    def causes(*findings: Finding) -> frozenset[str]:
        return frozenset(told_as(each, graph, near) for each in findings)

    sighted = Sighted(
        troubles=troubles,
        elsewhere=causes(*told.findings, *told.young)
        | {each.id for each in (*heard.shown, *told.young)},
        left_out=causes(*told.accepted, *told.ignored),
    )
    return msgspec.structs.replace(told, standing=compare(last, sighted, snapshot, rules))


def _in_order(incidents: tuple[Finding, ...], causes: Iterable[Finding]) -> tuple[Finding, ...]:
    """Incidents, worst first, and with them the causes that are told although they are young."""
    return tuple(sorted((*incidents, *causes), key=lambda f: (-f.severity, f.since, f.id)))


def _of_people(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What people would be shown; context is evidence for a diagnosis alone."""
    return tuple(f for f in findings if f.channel is not Channel.CONTEXT)


def _found_in(snapshot: Snapshot, namespaces: frozenset[str], where: Place) -> Object | None:
    """The object of that place, in one of those namespaces or in none."""
    return found_at(snapshot, where) if where[1] in namespaces or not where[1] else None
