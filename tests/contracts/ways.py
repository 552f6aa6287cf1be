"""The three ways to a cluster that the contract suite goes, and what each test is handed.

| way | reads through | changes through |
|---|---|---|
| port | the simulated cluster itself | the simulated API server |
| http | our reader, over HTTP | HTTP to the simulated server |
| lab | our reader, over HTTPS | HTTPS to a real API server |
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Protocol
from uuid import uuid4

from holdfast.adapters.kubernetes.connection import (
    Connection,
    Impersonation,
    Pem,
    Token,
    Trust,
)
from holdfast.adapters.kubernetes.hands import KubernetesHands
from holdfast.adapters.kubernetes.pace import Pace
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.ports import Clock, Cluster, Hands
from holdfast.testing.rbac import ADMIN, a_user
from holdfast.testing.server import SimulatedServer
from holdfast.testing.simulated import SimulatedCluster
from lab.control_plane import Lab
from tests.contracts.doors import Door, Inside, Outside
from tests.contracts.driver import Driver, a_binding, a_role, a_rule

PATIENT = Pace(first_delay=0.02, longest_delay=0.2, closed_door=0.1)
_NUMBERS = count(1)


class Ground(Protocol):
    """One cluster: how to get in, and how to make it forget."""

    name: str
    accounts: bool  # whether a controller gives each namespace an account, without which no pod is

    def door(self, user: str) -> Door:
        """A way in for changes, as the admin or as somebody."""
        ...

    async def reader(self, user: str, page_size: int) -> Cluster:
        """A way in for reading."""
        ...

    def compact(self) -> None:
        """Forget the past."""
        ...

    async def hands(self) -> Hands:
        """What changes the cluster for us, as the admin."""
        ...


class Simulated:
    """The simulated cluster, without a wire."""

    name = "port"
    accounts = False

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = cluster

    def door(self, user: str) -> Door:
        return Inside(self._cluster.server, a_user(user) if user else ADMIN)

    async def reader(self, user: str, page_size: int) -> Cluster:  # it has no pages
        return self._cluster.as_user(user) if user else self._cluster

    def compact(self) -> None:
        self._cluster.compact()

    async def hands(self) -> Hands:
        raise NotImplementedError("our hands speak HTTP")


class LocalClock:
    """This machine's time, for a reader that has heard nothing yet."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # the clock of a test against a live server


class OverTheWire:
    """Our reader and plain HTTP, to either server."""

    def __init__(
        self,
        name: str,
        connection: Connection,
        compact: Callable[[], object],
        stack: AsyncExitStack,
        *,
        accounts: bool = False,
    ) -> None:
        self.name = name
        self.accounts = accounts
        self._connection = connection
        self._stack = stack
        self._compact = compact
        self._clock: Clock = LocalClock()
        authority = connection.trust.authority
        self._trust = (
            ssl.create_default_context(cafile=authority.path)
            if authority is not None and authority.path is not None
            else None
        )

    def door(self, user: str) -> Door:
        showing = self._connection.showing
        assert isinstance(showing, Token)
        door = Outside(self._connection.server, showing.value, trust=self._trust, as_user=user)
        self._stack.push_async_callback(door.close)
        return door

    async def reader(self, user: str, page_size: int) -> Cluster:
        connection = self._connection
        asked = Connection(
            name=connection.name,
            server=connection.server,
            trust=connection.trust,
            showing=connection.showing,
            impersonation=Impersonation(user=user) if user else None,
        )
        reader = Reader(asked, clock=self._clock, page_size=page_size, pace=PATIENT)
        return await self._stack.enter_async_context(reader)

    async def hands(self) -> Hands:
        """What changes the cluster for us, as the admin."""
        hands = KubernetesHands(self._connection, clock=self._clock, pace=PATIENT)
        return await self._stack.enter_async_context(hands)

    def compact(self) -> None:
        self._compact()


async def over_http(cluster: SimulatedCluster, stack: AsyncExitStack) -> Ground:
    """The simulated cluster behind its HTTP server."""
    server = await stack.enter_async_context(SimulatedServer(cluster))
    token = Token(value=server.admit(ADMIN.name))
    connection = Connection(name="http", server=server.url, showing=token)
    return OverTheWire("http", connection, cluster.compact, stack)


def on_the_lab(lab: Lab, stack: AsyncExitStack) -> Ground:
    """The real API server."""
    connection = Connection(
        name="lab",
        server=lab.url,
        showing=Token(value=lab.tokens["admin"]),
        trust=Trust(authority=Pem(path=lab.ca_file)),
    )
    accounts = not lab.options.bare
    return OverTheWire("lab", connection, lab.compact, stack, accounts=accounts)


class Way:
    """One cluster, with a namespace that belongs to one test alone."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.name = ground.name
        self.namespace = f"contract-{uuid4().hex[:12]}"
        self.somebody = f"{self.namespace}-somebody"  # a user without any rights
        self.driver = Driver(ground.door(""), self.namespace)
        self.compact = ground.compact
        self.hands = ground.hands

    async def open(self) -> None:
        """Make the test's own namespace."""
        await self.driver.create("namespaces", a_namespace(self.namespace))
        if self._ground.accounts:
            account = partial(self.driver.send, "get", "serviceaccounts", "default")
            await eventually(account, lambda answer: answer.code == 200)

    async def reader(self, user: str = "", *, page_size: int = 500) -> Cluster:
        """The cluster as the product reads it, as the admin or as somebody."""
        return await self._ground.reader(user, page_size)

    def as_user(self, user: str) -> Driver:
        """The cluster as somebody else changes it."""
        return Driver(self._ground.door(user), self.namespace)

    async def grant(self, resources: str, verbs: str, *, group: str = "", kind: str = "") -> None:
        """Let somebody do that, everywhere or (kind `Role`) in the test's namespace."""
        name = f"{self.namespace}-{next(_NUMBERS)}"
        role = a_role(name, a_rule(resources, verbs, group=group), kind=kind or "ClusterRole")
        await self.bind(role)

    async def bind(self, role: dict[str, object]) -> None:
        """Make a role and bind it to somebody, where the role belongs."""
        plural = f"{str(role['kind']).lower()}s"
        bindings = plural.replace("roles", "rolebindings")
        kind = f"{role['kind']}Binding"
        await self.driver.create(plural, role)
        await self.driver.create(bindings, a_binding(role, self.somebody, kind=kind))

    async def close(self) -> None:
        """Take away what others would see."""
        await self.driver.clean()


def a_namespace(name: str) -> dict[str, object]:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


async def eventually[T](
    look: Callable[[], Awaitable[T]], is_so: Callable[[T], bool], *, within: float = 20
) -> T:
    """Look again until it is so: real controllers and real caches take a moment."""
    seen = await look()
    try:
        async with asyncio.timeout(within):
            while not is_so(seen):
                await asyncio.sleep(0.05)
                seen = await look()
    except TimeoutError:
        pass  # the assertion that follows shows what was seen last
    assert is_so(seen), seen
    return seen
