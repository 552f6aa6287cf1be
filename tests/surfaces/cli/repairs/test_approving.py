"""A person's word: what is shown is signed, by the real ssh-keygen, and nothing else is."""

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast.adapters.signers.ssh import check
from holdfast.adapters.signers.ssh_keygen import SshKeygen
from holdfast.approvals import statements
from holdfast.approvals.statements import NAMESPACE, Decision
from holdfast.errors import BadInput, BadRecord, CannotSign, NotReady
from holdfast.execution.states import State
from holdfast.model import switches
from holdfast.model.letters import Letter
from holdfast.surfaces.cli.exits import NOTHING, REFUSED
from holdfast.surfaces.cli.pens import Signing
from holdfast.surfaces.cli.repairs.approving import Wish, say
from holdfast.testing.clock import NOON
from tests.approvals.keygen import make_key, public, sign
from tests.surfaces.cli.repairs.scripted import ScriptedStore, a_ground, hearing, people
from tools.proposals import ID, RESTART, SCALE, a_case

NOW = NOON + timedelta(minutes=8)
ILL = {"state": State.NOT_RECOVERED}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("ana"), "ed25519")


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("mallory"), "ed25519")


@pytest.fixture(autouse=True)
def no_agent(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(home / "nobody"))


def a_store(key: Path, *states: str, **changed: Any) -> ScriptedStore:
    """A keeper that knows ana, and one proposal."""
    about = SCALE if changed else RESTART
    script = hearing(about, people(ana=public(key)), states)
    return ScriptedStore(script, a_case(about, **changed))


def said(store: ScriptedStore, home: Path, **changed: Any) -> int:
    wish = Wish(**{"id": ID, "decision": Decision.APPROVE, "yes": True, **changed})
    signing = Signing(pen=SshKeygen(home=home), check=check)
    return say(a_ground(store), lambda: signing, wish, NOW)


def statement_in(letter: Letter) -> statements.Statement:
    return statements.read(str(letter.body["statement"]).encode())


