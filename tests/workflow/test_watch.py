"""A watch from its first view on: what is new is shown soon, together, and without asking again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from holdfast.errors import CouldNotLook, NoSuchNamespace, Unauthorized, Unreachable
from holdfast.facts import CATALOGUE, kinds_read
from holdfast.grants.reader import reader_role
from holdfast.model.kinds import Pod
from holdfast.model.objects import Object
from holdfast.model.snapshot import Identity
from holdfast.ports import Cluster, Lost, News
from holdfast.testing.shop import a_shop
from holdfast.testing.simulated import SimulatedCluster
from holdfast.workflow.hearing import Outage
from holdfast.workflow.vigil import Terms, View
from holdfast.workflow.watch import Rhythm, watch

AT_ONCE = Rhythm(settle=0, rest=0)
ALL = Terms(rules=CATALOGUE)
PATIENCE = 20  # seconds until something that was to happen counts as missing


class Screen:
    """Where a watch shows its views."""

    def __init__(self) -> None:
        self.views: list[View] = []
        self.begun: list[tuple[int, int]] = []
        self.told: list[Outage | None] = []  # before the first view

    def show(self, view: View) -> None:
        self.views.append(view)

    def progress(self, read: int, of: int, outage: Outage | None) -> None:
        self.begun.append((read, of))
        self.told.append(outage)

    @property
    def codes(self) -> set[str]:
        """Of the troubles on it."""
        return {t.code for t in self.views[-1].survey.troubles} if self.views else set()

    async def until(self, seen: Callable[["Screen"], bool]) -> None:
        """Wait for it to look so."""
        async with asyncio.timeout(PATIENCE):
            while not (self.views and seen(self)):
                await asyncio.sleep(0)


@asynccontextmanager
async def watching(
    cluster: Cluster, *, terms: Terms = ALL, rhythm: Rhythm = AT_ONCE
) -> AsyncIterator[Screen]:
    screen = Screen()
    task = asyncio.ensure_future(
        watch(cluster, terms, show=screen.show, begun=screen.progress, rhythm=rhythm)
    )
    try:
        yield screen
    finally:
        task.cancel()
        await asyncio.wait((task,))


@pytest.fixture
def shop() -> SimulatedCluster:
    return a_shop()


def frozen(shop: SimulatedCluster, *, settle: float = 0, rest: float = 0) -> Rhythm:
    """By the cluster's clock, which stands still until somebody moves it."""
    clock = shop.clock
    return Rhythm(settle=settle, rest=rest, sleep=clock.sleep, time=lambda: clock.now().timestamp())


async def test_the_first_view_comes_when_every_kind_has_spoken(shop: SimulatedCluster) -> None:
    async with watching(shop) as screen:
        await screen.until(lambda s: True)

    read, of = screen.begun[-1]
    assert read == of == screen.views[0].followed
    assert {"HF-STO-001", "HF-WRK-013"} <= screen.codes


async def test_a_fault_and_its_end_are_seen_without_asking_for_anything_again(
    shop: SimulatedCluster,
) -> None:
    async with watching(shop) as screen:
        await screen.until(lambda s: "HF-STO-001" in s.codes)
        asked = len(shop.audit)
        shop.delete("pods", "reports-0", namespace="shop", grace_seconds=0)
        shop.delete("statefulsets.apps", "reports", namespace="shop")
        shop.delete("persistentvolumeclaims", "reports-data", namespace="shop")
        await screen.until(lambda s: "HF-STO-001" not in s.codes)

    served = {each.resource for each in shop.audit[:asked] if each.verb == "watch"}
    again = {each.resource for each in shop.audit[asked:] if each.verb in ("get", "list", "watch")}
    assert served.isdisjoint(again)


