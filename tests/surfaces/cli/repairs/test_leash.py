"""What the leash says of what there was and of what there is: `policy explain|replay|coverage`."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast.errors import BadInput
from holdfast.execution.states import State
from holdfast.model.asks import Assent, Proof
from holdfast.model.cases import Word
from holdfast.model.entries import Draft
from holdfast.model.people import API_VERSION, KIND
from holdfast.ports import Tx
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK, FAULTS, NOTHING
from holdfast.surfaces.cli.policy import STARTER
from holdfast.testing.clock import NOON
from holdfast.testing.shop import a_shop
from holdfast.testing.simulated import SimulatedCluster
from holdfast.wiring import main
from tests.surfaces.cli.conftest import Run
from tests.surfaces.cli.repairs.scripted import ScriptedStore, a_ground, seal
from tools.proposals import HOUR, ID, RESTART, a_case

Out = pytest.CaptureFixture[str]
KEPT = {"by": "kept_elsewhere", "because": "Helm keeps it as it is"}
pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A leash with somebody on call."""
    there = tmp_path / "leash"
    shutil.copytree(STARTER, there)
    ana = {"id": "ana", "groups": ["oncall"], "identities": {"slack": ["U1"]}}
    everybody = {"apiVersion": API_VERSION, "kind": KIND, "people": [ana]}
    (there / "people.yaml").write_text(json.dumps(everybody))
    return there


def a_verdict(store: ScriptedStore, tx: Tx, station: str, **details: Any) -> None:
    told = {"station": station, "allows": False, "refusals": [], "needs": [], **details}
    id_ = f"ent_{station}"
    seal(store, tx, Draft(id=id_, kind="verdict", actor="keeper", subjects=(ID,), details=told))


def a_store(*verdicts: tuple[str, Mapping[str, Any]], approved: bool = True) -> ScriptedStore:
    """One proposal, what the layers said of it, and Ana's yes."""
    store = ScriptedStore(None, a_case(state=State.RECOVERED))
    with store.transaction() as tx:
        for station, details in verdicts:
            a_verdict(store, tx, station, **details)
        if approved:
            tx.words.add(a_word())
    return store


def a_word() -> Word:
    assent = Assent(
        person="ana",
        groups=frozenset({"oncall"}),
        proof=Proof.SSH,
        digest=RESTART.digest,
        at=NOON + HOUR,
        until=NOON + 2 * HOUR,
    )
    return Word(
        proposal=ID,
        step=1,
        person="ana",
        statement="",
        signature="",
        assent=msgspec.json.encode(assent).decode(),
        at=NOON + HOUR,
    )


def test_every_layer_is_told_at_every_station(run: Run, capsys: Out) -> None:
    wants = {"by": "signed_approval", "what": "approval", "because": "nobody has approved it"}
    store = a_store(("proposal", {"needs": [wants]}), ("approval", {"refusals": [KEPT]}))
    assert run("policy", "explain", ID, ground=a_ground(store)) == NOTHING
    told = capsys.readouterr().out
    assert f"{ID}: RolloutRestart" in told
    assert told.index("At proposal, ") < told.index("At approval, ")
    assert "  signed_approval       wants approval: nobody has approved it" in told
    assert "  kept_elsewhere        refuses: Helm keeps it as it is" in told
    assert told.count("lets it through") == 22  # twelve layers at two stations, but for two answers


def test_what_was_never_judged_says_so(run: Run, capsys: Out) -> None:
    assert run("policy", "explain", ID, ground=a_ground(a_store())) == NOTHING
    assert "No verdict on it is in the record yet." in capsys.readouterr().out


def test_a_leash_that_says_the_same_changes_nothing(run: Run, folder: Path, capsys: Out) -> None:
    assert run("policy", "replay", str(folder), ground=a_ground(a_store())) == NOTHING
    assert "1 proposals, 0 would be answered otherwise" in capsys.readouterr().out


def test_a_leash_that_is_tighter_says_what_it_would_have_refused(
    run: Run, folder: Path, capsys: Out
) -> None:
    leash = (folder / "leash.yaml").read_text()
    (folder / "leash.yaml").write_text(
        leash.replace("protectedNamespaces: []", "protectedNamespaces: [shop]")
    )
    assert run("policy", "replay", str(folder), ground=a_ground(a_store())) == FAULTS
    told = capsys.readouterr().out
    assert "refused by protected_namespaces: shop is never touched" in told
    assert "1 proposals, 1 would be answered otherwise" in told


def test_a_leash_that_is_looser_says_who_no_longer_refuses(
    run: Run, folder: Path, capsys: Out
) -> None:
    no = {"by": "operator_policy", "because": "forbidden by weekends"}
    store = a_store(("approval", {"refusals": [no, KEPT]}))
    assert run("policy", "replay", str(folder), ground=a_ground(store)) == FAULTS
    told = capsys.readouterr().out
    assert "no longer refused by operator_policy" in told
    assert "kept_elsewhere" not in told  # nobody knows any more who kept it then


