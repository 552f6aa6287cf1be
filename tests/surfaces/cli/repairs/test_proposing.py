"""`holdfast propose`: from what hurts to something that people can approve, or to why not."""

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from holdfast.actions import built
from holdfast.errors import BadInput, NotReady
from holdfast.execution.states import State
from holdfast.model import switches
from holdfast.model.canonical import canonical
from holdfast.model.entries import Draft
from holdfast.model.handed import PLAN, Propose, ProposePlan
from holdfast.model.letters import Letter
from holdfast.model.objects import Ref
from holdfast.model.people import API_VERSION, KIND
from holdfast.model.plans import planned
from holdfast.ports import Tx
from holdfast.surfaces.cli.exits import NOTHING, REFUSED
from holdfast.surfaces.cli.policy import STARTER
from holdfast.testing.clock import NOON
from holdfast.testing.shop import a_shop
from holdfast.testing.simulated import SimulatedCluster
from tests.surfaces.cli.conftest import Run
from tests.surfaces.cli.repairs.scripted import ScriptedStore, a_ground, previewed, seal, troubles
from tools.captures import one_fault
from tools.proposals import ID, RESTART, a_case

Out = pytest.CaptureFixture[str]
PULL = "HF-WRK-013"  # what the pods of `checkout` have: a Deployment can be rolled back from it


@pytest.fixture(scope="module")
def shop() -> SimulatedCluster:
    return a_shop(now=NOON)


def never(store: ScriptedStore, tx: Tx, letter: Letter) -> str:
    """A keeper that refuses everything."""
    id_, details = f"ent_{letter.id}", {"because": "it is not found there any more"}
    seal(store, tx, Draft(id=id_, kind="letter_refused", actor="keeper", details=details))
    return f"refused: {id_}"


type Proposes = Callable[..., str]


@pytest.fixture
def store(shop: SimulatedCluster, home: Path) -> ScriptedStore:
    return ScriptedStore(previewed(), cluster=asyncio.run(shop.identity()).uid)


@pytest.fixture
def proposes(shop: SimulatedCluster, run: Run, store: ScriptedStore, capsys: Out) -> Proposes:
    """Run it on the shop, and hear what it says."""

    def propose(*words: str, code: int = NOTHING, on: ScriptedStore | None = None) -> str:
        ended = run("propose", *words, cluster=shop, ground=a_ground(on or store))
        told = capsys.readouterr()
        assert code == ended, told
        return told.out + told.err

    return propose


@pytest.fixture
def policy(tmp_path: Path) -> str:
    """A policy folder with somebody on call."""
    folder = tmp_path / "policy"
    shutil.copytree(STARTER, folder)
    ana = {"id": "ana", "groups": ["oncall"], "identities": {"slack": ["U1"]}}
    everybody = {"apiVersion": API_VERSION, "kind": KIND, "people": [ana]}
    (folder / "people.yaml").write_text(json.dumps(everybody))
    return str(folder)


def test_what_is_refused_is_listed_with_the_layer_and_what_is_allowed_with_the_command(
    shop: SimulatedCluster, proposes: Proposes, store: ScriptedStore
) -> None:
    id_ = troubles(shop)[PULL].id

    said = proposes(id_)

    assert f"{id_}  {PULL} image_not_found: Pod/shop/checkout-" in said
    assert "refused by closed_set: RolloutUndo is off until an operator switches it on" in said
    assert "allowed, as far as can be told from here, about what follows from the cause" in said
    again = f"holdfast propose {id_} --action RolloutRestart --target Deployment/shop/checkout"
    assert again in said
    assert "this machine has no policy folder" in said
    assert [] == store.letters  # it does not go at the cause: somebody has to choose it


def test_what_is_chosen_is_handed_over_and_its_card_is_shown(
    shop: SimulatedCluster, proposes: Proposes, store: ScriptedStore
) -> None:
    id_ = troubles(shop)[PULL].id

    said = proposes(id_, "--action", "RolloutRestart")

    (letter,) = store.letters
    asked = msgspec.convert(letter.body, Propose)
    assert (id_, "RolloutRestart", "cli:sam") == (asked.trouble, asked.action, asked.requester)
    assert ("Deployment", "shop", "checkout") == (
        asked.target.kind,
        asked.target.namespace,
        asked.target.name,
    )
    assert asked.target.uid
    assert said.startswith("LOW RISK: RolloutRestart of Deployment shop/checkout")
    assert f"holdfast approve {ID}" in said


