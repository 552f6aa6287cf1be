"""The page of the documentation that shows the figures, made from the results file."""

from collections.abc import Iterator
from typing import Any

from bench.machine import ROOT
from bench.table import shown

PAGE = ROOT / "docs" / "explanation" / "benchmarks.md"
OPENS = """# Benchmarks

What Holdfast takes, as `make bench` measured it; `lab-20000` and `million` are measured by
`make prove`, and by name. This page is written by `python -m bench --page` from the results file.

Each figure is the median of several rounds. What is compared was measured in turns within one run,
and a ratio is taken within each round. The machine is small and was at times shared
with other work, as its load tells (the length of the queue for its two cores, over a minute). Where
that was high, all but `scan-lab` had a bigger share of the cores than the others (a nice value of
-10 for its session). It is a virtual machine whose speed changes by half within minutes: on
2026-11-28, with nothing else on it, `scan` took 4.5 s, and the same scan within `growth`, two
minutes later, 3.4 s. Ratios say more than times.
"""


def write(results: dict[str, Any]) -> None:
    """Write the page."""
    PAGE.write_text(as_markdown(results))


def as_markdown(results: dict[str, Any]) -> str:
    """The page, one section for each measurement."""
    return OPENS + "".join("\n" + "\n".join(_section(each)) + "\n" for each in results["entries"])


def _section(entry: dict[str, Any]) -> Iterator[str]:
    yield f"## {entry['name']}: {entry['what']}\n"
    if entry["notRun"]:
        yield f"Not measured: {entry['notRun']}"
        return
    yield "| what | median | least | most | target | |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for each in entry["figures"]:
        least, most, at_most = (
            "" if each[key] is None else shown(each[key], each["unit"])
            for key in ("min", "max", "target")
        )
        met = {True: "met", False: "missed", None: ""}[each["met"]]
        target = f"≤ {at_most}" if at_most else ""
        median = shown(each["median"], each["unit"])
        yield f"| {each['what']} | {median} | {least} | {most} | {target} | {met} |"
    yield ""
    for note in entry["notes"]:
        yield f"- {note}"
    machine = entry["machine"]
    seed = "" if entry["seed"] is None else f", seed {entry['seed']}"
    load = " to ".join(f"{each:.1f}" for each in entry["load"])
    rounds = entry["figures"][0]["rounds"]
    yield (
        f"- n {entry['n']:,}{seed}, {rounds} rounds; {entry['began'][:16].replace('T', ' ')} UTC, "
        f"load {load}; commit {entry['commit'][:9]}"
    )
    yield (
        f"- {machine['cpu']}, {machine['cores']} cores, {machine['memory'] / 2**30:.0f} GiB; "
        f"{machine['python']}; {machine['system']}"
    )
