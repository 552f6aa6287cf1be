"""The table and the results file say what was measured, and what was missed."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from bench.__main__ import ENTRIES, KNOWN, exit_code, main, results
from bench.figures import Entry, Figure, ratio
from bench.machine import Machine, this_machine
from bench.page import as_markdown
from bench.table import header, table, verdict

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MACHINE = Machine(
    cpu="a quick one", cores=2, memory=24 * 2**30, python="CPython 3.12.1", system="a system"
)


def an_entry(*, at_most: float | None = None, not_run: str = "") -> Entry:
    """One figure of three rounds, with median 2."""
    figure = Figure(what="time", unit="s", values=(3, 1, 2), at_most=at_most)
    figures = () if not_run else (figure,)
    return Entry(name="some", what="whatever", n=9, seed=4, figures=figures, not_run=not_run)


def test_a_line_holds_median_and_range() -> None:
    line = table([an_entry()]).splitlines()[1]
    assert ["some", "time", "2.000", "s", "1.000", "s", "3.000", "s"] == line.split()


@pytest.mark.parametrize(("at_most", "word"), [(2.0, "met"), (1.999, "missed")])
def test_a_target_is_met_up_to_itself(at_most: float, word: str) -> None:
    line = table([an_entry(at_most=at_most)]).splitlines()[1]
    assert ["<=", f"{at_most:.3f}", "s", word] == line.split()[-4:]


def test_columns_stand_below_each_other() -> None:
    lines = table([an_entry(at_most=2), an_entry(at_most=1234)]).splitlines()
    ends = [line.index("2.000 s") for line in lines if "2.000 s" in line]
    assert 2 == len(ends)
    assert all(one == next_ for one, next_ in pairwise(ends))


def test_what_could_not_be_measured_says_why() -> None:
    entry = an_entry(not_run="There is no uv here.")
    assert "some: not run. There is no uv here." in table([an_entry(), entry]).splitlines()
    assert verdict([entry]).endswith("not run: some")


def test_the_last_line_counts_targets() -> None:
    entries = [an_entry(), an_entry(at_most=2), an_entry(at_most=1)]
    assert "1 of 2 targets met, 1 missed" == verdict(entries)


def test_the_header_says_on_what_it_ran() -> None:
    said = header(MACHINE, "abc", BEGAN)
    assert "abc" in said
    assert "a quick one, 2 cores, 24 GiB; CPython 3.12.1; a system" in said


def test_a_ratio_is_taken_within_each_round() -> None:
    assert (0.5, 2.0) == ratio("ours / theirs", [1, 6], [2, 3]).values


def test_the_results_file_holds_what_ran_and_how_it_ended() -> None:
    written = results([an_entry(at_most=1)], MACHINE, "abc", BEGAN)
    where = {"commit": "abc", "began": "2026-03-02T09:30:00+00:00", "machine": asdict(MACHINE)}
    assert {"commit", "began", "seconds", "machine", "entries"} == {*written}
    expected = {
        "name": "some",
        "what": "whatever",
        "n": 9,
        "load": [],
        "seed": 4,
        "notRun": "",
        "notes": [],
        "figures": [
            {
                "what": "time",
                "unit": "s",
                "rounds": 3,
                "median": 2,
                "min": 1,
                "max": 3,
                "target": 1,
                "met": False,
            }
        ],
    }
    assert [expected | where] == written["entries"]


def test_what_is_not_measured_again_stays_as_it_was() -> None:
    before = results([replace(an_entry(), name="start")], MACHINE, "old", BEGAN)["entries"]
    written = results([replace(an_entry(), name="decode")], MACHINE, "new", BEGAN, before)
    commits = {each["name"]: each["commit"] for each in written["entries"]}
    assert {"decode": "new", "start": "old"} == commits
    again = results([replace(an_entry(), name="start")], MACHINE, "newer", BEGAN, before)
    assert ["newer"] == [each["commit"] for each in again["entries"]]


def test_the_page_shows_every_figure_and_what_it_was_measured_on() -> None:
    entry = replace(an_entry(at_most=1), load=(0.5, 1.25))
    shown = as_markdown(results([entry], MACHINE, "abc", BEGAN))
    assert "| time | 2.000 s | 1.000 s | 3.000 s | ≤ 1.000 s | missed |" in shown
    assert "n 9, seed 4, 3 rounds; 2026-03-02 09:30 UTC, load 0.5 to 1.2; commit abc" in shown
    assert "a quick one, 2 cores, 24 GiB; CPython 3.12.1; a system" in shown


def test_the_page_says_what_could_not_be_measured() -> None:
    entry = an_entry(not_run="There is no uv here.")
    assert "Not measured: There is no uv here." in as_markdown(
        results([entry], MACHINE, "abc", BEGAN)
    )


def test_below_each_entry_stand_its_count_its_seed_and_the_load() -> None:
    entry = replace(an_entry(), load=(0.5, 1.25))
    assert "  n 9; seed 4; load of the machine 0.5 to 1.2" in table([entry]).splitlines()


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (an_entry(), 0),
        (an_entry(at_most=2), 0),
        (an_entry(at_most=1), 1),
        (an_entry(not_run="why"), 2),
    ],
)
def test_the_exit_code_tells_missed_from_not_measured(entry: Entry, code: int) -> None:
    assert code == exit_code([an_entry(at_most=2), entry])


def test_this_machine_has_a_model_cores_and_memory() -> None:
    machine = this_machine()
    assert machine.cpu
    assert machine.system
    assert machine.python.startswith("CPython 3.")
    assert machine.cores >= 1
    assert machine.memory > 2**28


def test_the_list_names_every_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["--list"])
    named = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert [*KNOWN] == named
    assert {*ENTRIES} < {*KNOWN}


@pytest.mark.parametrize("arguments", [["strat"], ["start", "--rounds", "0"]])
def test_what_cannot_be_measured_is_refused_before_anything_is(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert 2 == ended.value.code
    assert "python -m bench" in capsys.readouterr().err