def test_what_is_shown_is_signed_and_handed_over(
    key: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = a_store(key, State.APPROVED)

    assert NOTHING == said(store, home, key=key)

    told = capsys.readouterr().out
    (letter,) = store.letters
    statement = statement_in(letter)
    assert RESTART.digest == statement.digest
    assert RESTART.digest in told
    assert (Decision.APPROVE, ID, 1) == (statement.decision, statement.proposal, statement.step)
    assert RESTART.open_until == statement.until
    assert f"Recorded: {ID} is approved" in told
    assert f"holdfast watch {ID}" in told


def test_whoever_approves_is_told_first_of_a_freeze(
    key: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = a_store(key)
    frozen = switches.Frozen(by="inbox:cli:sam", reason="burns.", at=NOON, undo_too=True)
    with store.transaction() as tx:
        tx.switches.on("freeze", switches.told(frozen), NOON)

    said(store, home, key=key)

    assert capsys.readouterr().err.startswith(
        "A freeze is on since 2026-03-02 12:00:00Z, by inbox:cli:sam: burns. Nothing new is done "
        "nor taken back until `holdfast thaw` is signed.\n"
    )


def test_the_first_of_two_is_told_that_another_is_wanted(
    key: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert NOTHING == said(a_store(key), home, key=key)

    assert "It is still wanted: second person: one more is wanted." in capsys.readouterr().out


def test_a_key_that_is_nobodys_is_refused_with_the_keepers_reason(
    key: Path, strangers: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert REFUSED == said(a_store(key, State.APPROVED), home, key=strangers)

    assert "Refused: nobody in the people file has the key that signed it." in (
        capsys.readouterr().err
    )


def test_the_usual_key_is_taken_where_none_is_named(key: Path, home: Path) -> None:
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_ed25519").write_bytes(key.read_bytes())
    (home / ".ssh" / "id_ed25519").chmod(0o600)
    store = a_store(key, State.APPROVED)

    assert NOTHING == said(store, home)
    assert 1 == len(store.letters)


def test_without_any_key_it_says_how_to_bring_one(key: Path, home: Path) -> None:
    store = a_store(key)

    with pytest.raises(CannotSign, match="no key to sign with"):
        said(store, home)
    assert [] == store.letters


def test_of_several_keys_in_an_agent_one_is_to_be_named(key: Path, home: Path) -> None:
    class Several(SshKeygen):
        def keys(self) -> list[str]:
            return ["ssh-ed25519 AAAA ana@desk", "ssh-ed25519 AAAB ana@home"]

    signing = Signing(pen=Several(home=home), check=check)
    wish = Wish(id=ID, decision=Decision.APPROVE, yes=True)

    with pytest.raises(BadInput, match="holds 2 keys: ana@desk, ana@home"):
        say(a_ground(a_store(key)), lambda: signing, wish, NOW)


def test_what_was_printed_and_signed_by_hand_is_taken(
    key: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = a_store(key, State.APPROVED)
    assert NOTHING == said(store, home, print_only=True)
    told = capsys.readouterr()
    statement = tmp_path / "statement"
    statement.write_text(told.out)
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(key), str(statement)]
    subprocess.run(words, check=True, capture_output=True)

    assert RESTART.digest in told.err  # the card, where it is in nobody's way
    assert [] == store.letters
    signature = tmp_path / "statement.sig"
    assert NOTHING == said(store, home, statement=statement, signature=signature)
    assert told.out == store.letters[0].body["statement"]


def test_nothing_is_handed_over_that_could_never_count(
    key: Path, home: Path, tmp_path: Path
) -> None:
    store = a_store(key)
    good = statements.Statement(
        v=1,
        cluster=RESTART.cluster,
        proposal=ID,
        digest=RESTART.digest,
        step=1,
        decision=Decision.APPROVE,
        until=RESTART.open_until,
    )
    path, signature = tmp_path / "statement", tmp_path / "signature"

    def handed(text: bytes, signed: bytes, namespace: str = NAMESPACE) -> None:
        path.write_bytes(text)
        signature.write_text(sign(key, signed, namespace))
        said(store, home, statement=path, signature=signature)

    other = msgspec.structs.replace(good, proposal="prp_2").text()
    digest = msgspec.structs.replace(good, digest="0" * 64).text()
    no = msgspec.structs.replace(good, decision=Decision.REJECT, reason="no").text()
    with pytest.raises(BadRecord, match="about another proposal"):
        handed(other, other)
    with pytest.raises(BadRecord, match="about another digest"):
        handed(digest, digest)
    with pytest.raises(BadRecord, match="about another decision"):
        handed(no, no)
    longer = msgspec.structs.replace(good, until=good.until + timedelta(milliseconds=1)).text()
    with pytest.raises(BadRecord, match="about another until"):
        handed(longer, longer)
    with pytest.raises(BadRecord, match="not over that statement"):
        handed(good.text(), other)
    with pytest.raises(BadRecord, match="made for"):
        handed(good.text(), good.text(), "file")
    with pytest.raises(BadRecord, match="no statement"):
        handed(good.text() + b"\n", good.text() + b"\n")
    assert [] == store.letters


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"statement": "missing", "signature": "missing"}, "cannot be read"),
        ({"statement": "empty", "signature": "empty"}, "is empty"),
        ({"statement": "long", "signature": "long"}, "is too long"),
        ({"statement": "empty"}, "belong together"),
        ({"signature": "empty"}, "belong together"),
    ],
)
def test_files_that_do_not_fit_are_named(
    key: Path, home: Path, tmp_path: Path, changed: dict[str, str], says: str
) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "long").write_text("x" * 20_001)

    with pytest.raises(BadInput, match=says):
        said(a_store(key), home, **{name: tmp_path / file for name, file in changed.items()})


