"""`holdfast conformance`: what was counted, and one line at the end."""

import re
from collections.abc import AsyncGenerator

import pytest

from holdfast.model.counted import SHOWN, Counted, counted
from holdfast.surfaces.cli import conformance
from holdfast.wiring import main


@pytest.mark.slow
def test_ends_with_one_line_of_how_many_how_many_failed_and_the_seed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["conformance", "--fast", "--count", "200", "--seed", "7"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"N [\d,]+, failures 0, seed 7", last)
    assert any(line.startswith("escape: refused by two_people alone") for line in lines)
    assert any(line.startswith("approval: flipped bits of a signature") for line in lines)


def test_what_failed_is_shown_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [f"case {n}" for n in range(9)]
    told = [counted("a", 100, wrong, 3), counted("a part of it", 10, among=True)]
    assert conformance.tell(told, 3) == 1
    *lines, last = capsys.readouterr().out.splitlines()
    assert "N 100, failures 9, seed 3" == last
    assert SHOWN == sum("case" in line for line in lines)


def test_nothing_is_tried_unless_it_is_ordered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance"]) == 2
    assert "Give --fast or --kubeconfig" in capsys.readouterr().err


def test_none_at_all_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance", "--fast", "--count", "0"]) == 2
    assert "show nothing" in capsys.readouterr().err


def test_no_cluster_is_touched_without_saying_that_it_may_break(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["conformance", "--kubeconfig", "/nowhere"]) == 2
    assert "--i-may-break-this-cluster" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--fast", "--kubeconfig", "/nowhere"],
        ["--fast", "--context", "lab"],
        ["--fast", "--suite", "escape"],
        ["--fast", "--i-may-break-this-cluster"],
    ],
)
def test_what_would_do_nothing_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["conformance", *words]) == 2
    assert capsys.readouterr().out == ""


async def test_lines_are_shown_as_they_come_and_their_end_is_waited_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ended = []

    async def lines() -> AsyncGenerator[Counted]:
        try:
            yield counted("escape: one", 3, ["it went through"], 5)
            assert "it went through" in capsys.readouterr().out
            yield counted("escape: two", 4, (), 5)
        finally:
            ended.append(True)

    assert await conformance.tell_as_they_come(lines(), 5) == 1
    assert "N 7, failures 1, seed 5" in capsys.readouterr().out
    assert [True] == ended
