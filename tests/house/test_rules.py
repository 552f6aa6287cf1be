"""What every rule declares, documents and shows by cases; and that it sees no more than it says."""

import re
import string
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from holdfast.facts import CATALOGUE
from holdfast.model.rules import Rule
from holdfast.model.snapshot import Capture, Snapshot, State
from tests.cases import case, snapshot_of
from tests.facts.test_cases import HERE
from tests.house import tree

AREAS = ("WRK", "CFG", "STO", "NET", "NOD", "DLV", "CAP", "SEC", "CTL", "OPR", "CLD")
CODE = re.compile(rf"HF-({'|'.join(AREAS)})-\d{{3}}")
LONGEST_GRACE = 300  # seconds; more needs a word in the file


@cache
def cases(name: str) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """The cases of a rule: the sort of each, and what stands in it."""
    return tuple(
        (path.stem.split("_")[0], case(path)) for path in sorted((HERE / name).glob("*.yaml"))
    )


def snapshots(rule: Rule) -> Iterator[Snapshot]:
    for _, told in cases(rule.name):
        yield snapshot_of(told)


def docstrings(rule: Rule) -> tuple[str, str]:
    summary, _, detail = rule.help.partition("\n\n")
    return summary, detail


def test_a_rule_says_what_it_is() -> None:
    for rule in CATALOGUE:
        promise, detail = docstrings(rule)

        assert CODE.fullmatch(rule.code), rule.name
        assert promise.endswith((".", "?", "!")), rule.name
        assert detail.strip(), rule.name
        assert rule.reads, rule.name
        assert not set(rule.reads) & set(rule.hints), rule.name


def test_a_next_step_names_nothing_that_nobody_fills_in() -> None:
    for rule in CATALOGUE:
        fields = {name for _, name, _, _ in string.Formatter().parse(rule.next_step) if name}

        assert rule.next_step.strip(), rule.name
        assert fields <= {"name", "namespace", "part"}, rule.name


def test_what_a_rule_explains_is_a_rule() -> None:
    for rule in CATALOGUE:
        assert set(rule.bearing.explains) <= {each.code for each in CATALOGUE}, rule.name


def test_a_rule_is_documented() -> None:
    page = (tree.ROOT / "docs/reference/catalogue.md").read_text()
    joined = page.replace("\n", " ")
    for rule in CATALOGUE:
        assert f"## {rule.code} {rule.name}\n" in page, rule.name
        assert rule.summary in joined, rule.name


def test_a_grace_of_more_than_five_minutes_is_explained_where_it_stands() -> None:
    for rule in CATALOGUE:
        if rule.grace.total_seconds() <= LONGEST_GRACE:
            continue
        source = (tree.ROOT / f"src/holdfast/facts/{rule.name}.py").read_text()

        assert re.search(r"grace=.*#\s*\w+", source), (
            f"{rule.name}: say in a comment why it is so long"
        )


def test_the_cases_of_a_rule_are_of_the_sort_that_their_names_say() -> None:
    for rule in CATALOGUE:
        sorts: dict[str, int] = {}
        for sort, told in cases(rule.name):
            expect, blind = told["expect"], set(told.get("blind", {}).values())
            sorts[sort] = sorts.get(sort, 0) + 1
            match sort:
                case "found":
                    assert (
                        expect.get("findings") or expect.get("verdict", {}).get("is") == "found"
                    ), rule.name
                case "young":
                    assert expect.get("young"), rule.name
                case "healthy":
                    assert not expect.get("findings"), rule.name
                    assert not expect.get("young"), rule.name
                case "forbidden":
                    assert "forbidden" in blind, rule.name
                case "uncaptured":
                    assert blind & {"not_captured", "absent", "partial"}, rule.name
                case _:
                    pytest.fail(f"{rule.name}: {sort} is no sort of a case")

        assert {"found", "young", "healthy", "forbidden", "uncaptured"} <= set(sorts), rule.name


@pytest.mark.slow
def test_no_rule_sees_more_than_it_declares() -> None:
    objects = {
        each.metadata.uid: each
        for rule in CATALOGUE
        for sort, told in cases(rule.name)
        if sort == "found"
        for capture in snapshot_of(told).captures()
        for each in capture.objects
    }
    kinds = {type(each) for each in objects.values()}
    everything = Snapshot(
        now=snapshot_of(cases(CATALOGUE[0].name)[0][1]).now,
        captures=[
            Capture(kind=kind, objects=tuple(o for o in objects.values() if type(o) is kind))
            for kind in kinds
        ],
    )

    found = {rule.code for rule in CATALOGUE for _ in rule(everything)}

    assert len(found) > 50  # they have looked, and none was refused


HINTED = [rule for rule in CATALOGUE if rule.hints]


@pytest.mark.parametrize("rule", HINTED, ids=lambda r: r.name)
def test_what_is_found_is_found_without_its_hints(rule: Rule) -> None:
    found = 0
    for snapshot in snapshots(rule):
        blind = Snapshot(
            now=snapshot.now,
            cluster=snapshot.cluster,
            captures=[
                Capture(kind=each.kind, state=State.FORBIDDEN) if each.kind in rule.hints else each
                for each in snapshot.captures()
            ],
        )
        seen = [(each.about, each.part, each.since) for each in rule(snapshot)]
        assert seen == [(each.about, each.part, each.since) for each in rule(blind)]
        found += len(seen)

    assert found > 0


def test_no_case_belongs_to_a_rule_that_is_gone() -> None:
    folders = {path.parent.name for path in HERE.glob("*/*.yaml")}

    assert folders == {rule.name for rule in CATALOGUE}


def test_the_folder_is_the_catalogue() -> None:
    files = {path.stem for path in Path(tree.ROOT / "src/holdfast/facts").glob("*.py")}

    assert files - {"__init__"} == {rule.name for rule in CATALOGUE}