@pytest.mark.parametrize("state", [each for each in State if each is not State.PROPOSED])
def test_it_is_too_late_for_what_is_not_open_any_more(
    key: Path, home: Path, state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ScriptedStore(hearing(RESTART, people()), a_case(state=state))

    assert REFUSED == said(store, home, key=key)
    said_of_it = capsys.readouterr()
    assert "" == said_of_it.out  # no card
    nobody, first, second = said_of_it.err.splitlines()
    assert nobody.startswith("Nobody can tell here who signed the record.")
    assert first.startswith(f"It is too late for {ID}: ")
    assert second.startswith("RolloutRestart of Deployment shop/web: ")
    assert second.endswith(f"See all of it with: holdfast proposals {ID}")
    assert [] == store.letters


@pytest.mark.parametrize(("seconds", "code"), [(1, NOTHING), (0, REFUSED), (-1, REFUSED)])
def test_an_expired_one_is_not_signed(key: Path, home: Path, seconds: int, code: int) -> None:
    about = msgspec.structs.replace(RESTART, open_until=NOW + timedelta(seconds=seconds))
    store = ScriptedStore(hearing(about, people(ana=public(key)), [State.APPROVED]), a_case(about))

    assert code == said(store, home, key=key)
    assert (code == NOTHING) is bool(store.letters)


def test_an_id_that_nobody_knows_is_answered_with_the_nearest(key: Path, home: Path) -> None:
    with pytest.raises(BadInput) as unknown:
        said(a_store(key), home, id=ID[:-1] + "2", key=key)
    assert f"Perhaps you mean {ID}." == unknown.value.remedy
    with pytest.raises(BadInput) as nothing_like_it:
        said(a_store(key), home, id="7", key=key)
    assert "holdfast proposals" in nothing_like_it.value.remedy


def test_a_proposal_that_somebody_edited_is_neither_shown_nor_signed(
    key: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = a_case(content=a_case().content.replace('"name":"web"', '"name":"db"'))
    store = ScriptedStore(hearing(RESTART, people(ana=public(key))), odd)

    with pytest.raises(BadRecord, match="is not what it was"):
        said(store, home, key=key)
    assert "" == capsys.readouterr().out
    assert [] == store.letters


def test_without_a_keeper_nothing_is_signed_or_left_behind(key: Path, home: Path) -> None:
    store = ScriptedStore(None, a_case())

    with pytest.raises(NotReady, match="No keeper is alive: nothing was handed over"):
        said(store, home, key=key)
    with store.reading() as tx:
        assert 0 == tx.letters.backlog()


def test_where_nobody_sits_at_a_terminal_yes_is_to_be_said(key: Path, home: Path) -> None:
    with pytest.raises(BadInput, match="Nobody sits at this terminal"):
        said(a_store(key), home, key=key, yes=False)


def test_a_rejection_carries_its_reason(
    key: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = a_store(key, State.REJECTED)

    assert NOTHING == said(
        store, home, key=key, decision=Decision.REJECT, reason=" not on a Friday "
    )
    assert "not on a Friday" == statement_in(store.letters[0]).reason
    assert f"Recorded: {ID} is rejected" in capsys.readouterr().out


@pytest.mark.parametrize("reason", ["", " "])
@pytest.mark.parametrize(
    ("decision", "wrong"),
    [
        (Decision.REJECT, "Whoever rejects a proposal says why."),
        (Decision.UNDO, "Whoever has it taken back says why."),
    ],
)
def test_without_a_reason_it_is_said_how_to_give_one(
    key: Path, home: Path, decision: Decision, wrong: str, reason: str
) -> None:
    store = a_store(key, State.NOT_RECOVERED, **ILL)

    with pytest.raises(BadInput) as mute:
        said(store, home, key=key, decision=decision, reason=reason)
    assert (wrong, "Say it with --reason '...'.") == (mute.value.wrong, mute.value.remedy)
    assert [] == store.letters


def test_what_was_done_is_taken_back_by_a_signature_that_holds_for_minutes(
    key: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = a_store(key, State.NOT_RECOVERED, **ILL)

    assert NOTHING == said(store, home, key=key, decision=Decision.UNDO, reason="worse")
    told = capsys.readouterr().out
    assert "You are about to TAKE THIS BACK: what was done is undone.\n" in told
    assert "  patch Deployment shop/web, scale alone\n  spec.replicas back to 2\n" in told
    assert f"Recorded: {ID} is to be taken back. Follow it with: holdfast watch {ID}" in told
    statement = statement_in(store.letters[0])
    assert (Decision.UNDO, NOW + timedelta(minutes=15)) == (statement.decision, statement.until)


@pytest.mark.parametrize(
    ("about", "state", "says"),
    [
        (RESTART, State.NOT_RECOVERED, "there is no way back"),
        (SCALE, State.PROPOSED, "cannot be taken back now: waits for approval"),
        (SCALE, State.UNDONE, "cannot be taken back now: taken back"),
        (SCALE, State.FAILED, "cannot be taken back now: failed"),
        (SCALE, State.RECOVERED, "cannot be taken back: nobody kept when it was done"),
    ],
)
def test_what_cannot_be_taken_back_says_so(
    key: Path,
    home: Path,
    about: Any,
    state: State,
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = ScriptedStore(hearing(about, people()), a_case(about, state=state))

    assert REFUSED == said(store, home, key=key, decision=Decision.UNDO, reason="worse")
    assert says in capsys.readouterr().err
