"""Every rule against its given/expect cases: `tests/facts/<rule>/<what_the_case_shows>.yaml`.

`tests/cases.py` says how the snapshot is written; besides,
expect:
  findings, young: what the catalogue makes of it; of each entry, the fields that are named
  verdict: {of: kind/namespace/name, is: found | absent | unknown}
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from holdfast.facts import CATALOGUE, ask, judge
from holdfast.model.kinds import Pod
from holdfast.model.objects import Ref
from holdfast.model.rules import Finding, Rule
from holdfast.model.snapshot import Capture, Snapshot, State
from holdfast.model.times import stamp
from holdfast.testing.builders import some_metadata
from tests.cases import case, snapshot_of

HERE = Path(__file__).parent
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


def _wrong(rule: Rule, told: Mapping[str, Any]) -> list[str]:
    """How the rule judges otherwise than the case expects."""
    snapshot, expect = snapshot_of(told), told["expect"]
    judgement = judge(snapshot, [rule])
    wrong = []
    for group in ("findings", "young"):
        found, expected = getattr(judgement, group), expect.get(group, [])
        if len(found) != len(expected):
            wrong.append(f"{len(expected)} {group} are expected, and there are {found}")
            continue
        for each, named in zip(found, expected, strict=True):
            if named != (said := _told(each, named)):
                wrong.append(f"{group}: expected {dict(named)}, and it is {said}")
    if "verdict" in expect:
        subject = _subject(expect["verdict"]["of"], snapshot)
        verdict = ask(rule, subject, snapshot).verdict.value
        if verdict != expect["verdict"]["is"]:
            wrong.append(f"the verdict is {verdict}, not {expect['verdict']['is']}")
    return wrong


def _subject(named: str, snapshot: Snapshot) -> Ref:
    kind, namespace, name = named.split("/")
    return next(
        o.ref
        for c in snapshot.captures()
        for o in c.objects
        if (o.api.kind, o.metadata.namespace, o.metadata.name) == (kind, namespace, name)
    )


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda r: r.name)
def test_the_rule_judges_as_its_cases_expect(rule: Rule) -> None:
    paths = [path for path in CASES if path.parent.name == rule.name]
    wrong = {path.stem: said for path in paths if (said := _wrong(rule, case(path)))}

    assert paths
    assert {} == wrong, "\n".join(f"{name}: {said}" for name, said in wrong.items())


def test_every_rule_has_cases_of_each_sort() -> None:
    for rule in CATALOGUE:
        sorts = {path.stem.split("_")[0] for path in (HERE / rule.name).glob("*.yaml")}

        assert {"found", "healthy", "young", "forbidden", "uncaptured"} <= sorts, rule.name


@pytest.mark.parametrize("state", [s for s in State if s is not State.CAPTURED])
def test_no_rule_says_absent_when_all_its_sources_failed(state: State) -> None:
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    pod = Pod(metadata=some_metadata(Pod, "any")).ref
    for rule in CATALOGUE:
        captures = [Capture(kind=kind, state=state, why="failed") for kind in rule.reads]
        fact = ask(rule, pod, Snapshot(now=moment, captures=captures))

        assert fact.verdict.value == "unknown", rule.name
        assert "failed" in fact.because, rule.name
