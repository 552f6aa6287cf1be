"""Random schedules against a watcher: what the cluster and the network can do to it.

A schedule is its seed. It changes objects, cuts and restarts, forgets history behind the watcher's
back, and answers its requests with faults, through a proxy of its own. Then all is well again, one
last object is written, and when the watcher has heard of that, it must know exactly what the
server knows: the same objects, each in the same version.
"""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2

from holdfast.adapters.kubernetes.connection import Connection, Token
from holdfast.adapters.kubernetes.pace import Chance, Pace
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.model.kinds import Deployment, ReplicaSet, Secret
from holdfast.model.objects import Object
from holdfast.ports import Clock, Relisted
from holdfast.testing.faults import (
    Asked,
    Cut,
    Delay,
    Drip,
    Fault,
    FaultProxy,
    Refusal,
    Silence,
    Truncation,
    now_and_then,
)
from holdfast.workflow.follow import Followed

KINDS: tuple[type[Object], ...] = (Secret, Deployment, ReplicaSet)
NAMES = tuple(f"o-{n}" for n in range(12))
TOUCHED = "touched"
QUICK = Pace(
    connect=5, read=0.4, first_delay=0.001, longest_delay=0.01, watch=1, watch_grace=0.1, tries=3
)
STEPS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An API server: where it is, and what only its owner can do to it."""

    url: str
    token: str
    clock: Clock
    compact: Callable[[], Awaitable[None]]
    restart: Callable[[], Awaitable[None]] | None = None  # None: somebody else's schedule does
    tls: ssl.SSLContext | None = None


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What one schedule did, and whether the watcher came out of it."""

    seed: str
    kind: str = ""
    expired: int = 0  # 410s that the server itself sent
    faults: int = 0
    relists: int = 0
    wrong: str = ""


class Follower:
    """Our watcher behind the proxy, and the state that its news add up to."""

    def __init__(self, reader: Reader, kind: type[Object], namespace: str) -> None:
        self._reader = reader
        self._kind = kind
        self._namespace = namespace
        self._changed = asyncio.Condition()
        self.followed: Followed[Object] = Followed(kind)
        self.relists = 0

    async def follow(self) -> None:
        """For ever."""
        async with self._reader:
            async for news in self._reader.follow(self._kind, self._namespace):
                self.followed.apply(news)
                self.relists += isinstance(news, Relisted)
                async with self._changed:
                    self._changed.notify_all()

    async def hears_of(self, name: str, version: str, *, within: float) -> bool:
        """Whether it comes to know that object, in that version, in time."""

        def known() -> bool:
            one = self.followed.objects.get((self._namespace, name))
            return one is not None and one.metadata.resource_version == version

        with suppress(TimeoutError):
            async with asyncio.timeout(within), self._changed:
                await self._changed.wait_for(known)
        return known()

    @property
    def knows(self) -> dict[str, str]:
        """The version of each object, by name."""
        return {
            name: one.metadata.resource_version for (_, name), one in self.followed.objects.items()
        }


async def run(seed: str, world: World) -> Outcome:
    """Play one schedule."""
    dice = random.Random(seed)
    outcome = Outcome(seed=seed)
    weather = Weather(dice=random.Random(f"{seed}/weather"))

    def overhear(data: bytes) -> None:
        if b'"code":410' in data:
            outcome.expired += 1

    verify = world.tls or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    headers = {"Authorization": f"Bearer {world.token}"}
    async with (
        httpx2.AsyncClient(base_url=world.url, headers=headers, verify=verify, timeout=10) as http,
        FaultProxy(
            upstream=world.url, plan=weather, upstream_tls=world.tls, overhear=overhear
        ) as proxy,
    ):
        play = Play(world, http, dice, seed)
        outcome.kind = play.kind.__name__
        await play.begin()
        reader = Reader(
            Connection(name="chaos", server=proxy.url, showing=Token(value=world.token)),
            clock=world.clock,
            page_size=dice.randint(2, 5),
            pace=QUICK,
            chance=Chance(sleep=_blink, dice=random.Random(f"{seed}/chance").random),
        )
        follower = Follower(reader, play.kind, play.namespace)
        following = asyncio.create_task(follower.follow())
        try:
            for _ in range(STEPS):
                await _step(play, weather, proxy, follower)
            weather.calm = True
            proxy.cut()
            last = await play.create("the-last")
            heard = await follower.hears_of("the-last", last, within=30)
            known, there = follower.knows, await play.everything()
            if following.done():
                await following  # it ended of itself, which it never may: show how
            if not heard or known != there:
                outcome.wrong = f"the watcher knows {known}, the server {there}"
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
        outcome.faults, outcome.relists = len(proxy.faults_seen), follower.relists
    return outcome


