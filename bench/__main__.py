"""Measure Holdfast: `python -m bench [NAME ...]`. One table, and results/bench.json.

Exits 0 when every target was met, 1 when one was missed, 2 when something could not be measured.
What is not measured this time stays in the results file as it was; `--page` makes the page of the
documentation from that file, and measures nothing.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import (
    big_lab,
    conformance,
    decode,
    demo,
    engine,
    figures,
    growth,
    layers,
    leash,
    machine,
    million,
    page,
    record,
    scan,
    scan_lab,
    size,
    start,
    verify,
    watch,
    watch_lab,
)
from bench.children import CouldNotMeasure
from bench.figures import Entry
from bench.table import header, table, verdict
from bench.workbench import Workbench

RESULTS = machine.ROOT / "results" / "bench.json"


ENTRIES: Mapping[str, tuple[str, Callable[[Workbench], Entry]]] = {
    decode.NAME: (decode.WHAT, decode.run),
    scan.NAME: (scan.WHAT, scan.run),
    growth.NAME: (growth.WHAT, growth.run),
    scan_lab.NAME: (scan_lab.WHAT, scan_lab.run),
    start.NAME: (start.WHAT, start.run),
    size.NAME: (size.WHAT, size.run),
    watch.NAME: (watch.WHAT, watch.run),
    watch_lab.NAME: (watch_lab.WHAT, watch_lab.run),
    record.NAME: (record.WHAT, record.run),
    engine.NAME: (engine.WHAT, engine.run),
    layers.NAME: (layers.WHAT, layers.run),
    leash.NAME: (leash.WHAT, leash.run),
    verify.NAME: (verify.WHAT, verify.run),
    conformance.NAME: (conformance.WHAT, conformance.run),
    demo.NAME: (demo.WHAT, demo.run),
}
ASKED_FOR: Mapping[str, tuple[str, Callable[[Workbench], Entry]]] = {
    big_lab.NAME: (big_lab.WHAT, big_lab.run),
    million.NAME: (million.WHAT, million.run),
}
"""What takes too long to be measured unless it is named; `make prove` measures it."""
KNOWN = {**ENTRIES, **ASKED_FOR}


def main(arguments: Sequence[str]) -> int:
    """Measure what was asked for."""
    wish = _parse(arguments)
    if wish.list:
        for name, (what, _) in KNOWN.items():
            print(f"{name:<10} {what}{'' if name in ENTRIES else ' (only when named)'}")
        return 0
    if wish.page:
        page.write(json.loads(RESULTS.read_text()))
        print(f"written: {page.PAGE.relative_to(machine.ROOT)}")
        return 0
    began = datetime.now(UTC)
    commit, here = machine.commit(), machine.this_machine()
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        bench = Workbench(folder=Path(folder), wished=wish.rounds)
        entries: list[Entry] = []
        for name in wish.names or ENTRIES:
            entries.append(_measure(name, bench))
            _keep(entries, here, commit, began)  # at once: the next may take long, and fail
    print(header(here, commit, began), table(entries), verdict(entries), sep="\n\n")
    print(f"results: {RESULTS.relative_to(machine.ROOT)}")
    return exit_code(entries)


def _keep(entries: Sequence[Entry], here: machine.Machine, commit: str, began: datetime) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    before = json.loads(RESULTS.read_text())["entries"] if RESULTS.exists() else []
    kept = results(entries, here, commit, began, before)
    RESULTS.write_text(json.dumps(kept, indent=2) + "\n")


def exit_code(entries: Sequence[Entry]) -> int:
    """What a program should think of it."""
    if any(entry.not_run for entry in entries):
        return 2
    return int(any(figure.met is False for entry in entries for figure in entry.figures))


def results(
    entries: Sequence[Entry],
    here: machine.Machine,
    commit: str,
    began: datetime,
    before: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """What the results file holds: these entries, and of those before what is not among them."""
    where = {
        "commit": commit,
        "began": began.isoformat(timespec="seconds"),
        "machine": asdict(here),
    }
    new = {entry.name: figures.as_json(entry) | where for entry in entries}
    old = {each["name"]: each for each in before if each["name"] in KNOWN}
    all_of_them = old | new
    return where | {
        "seconds": round((datetime.now(UTC) - began).total_seconds()),
        "entries": [all_of_them[name] for name in sorted(all_of_them)],
    }


def _measure(name: str, bench: Workbench) -> Entry:
    print(f"measuring {name} ...", file=sys.stderr)
    what, run = KNOWN[name]
    before = os.getloadavg()[0]
    try:
        entry = run(bench)
    except CouldNotMeasure as why:
        return Entry(name=name, what=what, not_run=str(why))
    return replace(entry, load=(before, os.getloadavg()[0]))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"of {', '.join(KNOWN)}")
    parser.add_argument("--list", action="store_true", help="what there is to measure")
    parser.add_argument("--page", action="store_true", help="write the page, from the results file")
    parser.add_argument(
        "--rounds", type=_at_least_one, help="how often, instead of the entry's own"
    )
    wish = parser.parse_args(arguments)
    strangers = [name for name in wish.names if name not in KNOWN]
    if strangers:
        parser.error(f"there is no {strangers[0]!r}; there is {', '.join(KNOWN)}")
    return wish


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one round")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
