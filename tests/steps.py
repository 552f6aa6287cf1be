"""The next steps that rules give for what their cases find, as commands to type."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from holdfast.facts import CATALOGUE, judge
from holdfast.surfaces.cli.steps import parted
from tests.cases import case, snapshot_of

FACTS = Path(__file__).parent / "facts"


class Step(NamedTuple):
    """What is said to do next about one finding."""

    rule: str
    sentence: str
    command: str  # empty where there is none


@cache
def steps() -> tuple[Step, ...]:
    """One step for each rule and form of its command."""
    return tuple(_steps())


def _steps() -> Iterator[Step]:
    rules = {rule.name: rule for rule in CATALOGUE}
    known: set[tuple[str, str]] = set()
    for path in sorted(FACTS.glob("*/found_*.yaml")):
        rule = rules[path.parent.name]
        judged = judge(snapshot_of(case(path)), [rule])
        for finding in judged.findings:
            sentence, command = parted(finding.next)
            about = finding.about
            form = command.replace(about.name, "NAME").replace(f" {about.namespace}", " NS")
            if (rule.name, form) not in known:
                known.add((rule.name, form))
                yield Step(rule.name, sentence, command)