def test_the_only_thing_that_goes_at_the_cause_needs_no_choice(
    shop: SimulatedCluster, proposes: Proposes, store: ScriptedStore, policy: str
) -> None:
    cause = troubles(shop)[PULL].cause.about
    leash = Path(policy) / "leash.yaml"
    leash.write_text(
        leash.read_text().replace("restart: [oncall, platform]", "restart: [platform]")
    )

    said = proposes(f"{PULL}:Pod/shop/{cause.name}", "--policy", policy, "-o", "json")

    assert "RolloutUndo" == msgspec.json.decode(said)["action"]
    assert ["RolloutUndo"] == [each.body["action"] for each in store.letters]


def test_a_policy_folder_is_judged_by(
    shop: SimulatedCluster, proposes: Proposes, policy: str
) -> None:
    said = proposes(troubles(shop)[PULL].id, "--list", "--policy", policy)

    assert "refused by" not in said
    assert "By the policy folder of this machine" in said


def test_a_frozen_cluster_refuses_everything(
    shop: SimulatedCluster, proposes: Proposes, store: ScriptedStore
) -> None:
    frozen = switches.Frozen(by="inbox:cli:sam", reason="the network burns", at=NOON)
    with store.transaction() as tx:
        tx.switches.on("freeze", switches.told(frozen), NOON)

    said = proposes(troubles(shop)["HF-STO-001"].id, code=REFUSED)

    assert "A freeze is on since 2026-03-02 12:00:00Z, by inbox:cli:sam:" in said
    assert "refused by freeze: inbox:cli:sam has switched everything off: the network burns" in said
    assert "None: escalate. All that could be done is refused." in said


def test_what_no_action_could_go_at_is_escalated_with_the_reason(
    run: Run, home: Path, capsys: Out
) -> None:
    cluster = one_fault()  # a pod that nobody made
    store = ScriptedStore(previewed(), cluster=asyncio.run(cluster.identity()).uid)
    (trouble,) = troubles(cluster).values()

    code = run("propose", trouble.id, cluster=cluster, ground=a_ground(store))

    assert REFUSED == code
    assert "None: escalate. RolloutUndo would answer it, but nothing is seen on which" in (
        capsys.readouterr().out
    )


def test_a_refusal_of_the_keeper_is_told(shop: SimulatedCluster, proposes: Proposes) -> None:
    store = ScriptedStore(never, cluster=asyncio.run(shop.identity()).uid)
    word = (troubles(shop)[PULL].id, "--action", "RolloutRestart")

    said = proposes(*word, code=REFUSED, on=store)
    assert "Refused: it is not found there any more." in said


def test_a_proposal_that_the_preview_refuses_is_shown_and_is_no_success(
    shop: SimulatedCluster, proposes: Proposes
) -> None:
    store = ScriptedStore(previewed(State.REFUSED), cluster=asyncio.run(shop.identity()).uid)
    word = (troubles(shop)[PULL].id, "--action", "RolloutRestart")

    assert "refused, since" in proposes(*word, code=REFUSED, on=store)


def test_without_a_keeper_nothing_is_handed_over(
    shop: SimulatedCluster, proposes: Proposes
) -> None:
    store = ScriptedStore(None, cluster=asyncio.run(shop.identity()).uid)

    with pytest.raises(NotReady, match="No keeper is alive"):
        proposes(troubles(shop)[PULL].id, "--action", "RolloutRestart", on=store)
    assert "RolloutRestart" in proposes(troubles(shop)[PULL].id, on=store)  # a list needs none


def test_what_is_found_in_another_cluster_is_not_proposed_here(
    shop: SimulatedCluster, proposes: Proposes
) -> None:
    with pytest.raises(BadInput, match="and the database is of"):
        proposes(troubles(shop)[PULL].id, on=ScriptedStore(previewed()))


