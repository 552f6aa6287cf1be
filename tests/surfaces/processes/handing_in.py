"""Letters that several processes hand in at the same moment."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Barrier

from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import StoreRefused
from holdfast.model.letters import Letter
from holdfast.ports import Store
from tests.surfaces.processes.mortals import a_gate, forked

PROCESSES = 4
AGAIN = 0.05  # seconds


def hand_in(url: str, cluster: str, letters: Sequence[Letter]) -> None:
    """Put all of them into the inbox of that database at once, from four processes."""
    gate = a_gate(PROCESSES)
    shares = [letters[first::PROCESSES] for first in range(PROCESSES)]
    busy = [forked(_put_all, url, cluster, share, gate) for share in shares]
    for each in busy:
        each.join()
    assert [0] * PROCESSES == [each.exitcode for each in busy]


def _put_all(url: str, cluster: str, letters: Sequence[Letter], gate: Barrier) -> None:
    store = SqlStore(open_engine(parse_url(url)), cluster)
    with ThreadPoolExecutor(len(letters)) as threads:
        gate.wait()
        for done in [threads.submit(_put, store, each) for each in letters]:
            done.result()
    store.close()


def _put(store: Store, letter: Letter) -> None:
    """Between processes SQLite is not fair: whoever is passed over asks again."""
    while True:
        try:
            with store.transaction() as tx:
                return tx.letters.put(letter)
        except StoreRefused:
            time.sleep(AGAIN)
