"""A keeper with a cluster, as people start it: it hears a signed word, and acts on it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from holdfast import wiring
from holdfast.actions.rollout_restart import STAMP, RolloutRestart
from holdfast.adapters.stores.database import open_engine, parse_url
from holdfast.adapters.stores.store import SqlStore
from holdfast.execution import courses
from holdfast.execution.states import ENDS, State
from holdfast.model.documents import Document
from holdfast.model.handed import PROPOSE, WORD
from holdfast.model.letters import Letter
from holdfast.model.plans import planned
from holdfast.model.repairs import Sight
from holdfast.model.snapshot import Snapshot
from holdfast.testing.clock import NOON
from holdfast.testing.leases import fenced
from holdfast.testing.manifests import deployment, manifest
from holdfast.testing.server import SimulatedServer
from holdfast.testing.simulated import SimulatedCluster
from tests.approvals.keygen import public
from tests.audit.chains import CLUSTER
from tests.surfaces.processes.running import PATIENCE, running
from tests.workflow.executing import a_case, a_word, key, proposal_of
from tests.workflow.leashes import as_proposed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
PEOPLE = """apiVersion: holdfast.dev/v1alpha1
kind: People
people:
- id: ana
  groups: [oncall]
  identities:
    ssh:
    - {key}
"""


@dataclass
class Installed:
    """An installation of one keeper on one simulated cluster."""

    state: Path
    cluster: SimulatedCluster
    store: SqlStore
    settings: dict[str, str]

    def put(self, kind: str, body: dict[str, str]) -> str:
        letter = Letter(id=f"ltr_{kind}", kind=kind, sender="cli:ana", body=body, at=NOON)
        with self.store.transaction() as tx:
            tx.letters.put(letter)
        return letter.id

    async def answer(self, letter: str) -> str:
        async with asyncio.timeout(PATIENCE):
            while True:
                with self.store.reading() as tx:
                    outcome = tx.letters.outcome(letter)
                if outcome is not None:
                    return outcome
                await asyncio.sleep(0.05)

    async def until(self, proposal: str, state: State) -> str:
        async with asyncio.timeout(PATIENCE):
            while True:
                with self.store.reading() as tx:
                    case = tx.cases.case(proposal)
                assert case is not None
                course = courses.read(case.course)
                if case.state == state.value and not course.act.lease:
                    return course.says
                assert State(case.state) not in ENDS - {state}, (case.state, course.says)
                await asyncio.sleep(0.05)

    async def begins(self) -> None:
        """The chain has its first entry, as after a proposal."""
        await self.answer(self.put("remark", {"text": "begin"}))
        async with asyncio.timeout(PATIENCE):
            while True:
                with self.store.reading() as tx:
                    if tx.records.tip() is not None:
                        return
                await asyncio.sleep(0.05)

    def refusals(self) -> list[object]:
        with self.store.reading() as tx:
            kinds = ("letter_refused", "verdict")
            return [each.details for each in tx.records.waiting(99) if each.kind in kinds] + [
                each.details for kind in kinds for each in tx.records.of_kind(kind)
            ]

    @property
    def web(self) -> Document:
        return Document(value=self.cluster.fetch("deployments.apps", "web", namespace="shop"))


@pytest.fixture
async def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Installed]:
    state = tmp_path / "state"
    monkeypatch.setenv("HOLDFAST_STATE_DIR", str(state))
    cluster = fenced(SimulatedCluster())
    cluster.create(manifest("v1", "Namespace", "shop", namespace=None))
    cluster.create(deployment("web", "web:2", 2))
    uid = (await cluster.identity()).uid
    assert await asyncio.to_thread(wiring.main, ["db", "upgrade", "--cluster", uid]) == 0
    assert await asyncio.to_thread(wiring.main, ["keys", "init"]) == 0
    assert await asyncio.to_thread(wiring.main, ["policy", "init"]) == 0
    (state / "policy" / "people.yaml").write_text(PEOPLE.format(key=public(key())))
    store = SqlStore(open_engine(parse_url(f"sqlite:///{state}/holdfast.db")), uid)
    async with SimulatedServer(cluster) as server:
        kubeconfig = server.write_kubeconfig(tmp_path / "kubeconfig", user=cluster.user.name)
        settings = {
            "state_dir": str(state),
            "keeper_kubeconfig": str(kubeconfig),
            "soak": "1",
        }
        yield Installed(state=state, cluster=cluster, store=store, settings=settings)
    store.close()


async def test_a_keeper_without_a_cluster_says_so(tmp_path: Path, installed: Installed) -> None:
    letter = installed.put(PROPOSE, {})
    with running(tmp_path / "log", "keeper", state_dir=str(installed.state)) as keeper:
        assert (await installed.answer(letter)).startswith("refused: ent_")
        await asyncio.to_thread(keeper.until, "started")
        assert not [each for each in keeper.told() if each["event"] == "on the leash"]


async def test_a_keeper_of_another_cluster_does_not_start(
    tmp_path: Path, installed: Installed
) -> None:
    other = tmp_path / "other"
    assert (
        await asyncio.to_thread(
            wiring.main, ["db", "upgrade", "--state", str(other), "--cluster", CLUSTER]
        )
        == 0
    )
    assert await asyncio.to_thread(wiring.main, ["keys", "init", "--state", str(other)]) == 0
    elsewhere = {
        **installed.settings,
        "state_dir": str(other),
        "policy": str(installed.state / "policy"),
    }
    with running(tmp_path / "log", "keeper", **elsewhere) as keeper:
        assert await asyncio.to_thread(keeper.ended) == 2
        assert "and the database is of" in keeper.said


async def test_a_keeper_whose_tickets_key_is_missing_does_not_start(
    tmp_path: Path, installed: Installed
) -> None:
    for each in (installed.state / "keys" / "private").glob("tickets-*"):
        each.unlink()
    with running(tmp_path / "log", "keeper", **installed.settings) as keeper:
        assert await asyncio.to_thread(keeper.ended) == 2
        assert "There is no tickets key" in keeper.said


async def test_a_keeper_says_how_long_it_waits_and_acts_on_a_signed_word(
    tmp_path: Path, installed: Installed
) -> None:
    restart = RolloutRestart(stamp="2026-01-01T12:00:00Z")
    now = datetime.now(UTC).replace(microsecond=0)
    seen = Sight(document=installed.web, around=Snapshot(now=now))
    about = proposal_of(seen, restart, "prp_1", installed.store.cluster, now)
    case = msgspec.structs.replace(a_case(about, now), state=State.PROPOSED.value)
    word = a_word(about, now)
    with installed.store.transaction() as tx:
        tx.cases.put(case)
        tx.records.submit(*as_proposed(planned([about])))
    with running(tmp_path / "log", "keeper", **installed.settings) as keeper:
        told = await asyncio.to_thread(keeper.until, "on the leash")
        await installed.begins()
        letter = installed.put(WORD, {"statement": word.statement, "signature": word.signature})
        assert (1, 600, 1800) == (told["soak"], told["deadline"], told["late"])
        assert (await installed.answer(letter)).startswith("approved: "), installed.refusals()
        await installed.until("prp_1", State.APPLIED)
        assert installed.web.at(*STAMP) == restart.stamp
        accounts = installed.cluster.server.store.listing("serviceaccounts")
        assert not [place for place, _ in accounts if place[2].startswith("act.")]
