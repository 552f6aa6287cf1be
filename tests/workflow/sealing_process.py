"""A process of the sealing test.

python -m tests.workflow.sealing_process seal URL            until it is ended
python -m tests.workflow.sealing_process submit URL FIRST N  says each number once it is sealed
"""

import asyncio
import signal
import sys

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.dice import SystemDice
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import HoldfastError
from holdfast.ports import Store
from holdfast.workflow.sealing import Sealer, seal_on, sealed
from tests.audit.chains import CLUSTER, a_draft
from tests.workflow.test_sealing import Keys


def _fail(trouble: HoldfastError) -> None:
    raise SystemExit(str(trouble))


async def _seal(store: Store) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    sealer = Sealer(store=store, keys=Keys("audit"), clock=SystemClock(), dice=SystemDice())
    print("ready", flush=True)
    await seal_on(sealer, ended, _fail)


async def _submit(store: Store, numbers: range) -> None:
    for number in numbers:
        with store.transaction() as tx:
            tx.records.submit(a_draft(number))
        entry = await sealed(store, a_draft(number).id)
        print(number, entry.seq, flush=True)  # only now does the caller go on


def main(what: str, url: str, *numbers: str) -> None:
    store = SqlStore(open_engine(parse_url(url)), CLUSTER)
    if what == "seal":
        asyncio.run(_seal(store))
    else:
        first, count = map(int, numbers)
        asyncio.run(_submit(store, range(first, first + count)))


if __name__ == "__main__":
    main(*sys.argv[1:])
