"""Measure Holdfast: `python -m bench [NAME ...]`. One table, and results/bench.json.

Exits 0 when every target was met, 1 when one was missed, 2 when something could not be measured.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench import decode, figures, growth, machine, scan, scan_lab, size, start, watch, watch_lab
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
}


def main(arguments: Sequence[str]) -> int:
    """Measure what was asked for."""
    wish = _parse(arguments)
    if wish.list:
        for name, (what, _) in ENTRIES.items():
            print(f"{name:<10} {what}")
        return 0
    began = datetime.now(UTC)
    commit, here = machine.commit(), machine.this_machine()
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        bench = Workbench(folder=Path(folder), wished=wish.rounds)
        entries = [_measure(name, bench) for name in wish.names or ENTRIES]
    print(header(here, commit, began), table(entries), verdict(entries), sep="\n\n")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results(entries, here, commit, began), indent=2) + "\n")
    print(f"results: {RESULTS.relative_to(machine.ROOT)}")
    return exit_code(entries)


def exit_code(entries: Sequence[Entry]) -> int:
    """What a program should think of it."""
    if any(entry.not_run for entry in entries):
        return 2
    return int(any(figure.met is False for entry in entries for figure in entry.figures))


def results(
    entries: Sequence[Entry], here: machine.Machine, commit: str, began: datetime
) -> dict[str, object]:
    """What the results file holds."""
    return {
        "commit": commit,
        "began": began.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - began).total_seconds()),
        "machine": asdict(here),
        "entries": [figures.as_json(entry) for entry in entries],
    }


def _measure(name: str, bench: Workbench) -> Entry:
    print(f"measuring {name} ...", file=sys.stderr)
    what, run = ENTRIES[name]
    try:
        return run(bench)
    except CouldNotMeasure as why:
        return Entry(name=name, what=what, not_run=str(why))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"of {', '.join(ENTRIES)}")
    parser.add_argument("--list", action="store_true", help="what there is to measure")
    parser.add_argument(
        "--rounds", type=_at_least_one, help="how often, instead of the entry's own"
    )
    wish = parser.parse_args(arguments)
    strangers = [name for name in wish.names if name not in ENTRIES]
    if strangers:
        parser.error(f"there is no {strangers[0]!r}; there is {', '.join(ENTRIES)}")
    return wish


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one round")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
