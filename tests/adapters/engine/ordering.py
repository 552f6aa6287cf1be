"""A process that orders runs in transactions which a seed keeps, rolls back, or dies right after.

python -m tests.adapters.engine.ordering URL SEED FIRST COUNT

Says of each what it will do before it does it, and `kept N` once a commit has returned. Ends by
killing itself where the seed says so; whoever started it goes on with the next number.
"""

import os
import random
import signal
import sys

from tests.adapters.engine.five_phases import Five, World, an_engine, an_order


class RolledBack(Exception):
    """What makes a transaction end badly."""


KINDS = ("keep", "roll back", "keep and die", "die before")


def kind_of(seed: int, number: int) -> str:
    """What becomes of one transaction."""
    return random.Random(f"{seed} {number}").choices(KINDS, weights=(45, 45, 5, 5))[0]


def end_badly_if(true: bool) -> None:
    """Roll back."""
    if true:
        raise RolledBack


def main(url: str, seed: str, first: str, count: str) -> None:
    store, engine = an_engine(url, "keeper", "orders", Five(World(0), "orders"))
    for number in range(int(first), int(first) + int(count)):
        kind = kind_of(int(seed), number)
        print("does", number, flush=True)
        try:
            with store.transaction() as tx:
                engine.enqueue(tx, an_order(f"run_{number:05}", 5))
                if kind == "die before":
                    os.kill(os.getpid(), signal.SIGKILL)
                end_badly_if(kind == "roll back")
        except RolledBack:
            continue
        if kind == "keep and die":
            os.kill(os.getpid(), signal.SIGKILL)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
