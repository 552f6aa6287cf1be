"""`python -m tests.mutation [ROOM...]`: which small changes no test notices, and the share of those
that one does.

It must be the first to load anything of Holdfast, so it is a process of its own.
"""

import argparse
import json
import random
import sys
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.mutation.killing import Judged, all_mutants, judge, plainly, unchanged
from tests.mutation.points import Mutant
from tests.mutation.rooms import ROOMS, as_they_always_run
from tests.mutation.verdicts import KEPT, Verdicts, state

EXCUSES = Path(__file__).with_name("survivors.yaml")


def main() -> int:
    """Judge, and print each survivor and a table; the last line is JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=[*ROOMS])
    parser.add_argument("--sample", type=int, default=0, help="so many of each room, and not all")
    parser.add_argument("--seed", type=int, default=1, help="by which they are chosen")
    parser.add_argument("--compare", type=int, default=0, help="judge so many both ways")
    parser.add_argument("--again", action="store_true", help=f"believe no verdict in {KEPT.name}")
    parser.add_argument("--at-once", type=int, default=2)
    asked = parser.parse_args()
    with as_they_always_run():
        told = {room: _judged(room, asked) for room in asked.rooms}
    _print_table(told)
    print(json.dumps(told))
    return 0


def _judged(room: str, asked: argparse.Namespace) -> dict[str, Any]:
    every = all_mutants(room)
    wanted = _sampled(room, every, asked.sample, asked.seed)
    judged: list[Judged] = []
    for each in _verdicts(room, wanted, asked):
        judged.append(each)
        if not each.killed:
            print(f"survives  {each.mutant.key}", flush=True)
        if sys.stderr.isatty():
            print(f"\r{room} {len(judged)}/{len(wanted)}", end="", file=sys.stderr, flush=True)
    return {
        "of": len(every),
        "judged": len(judged),
        "quickly": sum(each.quickly for each in judged),
        "survivors": sorted(each.mutant.key for each in judged if not each.killed),
        **(_compared(room, judged, asked) if asked.compare else {}),
    }


def _compared(room: str, judged: Sequence[Judged], asked: argparse.Namespace) -> dict[str, Any]:
    """Some that were judged quickly, judged plainly too; and a module as it is, which survives."""
    quick = sorted((each for each in judged if each.quickly), key=lambda each: each.mutant.key)
    sample = {e.mutant.key: e for e in _sampled(room, quick, asked.compare, asked.seed)}
    same = unchanged(room)[0]
    sample[same.key] = Judged(same, "", quickly=True)
    mutants = [each.mutant for each in sample.values()]
    plain = plainly(room, mutants, hints={}, at_once=asked.at_once)
    wrong = [p.mutant.key for p in plain if p.killed is not sample[p.mutant.key].killed]
    print(
        f"{room}: of {len(sample)}, judged both ways, {len(sample) - len(wrong)} alike", flush=True
    )
    return {"compared": len(sample), "otherwise": wrong}


def _verdicts(room: str, wanted: Sequence[Mutant], asked: argparse.Namespace) -> Iterator[Judged]:
    verdicts = Verdicts(KEPT, state())
    kept = [] if asked.again else [each for m in wanted if (each := verdicts.of(m)) is not None]
    yield from kept
    known = {each.mutant.key for each in kept}
    rest = [mutant for mutant in wanted if mutant.key not in known]
    for each in judge(room, rest, hints=verdicts.hints, at_once=asked.at_once):
        verdicts.keep(each)
        yield each


def _sampled[Each](room: str, every: Sequence[Each], count: int, seed: int) -> Sequence[Each]:
    dice = random.Random(f"{seed}-{room}")
    return dice.sample(every, min(count, len(every))) if count else every


def _print_table(told: dict[str, dict[str, Any]]) -> None:
    excused = yaml.safe_load(EXCUSES.read_text()) or {}
    print(f"\n{'room':<10} {'judged':>7} {'killed':>7} {'survive':>8} {'excused':>8} {'killed':>8}")
    rows = {room: _row(each, excused) for room, each in told.items()}
    rows["all"] = [sum(column) for column in zip(*rows.values(), strict=True)]
    for room, (judged, survive, known) in rows.items():
        share = (judged - survive) / judged
        print(f"{room:<10} {judged:>7} {judged - survive:>7} {survive:>8} {known:>8} {share:>8.1%}")


def _row(told: dict[str, Any], excused: Container[str]) -> list[int]:
    survivors = told["survivors"]
    return [told["judged"], len(survivors), sum(key in excused for key in survivors)]


if __name__ == "__main__":
    sys.exit(main())
