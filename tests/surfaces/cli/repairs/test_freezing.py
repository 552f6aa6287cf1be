"""Anybody may ask for less; a person signs that it goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from holdfast.adapters.signers.ssh import check
from holdfast.adapters.signers.ssh_keygen import SshKeygen
from holdfast.approvals import thaws
from holdfast.approvals.signed import SignedWord
from holdfast.errors import BadInput, BadRecord, NotReady
from holdfast.model import switches
from holdfast.model.entries import Draft
from holdfast.model.handed import FREEZE, THAW
from holdfast.model.letters import Letter
from holdfast.ports import Tx
from holdfast.surfaces.cli.exits import NOTHING, REFUSED
from holdfast.surfaces.cli.pens import Signing
from holdfast.surfaces.cli.repairs.freezing import Wish, freeze, thaw
from holdfast.testing.clock import NOON
from holdfast.testing.memory import StoreInMemory
from holdfast.workflow import switching
from holdfast.workflow.alive import SILENT
from tests.approvals.keygen import make_key, public, sign
from tests.audit.chains import CLUSTER
from tests.surfaces.cli.repairs.scripted import ScriptedStore, a_ground, people, seal

Out = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("ana"), "ed25519")


def recorded(store: ScriptedStore, tx: Tx, letter: Letter) -> str:
    id_, kind, details = f"ent_{letter.id}", "thawed", {}
    if letter.kind == FREEZE:
        kind = "frozen"
        details = {"reason": letter.body["reason"], "undoToo": letter.body["undo_too"]}
        switching.freeze(letter).does(tx)
    else:
        details = {name: letter.body[name] for name in ("statement", "signature")}
    details["letter"] = letter.id
    seal(store, tx, Draft(id=id_, kind=kind, actor="cli:sam", details=details))
    return f"{kind}: {id_}"


def lifted(store: ScriptedStore, tx: Tx, letter: Letter) -> str:
    """Somebody thaws it in the same moment."""
    outcome = recorded(store, tx, letter)
    tx.switches.off(switches.FREEZE)
    return outcome


def refused(_store: ScriptedStore, _tx: Tx, _letter: Letter) -> str:
    return "refused: ent_never_sealed"


def thawed(store: ScriptedStore, home: Path, **changed: Any) -> int:
    signing = Signing(pen=SshKeygen(home=home), check=check)
    wish = Wish(**{"switch": "freeze", "reason": "it was a false alarm", "yes": True, **changed})
    return thaw(a_ground(store), lambda: signing, wish, NOON)


def test_a_freeze_takes_no_signature(home: Path, capsys: Out) -> None:
    store = ScriptedStore(recorded)

    assert NOTHING == freeze(a_ground(store), " the network burns ", NOON, undo_too=True)
    (letter,) = store.letters
    assert (FREEZE, {"reason": "the network burns", "undo_too": True}) == (letter.kind, letter.body)
    assert "Frozen: nothing new is done nor taken back until" in capsys.readouterr().out


def test_a_second_freeze_is_told_what_holds_and_who_was_first(home: Path, capsys: Out) -> None:
    store = ScriptedStore(recorded)
    freeze(a_ground(store), "the network burns", NOON, undo_too=True)
    store.clock.advance(timedelta(minutes=5))
    store.beat()
    capsys.readouterr()
    later = replace(a_ground(store), actor="cli:eve", id=lambda prefix: f"{prefix}_later")

    assert NOTHING == freeze(later, "I am not sure", store.clock.now(), undo_too=False)

    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith(
        "It was frozen before, and stays so; the record has your reason as well."
    )
    assert "A freeze is on since 2026-03-02 12:00:00Z, by inbox:cli:sam: the network burns." in told
    assert "Nothing new is done nor taken back until `holdfast thaw` is signed." in told
    assert [("inbox:cli:sam", True)] == holds(store)


def test_a_second_freeze_that_stops_more_says_so(home: Path, capsys: Out) -> None:
    store = ScriptedStore(recorded)
    freeze(a_ground(store), "the network burns", NOON, undo_too=False)
    assert "nothing new is done until" in capsys.readouterr().out
    later = replace(a_ground(store), actor="cli:eve", id=lambda prefix: f"{prefix}_later")

    freeze(later, "it is the repairs", NOON, undo_too=True)

    assert "Nothing new is done nor taken back until" in " ".join(capsys.readouterr().out.split())
    assert [("inbox:cli:sam", True)] == holds(store)


def holds(store: ScriptedStore) -> list[tuple[str, bool]]:
    """Who has frozen it by the switch, and whether nothing is taken back either."""
    with store.reading() as tx:
        said = switches.frozen(tx.switches.value(switches.FREEZE))
    return [(said.by, said.undo_too)] if said is not None else []


def test_a_freeze_that_does_not_hold_any_more_is_not_told_as_one(home: Path, capsys: Out) -> None:
    with pytest.raises(NotReady, match="by its row it is not any more"):
        freeze(a_ground(ScriptedStore(lifted)), "the network burns", NOON, undo_too=False)
    assert "Frozen" not in capsys.readouterr().out


def test_where_no_keeper_is_alive_a_freeze_waits_for_one(home: Path, capsys: Out) -> None:
    store = ScriptedStore(None)

    assert NOTHING == freeze(a_ground(store), "the network burns", NOON, undo_too=False)
    assert "It waits as ltr_" in capsys.readouterr().out
    with store.reading() as tx:
        assert [FREEZE] == [each.kind for each in tx.letters.waiting(9)]


class Killed(ScriptedStore):
    """Its keeper was killed just now: it says nothing more, and answers nothing."""

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        with StoreInMemory.transaction(self) as tx:
            yield tx
        self.clock.advance(SILENT + timedelta(seconds=1))


def test_whose_keeper_was_killed_hears_that_a_freeze_is_heard_first_by_the_next() -> None:
    store = Killed(recorded)
    store.beat()

    with pytest.raises(NotReady, match=r"is not alive any more; ltr_.* waits") as told:
        freeze(a_ground(store), "the network burns", NOON, undo_too=False)
    assert told.value.remedy.startswith("It is heard first, as soon as a keeper is alive.")
    with store.reading() as tx:
        assert [FREEZE] == [each.kind for each in tx.letters.waiting(9)]


@pytest.mark.parametrize("reason", ["", " ", "x" * 1001])
def test_whoever_freezes_or_thaws_says_why(home: Path, reason: str) -> None:
    with pytest.raises(BadInput, match="says why"):
        freeze(a_ground(ScriptedStore(recorded)), reason, NOON, undo_too=False)
    with pytest.raises(BadInput, match="says why"):
        thawed(ScriptedStore(recorded), home, reason=reason)


def test_a_thaw_is_signed_for_its_own_purpose(key: Path, home: Path, capsys: Out) -> None:
    store = ScriptedStore(recorded)
    frozen = switches.Frozen(by="inbox:cli:sam", reason="the network burns", at=NOON)
    with store.transaction() as tx:
        tx.switches.on("freeze", switches.told(frozen), NOON)

    assert NOTHING == thawed(store, home, key=key)

    (letter,) = store.letters
    word = SignedWord(
        statement=str(letter.body["statement"]).encode(), signature=str(letter.body["signature"])
    )
    said = thaws.heard(word, cluster=CLUSTER, people=people(ana=public(key)), check=check, now=NOON)
    assert THAW == letter.kind
    assert isinstance(said, thaws.Thawed)
    assert ("ana", "freeze", "it was a false alarm") == (said.person, said.switch, said.reason)
    told = capsys.readouterr().out
    assert "inbox:cli:sam has switched everything off: the network burns." in told
    assert "Switched back: freeze." in told


def test_who_thaws_a_freeze_without_a_row_hears_that_the_record_may_hold_one(
    key: Path, home: Path, capsys: Out
) -> None:
    assert NOTHING == thawed(ScriptedStore(recorded), home, key=key)
    told = " ".join(capsys.readouterr().out.split())
    assert "freeze is off by its row. Where the record still holds one, this lifts it." in told


def test_each_thaw_has_a_nonce_of_its_own(home: Path, capsys: Out) -> None:
    ground = a_ground(ScriptedStore(recorded))
    wish = Wish(switch="breaker/restart", reason="mended", print_only=True)

    def printed() -> thaws.Thaw:
        assert NOTHING == thaw(ground, no_signing, wish, NOON)
        return thaws.read(capsys.readouterr().out.encode())

    one, other = printed(), printed()
    assert one.nonce != other.nonce
    assert ("breaker/restart", NOON + timedelta(minutes=15)) == (one.switch, one.until)


def no_signing() -> Signing:
    raise AssertionError("nothing is signed here")


def test_a_thaw_that_was_signed_by_hand_is_taken(
    key: Path, home: Path, tmp_path: Path, capsys: Out
) -> None:
    store = ScriptedStore(recorded)
    thawed(store, home, print_only=True)
    text = capsys.readouterr().out
    (tmp_path / "statement").write_text(text)
    (tmp_path / "signature").write_text(sign(key, text.encode(), thaws.NAMESPACE))
    files = {"statement": tmp_path / "statement", "signature": tmp_path / "signature"}

    assert NOTHING == thawed(store, home, **files)
    assert text == store.letters[0].body["statement"]
    with pytest.raises(BadRecord, match="about another switch"):
        thawed(store, home, switch="breaker/restart", **files)
    with pytest.raises(BadInput, match="belong together"):
        thawed(store, home, statement=tmp_path / "statement")


def test_an_approval_is_no_thaw(key: Path, home: Path, tmp_path: Path) -> None:
    (tmp_path / "statement").write_text('{"v":1}')
    (tmp_path / "signature").write_text("x")

    with pytest.raises(BadRecord, match="no statement that switches something back"):
        thawed(
            ScriptedStore(recorded),
            home,
            statement=tmp_path / "statement",
            signature=tmp_path / "signature",
        )


@pytest.mark.parametrize("switch", ["Freeze", "breaker/", "breaker/none", "acted/u-1", ""])
def test_only_switches_of_people_are_switched_back(home: Path, switch: str) -> None:
    with pytest.raises(BadInput, match="no switch that people switch back"):
        thawed(ScriptedStore(recorded), home, switch=switch)


def test_a_thaw_waits_for_nobody(key: Path, home: Path) -> None:
    with pytest.raises(NotReady):
        thawed(ScriptedStore(None), home, key=key)


@pytest.mark.slow
def test_a_refusal_that_is_not_sealed_yet_names_its_entry(
    key: Path, home: Path, capsys: Out
) -> None:
    assert REFUSED == thawed(ScriptedStore(refused), home, key=key)
    assert "the record will say why: refused: ent_never_sealed" in capsys.readouterr().err
