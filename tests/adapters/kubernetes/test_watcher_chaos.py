"""After any chaos, the watcher knows exactly what the server knows.

The seeds go by the run's own (`pytest -p randomly_seed=N` repeats it); one schedule alone can be
played with `chaos.run(seed, world)`.
"""

import asyncio
import signal
import ssl
from collections.abc import Iterator

import pytest

from holdfast.adapters.clock import SystemClock
from holdfast.testing.server import SimulatedServer
from holdfast.testing.simulated import SimulatedCluster
from lab.control_plane import Lab
from lab.errors import LabError
from lab.parts import Options
from tests.adapters.kubernetes import chaos
from tests.adapters.kubernetes.chaos import Outcome, World
from tests.tally import Count, Tally

AT_ONCE = 10
BATCHES = 8
pytestmark = [
    pytest.mark.usefixtures("cut_short"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def _base(config: pytest.Config) -> int:
    seed = config.getoption("randomly_seed", 0)
    return seed if isinstance(seed, int) else 0


def _report(outcomes: list[Outcome], suite: str, base: int, tally: Tally) -> None:
    wrong = [o for o in outcomes if o.wrong]
    expired = sum(o.expired > 0 for o in outcomes)
    tally(Count(f"watcher, schedules on the {suite}", len(outcomes), len(wrong), base))
    tally(Count(f"watcher, schedules on the {suite} with a real 410", expired, 0, base))
    print(f"{suite}: seeds {outcomes[0].seed} to {outcomes[-1].seed}, real 410 in {expired}")
    assert not wrong, "\n".join(f"seed {o.seed} ({o.kind}): {o.wrong}" for o in wrong)


async def on_the_double(seed: str) -> Outcome:
    """One schedule, on a simulated cluster of its own."""
    cluster = SimulatedCluster()
    async with SimulatedServer(cluster) as server:

        async def compact() -> None:
            cluster.compact()

        world = World(
            url=server.url,
            token="admin-token",
            clock=cluster.clock,
            compact=compact,
            restart=server.restart,
        )
        return await chaos.run(seed, world)


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
async def test_after_any_chaos_the_watcher_knows_what_the_simulated_server_knows(
    batch: int, prove: bool, tally: Tally, pytestconfig: pytest.Config
) -> None:
    base = _base(pytestconfig)
    each = 30 if prove else 3
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> Outcome:
        async with gate:
            return await on_the_double(f"{base}-{batch * each + number}")

    outcomes = list(await asyncio.gather(*(one(number) for number in range(each))))
    _report(outcomes, "double", base, tally)


@pytest.fixture(scope="module")
def forgetful_lab() -> Iterator[Lab]:
    """A real API server on a real etcd, whose compaction no watch cache hides."""
    with Lab.start(Options(bare=True, watch_cache=False, audit=False)) as lab:
        yield lab


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.xdist_group("lab")
async def test_after_any_chaos_the_watcher_knows_what_the_real_server_knows(
    forgetful_lab: Lab, prove: bool, tally: Tally, pytestconfig: pytest.Config
) -> None:
    """In the middle of each batch the API server is killed and started again."""
    lab, base = forgetful_lab, _base(pytestconfig)
    count = 60 if prove else 10
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.load_verify_locations(lab.ca_file)
    one_at_a_time = asyncio.Lock()

    async def compact() -> None:
        async with one_at_a_time:
            try:
                await asyncio.to_thread(lab.compact)
            except LabError as refused:
                if "has been compacted" not in str(refused):  # by another schedule, up to now
                    raise

    world = World(
        url=lab.url, token=lab.tokens["admin"], clock=SystemClock(), compact=compact, tls=tls
    )
    outcomes: list[Outcome] = []
    for begin in range(0, count, AT_ONCE):
        seeds = [f"{base}-{number}" for number in range(begin, min(count, begin + AT_ONCE))]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(chaos.run(seed, world)) for seed in seeds]
            await asyncio.sleep(0.3)
            async with one_at_a_time:
                await asyncio.to_thread(lab.restart_apiserver, signal.SIGKILL)
        outcomes += [task.result() for task in tasks]
    _report(outcomes, "lab", base, tally)
    assert sum(o.expired > 0 for o in outcomes) >= (20 if prove else 3)