async def _step(play: "Play", weather: "Weather", proxy: FaultProxy, follower: Follower) -> None:
    dice = play.dice
    what = dice.choices(
        ("change", "catch up", "breathe", "cut", "forget", "compact", "restart"),
        weights=(10, 8, 2, 2, 2, 1, 1),
    )[0]
    if what == "change":
        await play.change()
    elif what == "catch up":  # or not, when it is in a hole: then it goes on without it
        await follower.hears_of(TOUCHED, await play.touch(), within=0.3)
    elif what == "breathe":
        await asyncio.sleep(dice.random() * 0.02)
    elif what == "cut":
        proxy.cut()
    elif what == "forget":  # history goes while the watcher is away
        weather.stormy = True
        proxy.cut()
        for _ in range(dice.randint(1, 4)):
            await play.change()
        await play.touch()
        await play.world.compact()
        weather.stormy = False
    elif what == "compact":
        await play.touch()
        await play.world.compact()
    elif play.world.restart is not None:
        weather.stormy = True
        await asyncio.sleep(0.005)  # asyncio leaks a socket that it accepts while it is closing
        await play.world.restart()
        weather.stormy = False


async def _blink(_: float) -> None:
    await asyncio.sleep(0.001)


@dataclass(slots=True, kw_only=True)
class Weather:
    """The plan of the proxy: storms let nothing through, calm lets everything."""

    dice: random.Random
    stormy: bool = False
    calm: bool = False
    _mood: Callable[[Asked], Fault | None] = field(init=False)

    def __post_init__(self) -> None:
        """Each schedule has a mood of its own."""
        dice = self.dice
        common: list[Fault] = [
            Cut(after=dice.randint(0, 600)),
            Cut(after=dice.randint(200, 4000)),
            Truncation(after=dice.randint(100, 2000)),
            Refusal(status=429, retry_after=1),
            Refusal(status=503),
            Refusal(status=500),
            Refusal(status=410),
            Delay(seconds=dice.random() * 0.02),
            Drip(size=dice.randint(7, 200)),
        ]
        if dice.randrange(8) == 0:
            common.append(Silence(after=dice.randint(0, 600)))
        self._mood = now_and_then(dice, common, one_in=dice.randint(2, 4))

    def __call__(self, asked: Asked) -> Fault | None:
        """What happens to this request."""
        if self.calm:
            return None
        return Refusal(status=503) if self.stormy else self._mood(asked)


class Play:
    """The objects of one schedule, changed behind the proxy's back."""

    def __init__(
        self, world: World, http: httpx2.AsyncClient, dice: random.Random, seed: str
    ) -> None:
        self.world = world
        self.dice = dice
        self._http = http
        self.kind = dice.choice(KINDS)
        self.namespace = f"chaos-{seed}"
        api = self.kind.api
        base = f"/apis/{api.group}/v1" if api.group else "/api/v1"
        self._where = f"{base}/namespaces/{self.namespace}/{api.plural}"

    async def begin(self) -> None:
        """A namespace, and something in it already."""
        body = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": self.namespace},
        }
        await self._send("POST", "/api/v1/namespaces", body)
        for name in self.dice.sample(NAMES, self.dice.randint(0, 8)):
            await self.create(name)

    async def change(self) -> None:
        """One object is made, changed or removed."""
        name = self.dice.choice(NAMES)
        what = self.dice.choice(("create", "change", "remove"))
        if what == "create":
            await self.create(name)
        elif what == "change":
            await self._label(name)
        else:
            await self._send("DELETE", f"{self._where}/{name}")

    async def touch(self) -> str:
        """Something certainly happens; the version in which it did."""
        await self.create(TOUCHED)
        answer = await self._label(TOUCHED)
        return str(answer.json()["metadata"]["resourceVersion"])

    async def create(self, name: str) -> str:
        """Make an object, unless it is there; its version, if it was made."""
        answer = await self._send("POST", self._where, self._manifest(name))
        return str(answer.json()["metadata"].get("resourceVersion", ""))

    async def everything(self) -> dict[str, str]:
        """What the server knows, asked without any fault in between."""
        answer = await self._send("GET", self._where)
        return {
            item["metadata"]["name"]: item["metadata"]["resourceVersion"]
            for item in answer.json()["items"]
        }

    async def _label(self, name: str) -> httpx2.Response:
        label = {"metadata": {"labels": {"turn": str(self.dice.randrange(10**9))}}}
        return await self._send("PATCH", f"{self._where}/{name}", label)

    async def _send(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        """Until the server takes it; it may just be restarting."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        for _ in range(2000):
            try:
                answer = await self._http.request(
                    method, path, json=body, headers={"Content-Type": kind}
                )
            except httpx2.TransportError:
                await asyncio.sleep(0.01)
                continue
            if answer.status_code in (200, 201, 404, 409):
                return answer
            await asyncio.sleep(0.01)
        raise AssertionError(f"{method} {path} was never taken: {answer.text}")

    def _manifest(self, name: str) -> dict[str, Any]:
        api = self.kind.api
        tree: dict[str, Any] = {
            "apiVersion": api.api_version,
            "kind": api.kind,
            "metadata": {"name": name, "labels": {"app": name}},
        }
        if api.group == "apps":
            labels = {"app": name}
            template = {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": "example/app:1"}]},
            }
            selector = {"matchLabels": labels}
            tree["spec"] = {"replicas": 0, "selector": selector, "template": template}
        return tree
