"""What people do not want to be told of: what they have accepted, and what they ignore.

An acceptance that has expired counts for nothing. What is left out is counted, never dropped in
silence.
"""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

import msgspec

from holdfast.facts import CATALOGUE
from holdfast.model.baseline import Baseline
from holdfast.model.names import few
from holdfast.model.objects import KeptMetadata, Object
from holdfast.model.rules import Finding
from holdfast.model.snapshot import Snapshot
from holdfast.topology.workloads import root_of

EVERYTHING = "all"  # what the annotation says to be left alone altogether
_LONG = 40  # characters of a word: an annotation may hold anything
_NAMED = 5  # words of one annotation
CODES = tuple(rule.code for rule in CATALOGUE)


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """Findings, sorted by whether anybody wants to hear of them."""

    shown: tuple[Finding, ...]
    accepted: tuple[Finding, ...]
    ignored: tuple[Finding, ...]


def hear(findings: Iterable[Finding], snapshot: Snapshot, baseline: Baseline) -> Heard:
    """Sort findings by what people have decided."""
    findings = tuple(findings)
    objects = _objects_about(snapshot, findings)
    shown: list[Finding] = []
    accepted: list[Finding] = []
    ignored: list[Finding] = []
    for finding in findings:
        if baseline.accepts(finding.id, snapshot.now):
            accepted.append(finding)
        elif _ignored(finding, snapshot, objects, baseline):
            ignored.append(finding)
        else:
            shown.append(finding)
    return Heard(shown=tuple(shown), accepted=tuple(accepted), ignored=tuple(ignored))


def _objects_about(snapshot: Snapshot, findings: Iterable[Finding]) -> dict[str, Object]:
    """The objects that findings are about, by the findings' ids."""
    kinds = {(c.kind.api.kind, c.kind.api.group): c.kind for c in snapshot.captures()}
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
        word == EVERYTHING or fnmatchcase(finding.code, word)
        for word in _annotated(each) | _annotated(root_of(snapshot, each))
    )


def misnamed(snapshot: Snapshot) -> Iterator[str]:
    """Objects whose annotation would ignore what is no rule, with those words."""
    for capture in snapshot.captures():
        for each in capture.objects:
            wrong = sorted(word for word in _annotated(each) if not _means_something(word))
            if wrong:
                name = "/".join(filter(None, (each.metadata.namespace, each.metadata.name)))
                yield f"{each.api.kind} {name}: {few([word[:_LONG] for word in wrong], _NAMED)}"


def _means_something(word: str) -> bool:
    return word == EVERYTHING or any(fnmatchcase(code, word) for code in CODES)


def _annotated(each: Object) -> frozenset[str]:
    """The codes that `holdfast.dev/ignore` names on an object, `*` being a wildcard."""
    metadata = each.metadata
    if not isinstance(metadata, KeptMetadata):
        return frozenset()
    return frozenset(metadata.annotations.ignore.replace(",", " ").split())