async def test_a_grace_that_passes_is_seen_with_no_news_at_all(shop: SimulatedCluster) -> None:
    async with watching(shop, rhythm=frozen(shop)) as screen:
        await screen.until(lambda s: True)
        young = next(f for f in screen.views[0].survey.young if f.about.name == "cart")
        grace = next(rule.grace for rule in CATALOGUE if rule.code == young.code)
        await _idle()
        shop.clock.advance(young.since + grace - shop.clock.now())
        await screen.until(lambda s: len(s.views) == 2)

    assert young.id in {each.id for each in screen.views[1].survey.findings}


async def test_what_happens_together_is_judged_together(shop: SimulatedCluster) -> None:
    rhythm = frozen(shop, settle=0.1, rest=0)
    async with watching(shop, rhythm=rhythm) as screen:
        await screen.until(lambda s: True)
        for number in range(50):
            shop.create(
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"n-{number}"}}
            )
        await _idle()
        assert len(screen.views) == 1
        shop.clock.advance(timedelta(seconds=0.1))
        await screen.until(lambda s: len(s.views) == 2)

    namespaces = screen.views[-1].snapshot.captures()
    assert {"n-0", "n-49"} <= {o.metadata.name for c in namespaces for o in c.objects}


async def test_after_a_judgement_there_is_a_rest(shop: SimulatedCluster) -> None:
    rhythm = frozen(shop, settle=0, rest=0.25)
    async with watching(shop, rhythm=rhythm) as screen:
        await screen.until(lambda s: True)
        shop.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}})
        await _idle()
        assert len(screen.views) == 1
        shop.clock.advance(timedelta(seconds=0.25))
        await screen.until(lambda s: len(s.views) == 2)


async def test_a_grace_that_passes_waits_for_no_rest(shop: SimulatedCluster) -> None:
    async with watching(shop, rhythm=frozen(shop, rest=3600)) as screen:
        await screen.until(lambda s: True)
        young = next(f for f in screen.views[0].survey.young if f.about.name == "cart")
        grace = next(rule.grace for rule in CATALOGUE if rule.code == young.code)
        await _idle()
        shop.clock.advance(young.since + grace - shop.clock.now() + timedelta(milliseconds=5))
        await screen.until(lambda s: len(s.views) == 2)

    assert young.id in {each.id for each in screen.views[1].survey.findings}


async def _idle() -> None:
    """Let everybody who has something to say say it."""
    for _ in range(500):
        await asyncio.sleep(0)


async def test_nothing_is_done_while_nothing_happens(shop: SimulatedCluster) -> None:
    async with watching(shop, rhythm=frozen(shop)) as screen:
        await screen.until(lambda s: True)
        await _idle()
        assert len(screen.views) == 1


async def test_what_only_the_passing_of_time_breaks_is_seen_with_no_news_at_all(
    shop: SimulatedCluster,
) -> None:
    async with watching(shop, rhythm=frozen(shop)) as screen:
        await screen.until(lambda s: True)
        await _idle()
        shop.clock.advance(timedelta(seconds=10))
        await screen.until(lambda s: len(s.views) == 2)

    assert screen.views[1].snapshot.now - screen.views[0].snapshot.now == timedelta(seconds=10)


def test_everything_is_judged_afresh_seldom_enough_to_cost_a_fiftieth_but_once_a_minute() -> None:
    assert [10, 25, 60] == [Rhythm().until_afresh(took) for took in (0.01, 0.5, 5)]


async def test_what_is_forbidden_is_blind_and_seen_when_it_is_allowed(
    shop: SimulatedCluster,
) -> None:
    few = reader_role(name="few")
    few["rules"] = [
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list", "watch"]}
    ]
    shop.grant(few, user="reader")
    async with watching(shop.as_user("reader")) as screen:
        await screen.until(lambda s: "pods" in {b.plural for b in s.views[-1].survey.blind})
        assert "HF-WRK-013" not in screen.codes
        shop.grant(reader_role(), user="reader")
        await screen.until(lambda s: "HF-WRK-013" in s.codes)
        assert "pods" not in {b.plural for b in screen.views[-1].survey.blind}


