"""A process that moves, spends and takes whatever another one does at the same moment.

python -m tests.adapters.stores.racing URL NAME COUNT

Reads a line before each race, so that whoever started several begins it for all of them at once;
says how many of each sort it has won.
"""

import json
import sys
from collections import Counter

import msgspec

from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.model.repairs import ActionClass
from holdfast.testing.clock import NOON
from holdfast.workflow.budgets import take
from tests.audit.chains import CLUSTER
from tests.contracts.test_casework import a_case, moved

HOLDS = 100  # of the budget that all take from


def race(store: SqlStore, name: str, number: int) -> Counter[str]:
    """Each of them is won by one, but for the budget: that is won until it is empty."""
    case = a_case(number)
    with store.transaction() as tx:
        mine = msgspec.structs.replace(moved(case), course=f'"{name}"')
        won = {"moved": tx.cases.move(case, mine)}
    with store.transaction() as tx:
        won["spent"] = tx.once.spend("claim", case.id, name, NOON)
    with store.transaction() as tx:
        won["taken"] = take(tx.buckets, "ada", ActionClass.RESTART, HOLDS, NOON)
    return Counter(word for word, did in won.items() if did)


def main(url: str, name: str, count: str) -> None:
    store = SqlStore(open_engine(parse_url(url)), CLUSTER)
    won: Counter[str] = Counter()
    for number in range(int(count)):
        print("ready", flush=True)
        sys.stdin.readline()
        won += race(store, name, number)
    print(json.dumps(won), flush=True)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