def test_who_is_gone_from_the_people_could_not_have_approved_it(
    run: Run, folder: Path, capsys: Out
) -> None:
    (folder / "people.yaml").write_text(
        json.dumps({"apiVersion": API_VERSION, "kind": KIND, "people": []})
    )
    assert run("policy", "replay", str(folder), ground=a_ground(a_store())) == FAULTS
    assert (
        "refused by operator_policy: there is nobody who may approve it" in capsys.readouterr().out
    )


@pytest.fixture(scope="module")
def shop() -> SimulatedCluster:
    return a_shop(now=NOON)


def test_each_workload_is_told_with_what_could_be_done_to_it(
    run: Run, shop: SimulatedCluster, folder: Path, capsys: Out
) -> None:
    code = run("policy", "coverage", str(folder), "-n", "shop", "-o", "json", cluster=shop)
    assert code == NOTHING
    told = json.loads(capsys.readouterr().out)
    (checkout,) = [each for each in told["workloads"] if each["name"] == "checkout"]
    assert {"RolloutRestart", "RolloutUndo"} <= {*checkout["allowed"]}
    refused = {(no["action"], no["by"]) for no in checkout["refused"]}
    assert ("ScaleWorkload", "closed_set") in refused
    assert all(each["namespace"] == "shop" for each in told["workloads"])


def test_nodes_are_told_where_no_namespace_is_named(
    run: Run, shop: SimulatedCluster, folder: Path, capsys: Out
) -> None:
    assert run("policy", "coverage", str(folder), cluster=shop) == NOTHING
    told = capsys.readouterr().out
    assert "node-1  Node  nothing" in told
    assert "not Uncordon: closed_set: Uncordon is off until" in told


def test_what_nobody_may_touch_is_told_as_such(
    run: Run, shop: SimulatedCluster, folder: Path, capsys: Out
) -> None:
    leash = (folder / "leash.yaml").read_text()
    (folder / "leash.yaml").write_text(
        leash.replace("protectedNamespaces: []", "protectedNamespaces: [shop]")
    )
    assert run("policy", "coverage", str(folder), "-n", "shop", cluster=shop) == NOTHING
    told = capsys.readouterr().out
    assert "shop/checkout  Deployment  nothing" in told
    assert "protected_namespaces: shop is never touched" in told
    assert "0 of " in told.splitlines()[-1]


EVERYBODY = '@id("everybody") permit(principal, action, resource);\n'
RESTARTS = '@id("restarts") permit(principal, action in Action::"restart", resource);\n'
READ_ONLY = EVERYBODY + '@id("frozen") forbid(principal, action, resource in Tier::"prod");\n'


@pytest.mark.parametrize(
    ("cedar", "restarts", "rolls_back"),
    [(EVERYBODY, True, True), (RESTARTS, True, False), (READ_ONLY, False, False)],
)
def test_other_leashes_are_covered_and_replayed_as_they_say(
    run: Run,
    shop: SimulatedCluster,
    folder: Path,
    capsys: Out,
    cedar: str,
    *,
    restarts: bool,
    rolls_back: bool,
) -> None:
    (folder / "policy.cedar").write_text(cedar)
    leash = (folder / "leash.yaml").read_text()
    (folder / "leash.yaml").write_text(leash.replace("tiers:", "tiers:\n  prod: [shop]", 1))
    code = run("policy", "coverage", str(folder), "-n", "shop", "-o", "json", cluster=shop)
    assert code == NOTHING
    workloads = json.loads(capsys.readouterr().out)["workloads"]
    (checkout,) = [each for each in workloads if each["name"] == "checkout"]
    allowed = {*checkout["allowed"]}
    assert (restarts, rolls_back) == ("RolloutRestart" in allowed, "RolloutUndo" in allowed)

    code = run("policy", "replay", str(folder), ground=a_ground(a_store()))
    assert code == (NOTHING if restarts else FAULTS)
    told = capsys.readouterr().out
    assert ("refused by operator_policy: forbidden by frozen" in told) is not restarts


def test_an_unknown_proposal_is_said(run: Run) -> None:
    with pytest.raises(BadInput, match="There is no proposal prp_9"):
        run("policy", "explain", "prp_9", ground=a_ground(a_store()))


def test_a_replay_of_less_than_nothing_is_refused(tmp_path: Path, capsys: Out) -> None:
    assert main(["policy", "replay", str(tmp_path), "--last", "-3"]) == COULD_NOT_LOOK
    assert "There are no latest -3 proposals." in capsys.readouterr().err


def test_without_a_leash_there_is_nothing_to_replay(tmp_path: Path, capsys: Out) -> None:
    assert main(["policy", "replay", str(tmp_path / "nowhere")]) == COULD_NOT_LOOK
    assert "is not there" in capsys.readouterr().err
