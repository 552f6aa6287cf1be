"""The contract suite's clusters: each test runs the three ways, on a namespace of its own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from holdfast.ports import Cluster
from holdfast.testing.simulated import SimulatedCluster
from lab.control_plane import Lab
from lab.parts import Options
from lab.sharing import Share
from tests.contracts.driver import Driver
from tests.contracts.ways import Ground, Simulated, Way, on_the_lab, over_http

WAYS = (
    "port",
    "http",
    pytest.param("lab", marks=[pytest.mark.lab, pytest.mark.xdist_group("lab")]),
)


async def _ground(request: pytest.FixtureRequest, lab: str, stack: AsyncExitStack) -> Ground:
    match request.param:
        case "port":
            return Simulated(SimulatedCluster())
        case "http":
            return await over_http(SimulatedCluster(), stack)
        case _:
            return on_the_lab(request.getfixturevalue(lab), stack)


async def _way(request: pytest.FixtureRequest, lab: str) -> AsyncIterator[Way]:
    async with AsyncExitStack() as stack:
        way = Way(await _ground(request, lab, stack))
        await way.open()
        stack.push_async_callback(way.close)
        yield way


@pytest.fixture(params=WAYS)
async def way(request: pytest.FixtureRequest) -> AsyncIterator[Way]:
    """A cluster, and a namespace in it that belongs to this test."""
    async for each in _way(request, "lab"):
        yield each


@pytest.fixture(params=WAYS)
async def forgetful(request: pytest.FixtureRequest) -> AsyncIterator[Way]:
    """The same on a cluster that can be made to forget: a watch cache would remember."""
    async for each in _way(request, "lab_without_cache"):
        yield each


@pytest.fixture(scope="session")
def lab_without_cache(lab_built: None, share: Share) -> Lab:
    """A second lab: etcd and API server alone, which shows etcd's compaction at once."""
    return share(Lab.start(Options(bare=True, watch_cache=False)))


@pytest.fixture
def driver(way: Way) -> Driver:
    """What changes the cluster, as the admin."""
    return way.driver


@pytest.fixture
async def reader(way: Way) -> Cluster:
    """What looks at the cluster, as the admin."""
    return await way.reader()