async def test_a_role_without_any_right_is_no_healthy_cluster(shop: SimulatedCluster) -> None:
    with pytest.raises(CouldNotLook, match="Nothing may be read here"):
        await watch(shop.as_user("nobody"), ALL, show=lambda _: None, rhythm=AT_ONCE)


async def test_a_namespace_that_does_not_exist_is_an_error(shop: SimulatedCluster) -> None:
    terms = Terms(rules=CATALOGUE, namespaces=("shpo",))
    with pytest.raises(NoSuchNamespace, match="'shpo'"):
        await watch(shop, terms, show=lambda _: None, rhythm=AT_ONCE)


class Stumbling(SimulatedCluster):
    """A cluster whose pods nobody can tell of, for one reason or another."""

    refuses = False

    async def follow[K: Object](
        self, kind: type[K], namespace: str | None = None
    ) -> AsyncIterator[News[K]]:
        if kind is Pod and self.refuses:
            raise Unauthorized("Your token has expired.", remedy="Log in again.")
        if kind is Pod:
            yield Lost(why="500: the store is broken", silent=timedelta())
            await asyncio.Event().wait()
        async for news in super().follow(kind, namespace):
            yield news


class Mute(SimulatedCluster):
    """A cluster that can be made to answer nobody, in one way or another."""

    def __init__(self, shop: SimulatedCluster) -> None:
        super().__init__(server=shop.server)
        self.refuses = asyncio.Event()
        self.hangs = False
        self.asked = 0

    async def identity(self) -> Identity:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.refuses.is_set():
            raise Unreachable("Nothing listens there.", remedy="Start it.")
        return await super().identity()


class Hanging(Mute):
    """One that says nothing at all of any kind until it is let."""

    def __init__(self, shop: SimulatedCluster) -> None:
        super().__init__(shop)
        self.lets = asyncio.Event()

    async def follow[K: Object](
        self, kind: type[K], namespace: str | None = None
    ) -> AsyncIterator[News[K]]:
        await self.lets.wait()
        async for news in super().follow(kind, namespace):
            yield news


async def test_a_watch_that_begins_in_an_outage_says_so_after_some_seconds(
    shop: SimulatedCluster,
) -> None:
    cluster = Hanging(shop)
    async with watching(cluster, rhythm=frozen(shop)) as screen:
        await _idle()
        cluster.refuses.set()
        asked = shop.clock.now()
        shop.clock.advance(timedelta(seconds=5))
        await _idle()
        (outage,) = screen.told
        assert outage == Outage(since=asked + timedelta(seconds=5), why="Nothing listens there.")
        assert (0, len(kinds_read())) == screen.begun[-1]

        cluster.refuses.clear()
        cluster.lets.set()
        await screen.until(lambda s: True)


async def test_kinds_of_which_nobody_tells_do_not_count_as_read(shop: SimulatedCluster) -> None:
    async with watching(Stumbling(server=shop.server)) as screen:
        await screen.until(lambda s: True)

    read, of = screen.begun[-1]
    assert (1, [None]) == (of - read, list(dict.fromkeys(screen.told)))


DAY = timedelta(days=1)


def returning(view: View) -> bool:
    return view.outage is not None and view.outage.returning


