"""All that one scan says: troubles with what changed before them, and what nobody wants to hear.

- Incidents become troubles; what is within its grace, posture and context stand apart.
- What people have accepted or ignore is left out of the troubles and counted, never dropped
  in silence. An acceptance that has expired counts for nothing.
"""

from collections.abc import Iterable, Mapping

import msgspec

from holdfast.diagnosis import changes
from holdfast.diagnosis.coverage import coverage
from holdfast.diagnosis.troubles import fold
from holdfast.facts import CATALOGUE, Judgement, judge
from holdfast.model.baseline import NOTHING, Baseline
from holdfast.model.changes import Change
from holdfast.model.coverage import Coverage, Off
from holdfast.model.kinds import KINDS
from holdfast.model.objects import KeptMetadata, Object
from holdfast.model.rules import Channel, Finding, Rule
from holdfast.model.snapshot import Blind, Snapshot
from holdfast.model.troubles import Trouble
from holdfast.topology.edges import topology
from holdfast.topology.graph import Place, place
from holdfast.topology.workloads import root_of

EVERYTHING = "all"  # what the annotation says to be left alone altogether


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
) -> Survey:
    """Judge a snapshot, fold what hurts, and say what changed before."""
    rules = tuple(rules)
    judged = judge(snapshot, rules, grace_scale=grace_scale)
    return sum_up(snapshot, judged, rules, baseline=baseline, off=off)


def sum_up(
    snapshot: Snapshot,
    judged: Judgement,
    rules: Iterable[Rule] = CATALOGUE,
    *,
    baseline: Baseline = NOTHING,
    off: Iterable[Off] = (),
) -> Survey:
    """Leave out what nobody wants to hear, fold the rest, and say what changed before."""
    rules = tuple(rules)
    accepted = [f for f in judged.findings if baseline.accepts(f.id, snapshot.now)]
    told = {f.id for f in accepted}
    objects = _objects_about(snapshot, judged.findings)
    ignored = [
        f for f in judged.findings if f.id not in told and _ignored(f, snapshot, objects, baseline)
    ]
    told |= {f.id for f in ignored}
    shown = [f for f in judged.findings if f.id not in told]
    incidents = tuple(f for f in shown if f.channel is Channel.INCIDENT)
    graph = topology(snapshot, frozenset(f.about.namespace for f in incidents))
    near = _objects(snapshot, frozenset(f.about.namespace for f in incidents))
    folded = fold(
        incidents,
        graph,
        {rule.code: rule.explains for rule in rules},
        {where: each.ref for where, each in near.items()},
    )
    quiet = {t.id for t in folded if baseline.accepts(t.id, snapshot.now)}
    troubles = tuple(t for t in folded if t.id not in quiet)
    # What follows from a trouble that somebody has accepted is accepted with it.
    followed = {f.id: f for t in folded if t.id in quiet for f in t.findings}
    return Survey(
        troubles=troubles,
        changed={t.id: changes.before(t, snapshot, graph, near) for t in troubles},
        findings=tuple(f for f in incidents if f.id not in followed),
        young=judged.young,
        posture=tuple(f for f in shown if f.channel is Channel.POSTURE),
        accepted=(*accepted, *followed.values()),
        ignored=tuple(ignored),
        coverage=coverage(snapshot, rules, off),
    )


def _objects(snapshot: Snapshot, namespaces: frozenset[str]) -> dict[Place, Object]:
    """The objects of those namespaces, and those of none, by their place."""
    if not namespaces:
        return {}
    return {
        place(each): each
        for kind in KINDS
        for each in snapshot.all(kind)
        if not kind.api.namespaced or each.metadata.namespace in namespaces
    }


def _objects_about(snapshot: Snapshot, findings: Iterable[Finding]) -> dict[str, Object]:
    """The objects that findings are about, by the findings' ids."""
    kinds = {(kind.api.kind, kind.api.group): kind for kind in KINDS}
    there: dict[str, Object] = {}
    for finding in findings:
        about = finding.about
        kind = kinds.get((about.kind, about.api_version.rpartition("/")[0]))
        each = snapshot.find(kind, about.namespace, about.name) if kind is not None else None
        if each is not None:
            there[finding.id] = each
    return there


def _ignored(
    finding: Finding, snapshot: Snapshot, objects: Mapping[str, Object], baseline: Baseline
) -> bool:
    each = objects.get(finding.id)
    labels = each.metadata.labels if each is not None else {}
    if any(rule.fits(finding, labels) for rule in baseline.ignore):
        return True
    if each is None:
        return False
    return any(
        finding.code in wanted or EVERYTHING in wanted
        for wanted in (_annotated(each), _annotated(root_of(snapshot, each)))
    )


def _annotated(each: Object) -> frozenset[str]:
    """The codes that `holdfast.dev/ignore` names on an object, or on the workload above it."""
    metadata = each.metadata
    if not isinstance(metadata, KeptMetadata):
        return frozenset()
    return frozenset(metadata.annotations.ignore.replace(",", " ").split())
