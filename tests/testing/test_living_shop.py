"""The shop on which repairs have consequences: one heals, one does not help, one is refused."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from holdfast.actions.rollout_undo import RolloutUndo
from holdfast.adapters.kubernetes.connection import Connection, Token
from holdfast.adapters.kubernetes.hands import KubernetesHands
from holdfast.execution.lease_names import Purpose, lease_name
from holdfast.facts import CATALOGUE, judge, kinds_read
from holdfast.grants.names import role_of
from holdfast.grants.values import set_by
from holdfast.model.delivered import kept_by
from holdfast.model.documents import Document
from holdfast.model.kinds import Deployment
from holdfast.model.leases import Loan
from holdfast.model.repairs import Sight, State
from holdfast.model.rules import Channel
from holdfast.model.snapshot import Snapshot
from holdfast.model.steps import Patch, Step
from holdfast.ports import Done, How
from holdfast.ports.leases import Lent
from holdfast.testing.clock import NOON, FrozenClock
from holdfast.testing.controllers import Controllers
from holdfast.testing.leases import SimulatedLeases, fenced
from holdfast.testing.living_shop import a_living_shop
from holdfast.testing.server import SimulatedServer
from holdfast.testing.simulated import SimulatedCluster

pytestmark = pytest.mark.slow

KIND = RolloutUndo.kind


class Keeper:
    """Goes back to a revision by a lease, and looks how the target does."""

    def __init__(
        self, cluster: SimulatedCluster, controllers: Controllers, server: SimulatedServer
    ) -> None:
        self.cluster = cluster
        self.controllers = controllers
        self.server = server
        self.leases = SimulatedLeases(server, self._hands)

    def _hands(self, token: str) -> KubernetesHands:
        connection = Connection(name="lease", server=self.server.url, showing=Token(value=token))
        return KubernetesHands(connection, clock=FrozenClock())

    def wait(self, seconds: float) -> None:
        self.controllers.advance(self.cluster.clock.now() + timedelta(seconds=seconds))

    def document(self, resource: str, name: str) -> Document:
        return Document(value=self.cluster.fetch(resource, name, namespace="shop"))

    def back(self, name: str) -> RolloutUndo:
        """To the revision that still has ready pods."""
        listed = self.cluster.page("replicasets", namespace="shop")["items"]
        (ready,) = [
            each["metadata"]
            for each in listed
            if each["metadata"]["labels"]["app"] == name and each["status"].get("readyReplicas")
        ]
        return RolloutUndo(replica_set=ready["name"], uid=ready["uid"])

    async def sight(self, name: str, action: RolloutUndo) -> Sight:
        captures = [await self.cluster.list(kind) for kind in KIND.sees]
        return Sight(
            document=self.document("deployments", name),
            around=Snapshot(now=NOON, captures=captures),
            beside=(self.document("replicasets", action.replica_set),),
        )

    async def troubled(self) -> set[str]:
        """What hurts, by the first word of its name."""
        captures = [await self.cluster.list(kind) for kind in kinds_read(CATALOGUE)]
        judged = judge(Snapshot(now=self.cluster.clock.now(), captures=captures))
        hurting = [each for each in judged.findings if each.channel is Channel.INCIDENT]
        return {each.about.name.partition("-")[0] for each in hurting}

    async def does(self, purpose: Purpose, steps: Sequence[Step]) -> None:
        (step,) = steps
        assert isinstance(step, Patch)
        after = {"spec": {"template": step.sets[0].value}}
        loan = Loan(
            account=str(lease_name(purpose, KIND.name, step.target.uid, 0)),
            role=role_of(KIND),
            namespace="shop",
            rights=KIND.rights(),
            steps=(step,),
            value=set_by(KIND, after),
        )
        lent = await self.leases.lend(loan, None)
        assert isinstance(lent, Lent), lent
        async with lent.hands as hands:
            fresh = self.document("deployments", step.target.name)
            for how in (How.REHEARSE, How.ACT):
                outcome = await hands.send(step, fresh, how)
                assert isinstance(outcome, Done), outcome


@pytest.fixture
async def keeper() -> AsyncIterator[Keeper]:
    cluster, controllers = a_living_shop()
    async with SimulatedServer(fenced(cluster)) as server:
        yield Keeper(cluster, controllers, server)


async def test_going_back_heals_what_a_bad_image_broke(keeper: Keeper) -> None:
    action = keeper.back("checkout")
    before = await keeper.sight("checkout", action)
    assert [] == [*action.refuses(before)]
    await keeper.does(Purpose.ACT, action.steps(before))
    assert State.WAITING is action.recovery(before, await keeper.sight("checkout", action)).state
    keeper.wait(10)
    assert State.WELL is action.recovery(before, await keeper.sight("checkout", action)).state
    assert "checkout" not in await keeper.troubled()


async def test_going_back_to_what_is_broken_by_now_helps_nobody_and_is_undone(
    keeper: Keeper,
) -> None:
    action = keeper.back("payments")
    before = await keeper.sight("payments", action)
    assert [] == [*action.refuses(before)]
    await keeper.does(Purpose.ACT, action.steps(before))
    for _ in range(12):
        keeper.wait(60)
        now = action.recovery(before, await keeper.sight("payments", action))
        assert State.WAITING is now.state
    await keeper.does(Purpose.UNDO, action.undo(before))
    keeper.wait(60)
    after = keeper.document("deployments", "payments")
    assert before.document.at("spec", "template") == after.at("spec", "template")
    assert 3 == after.at("status", "availableReplicas")


async def test_what_argo_keeps_says_so(keeper: Keeper) -> None:
    found = await keeper.cluster.get(Deployment, "shop", "orders")
    assert isinstance(found, Deployment)
    assert "Application shop" == kept_by(found)


async def test_these_are_the_troubles_and_the_old_ones(keeper: Keeper) -> None:
    assert {"checkout", "orders", "payments", "reports"} == await keeper.troubled()


@pytest.mark.slow
def test_it_is_the_same_shop_each_time() -> None:
    assert a_living_shop()[0].dump() == a_living_shop()[0].dump()
