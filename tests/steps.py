"""The next steps that rules give for what their cases find, as commands to type."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from holdfast.facts import CATALOGUE, judge
from holdfast.surfaces.cli.screen import ways_on
from tests.cases import snapshot_of

FACTS = Path(__file__).parent / "facts"


class Step(NamedTuple):
    """What is said to do next about one finding."""

    rule: str
    sentence: str
    command: str  # empty where there is none


def steps() -> Iterator[Step]:
    """One step for each rule and form of its command."""
    rules = {rule.name: rule for rule in CATALOGUE}
    known: set[tuple[str, str]] = set()
    for path in sorted(FACTS.glob("*/found_*.yaml")):
        rule = rules[path.parent.name]
        case = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
        judged = judge(snapshot_of(case), [rule])
        for finding in judged.findings:
            sentence, command = ways_on(finding)
            about = finding.about
            form = command.replace(about.name, "NAME").replace(f" {about.namespace}", " NS")
            if (rule.name, form) not in known:
                known.add((rule.name, form))
                yield Step(rule.name, sentence, command)
