"""What to do next can be typed as it stands."""

import shlex

from holdfast.facts import CATALOGUE
from holdfast.surfaces.cli.steps import TOOLS
from tests.steps import steps


def test_every_command_can_be_typed_as_it_stands() -> None:
    every = steps()
    odd = [
        step
        for step in every
        if step.command
        and (
            step.command[-1] in ".,;:)"
            or "KIND" in step.command
            or not shlex.split(step.command)
            or ", " in step.command  # two commands are joined by a semicolon, as a shell wants it
        )
    ]

    assert [] == odd
    assert {rule.name for rule in CATALOGUE} == {step.rule for step in every}


def test_a_step_is_a_sentence_before_its_command() -> None:
    mixed = [s for s in steps() if not s.command and any(tool in s.sentence for tool in TOOLS)]

    assert [] == mixed