@pytest.mark.parametrize("hangs", [True, False])
async def test_while_nobody_answers_time_stands_still_for_the_judge(
    shop: SimulatedCluster, *, hangs: bool
) -> None:
    cluster = Mute(shop)
    async with watching(cluster, rhythm=frozen(shop)) as screen:
        await screen.until(lambda s: True)
        began = screen.views[0].snapshot.now
        cluster.hangs = hangs
        cluster.refuses.set()
        await _idle()
        shop.clock.advance(DAY)
        await _idle()
        shop.clock.advance(timedelta(seconds=5))
        await screen.until(lambda s: s.views[-1].outage is not None)
        mute = screen.views[-1]

        cluster.hangs = False
        cluster.refuses.clear()
        await _idle()
        shop.clock.advance(timedelta(seconds=5))
        await screen.until(lambda s: returning(s.views[-1]))
        assert screen.views[-1].survey.young == mute.survey.young
        await _idle()
        shop.clock.advance(timedelta(seconds=75))
        await screen.until(lambda s: s.views[-1].outage is None)
        heard = screen.views[-1]

    why = "no answer within 5 s" if hangs else "Nothing listens there."
    assert mute.outage == Outage(since=began, why=why)
    assert (mute.snapshot.now, mute.at - began >= DAY) == (began, True)
    assert mute.survey.young == screen.views[0].survey.young != ()
    assert heard.snapshot.now == heard.at
    assert heard.survey.young == ()


async def test_nobody_is_asked_for_a_sign_of_life_while_there_are_news(
    shop: SimulatedCluster,
) -> None:
    cluster = Mute(shop)
    async with watching(cluster) as screen:
        await screen.until(lambda s: True)
        before = cluster.asked
        shop.delete("persistentvolumeclaims", "reports-data", namespace="shop")
        await screen.until(lambda s: len(s.views) > 1)
    assert cluster.asked == before


HERE = Terms(rules=CATALOGUE, namespaces=("shop",))


async def test_a_namespace_that_goes_is_no_healthy_one(shop: SimulatedCluster) -> None:
    async with watching(shop, terms=HERE) as screen:
        await screen.until(lambda s: True)
        assert screen.views[0].astray == ""
        shop.delete("namespaces", "shop")
        await screen.until(lambda s: s.views[-1].astray == NO_SHOP)


async def test_a_namespace_that_goes_is_missed_by_who_may_ask_for_it_alone(
    shop: SimulatedCluster,
) -> None:
    role = {**reader_role(), "rules": [NAMED]}
    shop.grant(reader_role(namespace="shop"), user="few", namespace="shop")
    shop.grant(role, user="few")
    few = shop.as_user("few")
    async with watching(few, terms=HERE, rhythm=frozen(shop)) as screen:
        await screen.until(lambda s: True)
        shop.delete("namespaces", "shop")
        await screen.until(lambda s: s.views[-1].astray.startswith("Nothing may be read here: "))
        await _idle()
        shop.clock.advance(timedelta(seconds=10))
        await screen.until(lambda s: s.views[-1].astray == NO_SHOP)


NO_SHOP = "There is no namespace 'shop' in this cluster."


NAMED = {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]}


async def test_a_namespace_that_may_not_be_read_any_more_is_no_healthy_one(
    shop: SimulatedCluster,
) -> None:
    shop.grant(reader_role(), user="reader")
    async with watching(shop.as_user("reader"), terms=HERE) as screen:
        await screen.until(lambda s: True)
        cluster_wide = [
            {"apiGroups": [""], "resources": ["nodes", "namespaces"], "verbs": ["list", "watch"]}
        ]
        shop.grant({**reader_role(), "rules": cluster_wide}, user="reader")
        await screen.until(lambda s: s.views[-1].astray != "")
    assert screen.views[-1].astray.startswith("Nothing may be read in shop: ")


async def test_a_kind_that_cannot_be_told_of_keeps_nobody_waiting(shop: SimulatedCluster) -> None:
    async with watching(Stumbling(server=shop.server)) as screen:
        await screen.until(lambda s: True)

    blind = {b.plural: b.why for b in screen.views[0].survey.blind}
    assert blind["pods"] == "500: the store is broken"
    assert "HF-WRK-050" in screen.codes


async def test_a_refused_credential_ends_it(shop: SimulatedCluster) -> None:
    cluster = Stumbling(server=shop.server)
    cluster.refuses = True
    with pytest.raises(Unauthorized, match="expired"):
        await watch(cluster, ALL, show=lambda _: None, rhythm=AT_ONCE)
