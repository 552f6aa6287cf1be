"""`python -m tests.mutation [ROOM...]`: which small changes no test notices, and the share of those
that one does.

It must be the first to load anything of Holdfast, so it is a process of its own. Verdicts are kept
in `results/mutants.jsonl`: whoever is interrupted goes on from there, and the lines of several
machines may be put together.
"""

import argparse
import json
import random
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import Any

from tests.mutation.killing import Judged, all_mutants, judge, plainly, unchanged
from tests.mutation.points import Mutant
from tests.mutation.rooms import ROOMS, ROOT, as_they_always_run
from tests.mutation.telling import PAGE, page, table
from tests.mutation.verdicts import KEPT, Verdicts, state


def main() -> int:
    """Judge, and print each survivor and a table; the last line is JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=[*ROOMS])
    parser.add_argument("--sample", type=int, default=0, help="so many of each room, and not all")
    parser.add_argument("--shard", type=_shard, default=(1, 1), help="a part of it, such as 2/4")
    parser.add_argument("--seed", type=int, default=1, help="by which they are chosen")
    parser.add_argument("--compare", type=int, default=0, help="judge so many both ways")
    parser.add_argument("--again", action="store_true", help=f"believe no verdict in {KEPT.name}")
    parser.add_argument("--kept", action="store_true", help="judge nothing: tell what is kept")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--page", action="store_true", help=f"write {PAGE.relative_to(ROOT)}, too")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    with as_they_always_run():
        told = {room: _judged(room, asked) for room in asked.rooms}
    print("\n" + table(told))
    if asked.page:
        PAGE.write_text(page(told))
    print(json.dumps(told))
    return 0


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)  # what stands open is closed on the way


def _shard(text: str) -> tuple[int, int]:
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError("a part is one such as 2/4")
    return int(number), int(of)


def _judged(room: str, asked: argparse.Namespace) -> dict[str, Any]:
    every = all_mutants(room)
    number, of = asked.shard
    wanted = _sampled(room, every[number - 1 :: of], asked.sample, asked.seed)
    quick = [each for each in wanted if each.function is not None]
    chosen = _sampled(room, quick, asked.compare, asked.seed) if asked.compare else ()
    same = {each.key: each for each in map(_undone, chosen)}
    judged, noticed = list[Judged](), list[str]()
    for each in _verdicts(room, [*wanted, *same.values()], asked):
        if each.mutant.key in same:
            noticed += [each.mutant.key] if each.killed else []
            continue
        judged.append(each)
        if not each.killed:
            print(f"survives  {each.mutant.key}", flush=True)
        if sys.stderr.isatty():
            print(f"\r{room} {len(judged)}/{len(wanted)}", end="", file=sys.stderr, flush=True)
    return {
        "of": len(every),
        "judged": len(judged),
        "quickly": sum(each.quickly for each in judged),
        "ended": sorted(each.mutant.key for each in judged if each.ended),
        "survivors": sorted(each.mutant.key for each in judged if not each.killed),
        "unchanged": len(same),
        "noticed": noticed,
        **(_compared(room, judged, asked) if asked.compare else {}),
    }


def _undone(mutant: Mutant) -> Mutant:
    """The function of a mutant as it is, put in its place as a mutant would be: that survives."""
    assert mutant.function is not None
    made = replace(mutant.made, change=None)
    return replace(mutant, key=f"{mutant.file}:{mutant.function.name}: as it is", made=made)


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
    verdicts = Verdicts(KEPT, partial(state, room))
    kept = [] if asked.again else [each for m in wanted if (each := verdicts.of(m)) is not None]
    yield from kept
    if asked.kept:
        return
    known = {each.mutant.key for each in kept}
    rest = [mutant for mutant in wanted if mutant.key not in known]
    for each in judge(room, rest, hints=verdicts.hints, at_once=asked.at_once):
        verdicts.keep(each)
        yield each


def _sampled[Each](room: str, every: Sequence[Each], count: int, seed: int) -> Sequence[Each]:
    dice = random.Random(f"{seed}-{room}")
    return dice.sample(every, min(count, len(every))) if count else every


if __name__ == "__main__":
    sys.exit(main())
