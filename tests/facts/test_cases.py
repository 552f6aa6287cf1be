"""Every rule against its given/expect cases: `tests/facts/<rule>/<what_the_case_shows>.yaml`.

`tests/cases.py` says how the snapshot is written; besides,
expect:
  findings, young: what the catalogue makes of it; of each entry, the fields that are named
  verdict: {of: kind/namespace/name, is: found | absent | unknown}
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast.facts import CATALOGUE, ask, judge
from holdfast.model.kinds import Pod
from holdfast.model.rules import Finding, Rule
from holdfast.model.snapshot import Capture, Snapshot, State
from holdfast.model.times import stamp
from holdfast.testing.builders import some_metadata
from tests.cases import snapshot_of

HERE = Path(__file__).parent
RULES = {rule.name: rule for rule in CATALOGUE}
CASES = sorted(HERE.glob("*/*.yaml"))


def _told(finding: Finding, expected: Mapping[str, Any]) -> dict[str, Any]:
    """The finding, in the words of the case and with no more fields than it names."""
    everything = {
        "about": f"{finding.about.kind}/{finding.about.namespace}/{finding.about.name}",
        "part": finding.part,
        "says": finding.says,
        "since": stamp(finding.since),
        "severity": finding.severity.word,
        "seen": dict(finding.seen),
        "next": finding.next,
    }
    return {key: everything[key] for key in expected}


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_the_rule_judges_as_the_case_expects(path: Path) -> None:
    case = yaml.safe_load(path.read_text())
    rule: Rule = RULES[path.parent.name]
    snapshot = snapshot_of(case)

    judgement = judge(snapshot, [rule])

    expect = case["expect"]
    for group in ("findings", "young"):
        told = getattr(judgement, group)
        expected = expect.get(group, [])
        assert len(expected) == len(told), told
        assert expected == [_told(f, e) for f, e in zip(told, expected, strict=True)]
    if "verdict" in expect:
        kind, namespace, name = expect["verdict"]["of"].split("/")
        subject = next(
            o.ref
            for c in snapshot.captures()
            for o in c.objects
            if (o.api.kind, o.metadata.namespace, o.metadata.name) == (kind, namespace, name)
        )
        assert expect["verdict"]["is"] == ask(rule, subject, snapshot).verdict.value


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda r: r.name)
def test_every_rule_has_cases_of_each_sort(rule: Rule) -> None:
    sorts = {path.stem.split("_")[0] for path in (HERE / rule.name).glob("*.yaml")}

    assert {"found", "healthy", "young", "forbidden", "uncaptured"} <= sorts


@pytest.mark.parametrize("state", [s for s in State if s is not State.CAPTURED])
@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda r: r.name)
def test_no_rule_says_absent_when_all_its_sources_failed(rule: Rule, state: State) -> None:
    captures = [Capture(kind=kind, state=state, why="failed") for kind in rule.reads]
    moment = yaml.safe_load("2026-01-01T12:00:00Z")

    fact = ask(
        rule, Pod(metadata=some_metadata(Pod, "any")).ref, Snapshot(now=moment, captures=captures)
    )

    assert fact.verdict.value == "unknown"
    assert "failed" in fact.because