@pytest.mark.parametrize(
    ("words", "says", "remedy"),
    [
        (("trb_x",), "Nothing of the id 'trb_x' is found now", "scan -o json"),
        (("HF-WRK-013:Pod/shop/none",), "finds nothing about", "It finds: HF-WRK-013:Pod/shop/"),
    ],
)
def test_what_is_not_found_is_answered_with_what_is(
    proposes: Proposes, words: tuple[str, ...], says: str, remedy: str
) -> None:
    with pytest.raises(BadInput, match=says) as unknown:
        proposes(*words)
    assert remedy in unknown.value.remedy


def test_an_id_that_is_mistyped_is_answered_with_the_nearest(
    shop: SimulatedCluster, proposes: Proposes
) -> None:
    id_ = troubles(shop)[PULL].id

    with pytest.raises(BadInput) as unknown:
        proposes(f"{id_[:-1]}x")
    assert f"Perhaps you mean {id_} ({PULL}:Pod/shop/checkout-" in unknown.value.remedy


@pytest.mark.parametrize("flag", [("--action", "DeleteNode"), ("--target", "shop/none")])
def test_what_could_not_be_done_about_it_is_answered_with_what_could(
    shop: SimulatedCluster, proposes: Proposes, flag: tuple[str, str]
) -> None:
    with pytest.raises(BadInput, match="nothing that could be done about this") as unfit:
        proposes(troubles(shop)[PULL].id, *flag)
    assert "RolloutRestart on Deployment/shop/checkout" in unfit.value.remedy


def a_file(tmp_path: Path, *steps: dict[str, str]) -> str:
    path = tmp_path / "plan.yaml"
    told = {"apiVersion": API_VERSION, "kind": "Plan", "steps": steps}
    path.write_text(json.dumps(told))
    return str(path)


def planning(store: ScriptedStore, tx: Tx, letter: Letter) -> str:
    """A keeper that keeps a plan that is asked for as a case."""
    assert PLAN == letter.kind
    asked = msgspec.convert(letter.body, ProposePlan)
    steps = [
        msgspec.structs.replace(
            RESTART,
            cluster=store.cluster,
            action=built(each.action, each.params),
            target=Ref(**{**msgspec.structs.asdict(each.target), "uid": f"u-{number}"}),
        )
        for number, each in enumerate(asked.steps)
    ]
    plan = planned(steps)
    case = a_case(plan.first, digest=plan.digest, content=canonical(plan.content()).decode())
    tx.cases.put(case)
    return f"asked {ID}: ent_1"


def test_a_plan_of_a_file_is_handed_over_whole_and_its_card_is_shown(
    shop: SimulatedCluster, proposes: Proposes, tmp_path: Path
) -> None:
    on = ScriptedStore(planning, cluster=asyncio.run(shop.identity()).uid)
    each = {"trouble": troubles(shop)[PULL].id, "action": "RolloutRestart"}
    other = {**each, "action": "RolloutUndo"}
    path = a_file(tmp_path, each, other)
    said = proposes("--plan", path, on=on)
    (letter,) = on.letters
    asked = msgspec.convert(letter.body, ProposePlan)
    assert ["RolloutRestart", "RolloutUndo"] == [step.action for step in asked.steps]
    assert {"cli:sam"} == {step.requester for step in asked.steps}
    assert "LOW RISK: PLAN OF 2 STEPS of Deployment shop/checkout, Deployment shop/" in said


def test_a_step_that_names_nothing_that_could_be_done_is_said_with_its_number(
    shop: SimulatedCluster, proposes: Proposes, store: ScriptedStore, tmp_path: Path
) -> None:
    each = {"trouble": troubles(shop)[PULL].id, "action": "RolloutRestart"}
    path = a_file(tmp_path, each, {**each, "action": "Uncordon"})
    with pytest.raises(BadInput, match="Step 2: Uncordon is nothing that could be done"):
        proposes("--plan", path)
    assert [] == store.letters


@pytest.mark.parametrize("words", [("trb_1", "--plan", "x"), (), ("--plan", "x", "--list")])
def test_either_a_trouble_or_a_plan_is_named(proposes: Proposes, words: tuple[str, ...]) -> None:
    wanted = "says all of that itself" if words else "Nothing is named"
    with pytest.raises(BadInput, match=wanted):
        proposes(*words)
