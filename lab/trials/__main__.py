"""Play the trials on a lab of their own: `python -m lab.trials` (`make trials`).

Exits 0 when recall is at least 0.97, nothing else was said and everything was played; else 1; 2
when there is nothing to play or no lab to play on.
"""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.machine import ROOT, commit
from holdfast.errors import HoldfastError
from holdfast.testing.trials.first_run import first_runs
from holdfast.testing.trials.library import HERE, Filed, library
from holdfast.testing.trials.trial import Area, Author
from lab.control_plane import Lab
from lab.crds import install
from lab.errors import LabError
from lab.parts import Options
from lab.trials.report import Report
from lab.trials.run import run

PACE = 0.1  # kubelets ten times as fast
RESULTS = ROOT / "results" / "trials.json"
PAGE = ROOT / "docs" / "reference" / "trials.md"


def main(arguments: Sequence[str]) -> int:
    """Play what was asked for."""
    asked = _parse(arguments)
    try:
        trials = [filed for filed in library(asked.library) if _wanted(filed, asked)]
        if not trials:
            print("No trial is called so.", file=sys.stderr)
            return 2
        report = _play(trials, asked.seed)
        if asked.after is not None:
            report = report.after(msgspec.json.decode(asked.after.read_bytes(), type=Report))
    except (LabError, HoldfastError) as failed:
        print(f"trials: {failed}", file=sys.stderr)
        return 2
    first = first_runs()
    print("", report.text(first), sep="\n")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    print(f"results: {RESULTS.relative_to(ROOT)}")
    if asked.page:
        PAGE.write_text(report.page(first))
    return 0 if report.total.good else 1


def _play(trials: Sequence[Filed], seed: int) -> Report:
    began, played_at = datetime.now(UTC), commit()
    needs = sorted({family for filed in trials for family in filed.trial.needs})
    with Lab.start(Options(pace=PACE, audit=False)) as lab:
        if needs:
            install(lab, needs)
        played = asyncio.run(run(lab, trials, seed=seed, say=_say))
    return Report.of(played, began=began, commit=played_at, seed=seed)


def _say(line: str) -> None:
    print(line, flush=True)


def _wanted(filed: Filed, asked: argparse.Namespace) -> bool:
    trial = filed.trial
    return (
        (not asked.area or trial.area in asked.area)
        and (not asked.name or filed.name in asked.name)
        and (not asked.author or trial.author == asked.author)
    )


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.trials", description=__doc__)
    parser.add_argument("name", nargs="*", help="trials by name (default: all)")
    parser.add_argument("--area", action="append", choices=[*Area], help="only those areas")
    parser.add_argument("--author", choices=[*Author], help="only those of that author")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the order")
    parser.add_argument("--library", type=Path, default=HERE, help="a folder of areas; ours")
    parser.add_argument(
        "--after", type=Path, metavar="FILE", help="the results of an earlier run, of other trials"
    )
    parser.add_argument("--page", action="store_true", help="write docs/reference/trials.md, too")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
