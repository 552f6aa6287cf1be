"""Hands on a simulated cluster, over HTTP, with the rights of one of its users."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.adapters.kubernetes.connection import Connection, Token
from holdfast.adapters.kubernetes.hands import KubernetesHands
from holdfast.ports import Hands
from holdfast.testing.server import SimulatedServer
from holdfast.testing.simulated import SimulatedCluster


@asynccontextmanager
async def reaching(cluster: SimulatedCluster) -> AsyncIterator[Hands]:
    """That user's hands, for as long as it lasts."""
    async with SimulatedServer(cluster) as server:
        showing = Token(value=server.admit(cluster.user.name))
        connection = Connection(name="simulated", server=server.url, showing=showing)
        async with KubernetesHands(connection, clock=cluster.clock) as hands:
            yield hands
