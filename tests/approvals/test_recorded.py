"""An auditor needs the record and the people file, and believes nothing that we say of either."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast.adapters.signers.ssh import check
from holdfast.approvals import statements, thaws
from holdfast.approvals.recorded import SEALED_WITHIN, Said, said_in
from holdfast.approvals.statements import Decision, Statement
from holdfast.model.asks import Refusal
from holdfast.model.entries import Draft, Entry
from holdfast.model.people import API_VERSION, KIND, Identities, People, Person
from tests.approvals.keygen import make_key, public, sign
from tests.audit.chains import CLUSTER, a_chain_of

SEALED = datetime(2026, 1, 1, 12, tzinfo=UTC)  # as `a_chain_of` does
SECOND = timedelta(seconds=1)
STATEMENT = Statement(
    v=1,
    cluster=CLUSTER,
    proposal="prp_1",
    digest="d" * 64,
    step=1,
    decision=Decision.APPROVE,
    until=SEALED + timedelta(hours=1),
    reason="because",
)
THAW = thaws.Thaw(
    v=1,
    cluster=CLUSTER,
    switch="freeze",
    reason="mended",
    until=SEALED + timedelta(minutes=1),
    nonce="0" * 32,
)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("ana"), "ed25519")


def people(key: Path, **more: Any) -> People:
    ana = Person(id="ana", identities=Identities(ssh=(public(key),)), **more)
    return People(api_version=API_VERSION, kind=KIND, people=(ana,))


def entry(kind: str = "approval", actor: str = "ana", **details: Any) -> Entry:
    draft = Draft(id="ent_1", kind=kind, actor=actor, details=details)
    return a_chain_of([draft])[0]


def an_approval(key: Path, said: Statement = STATEMENT, **changed: Any) -> Entry:
    text = said.text()
    told = {
        "proposal": "prp_1",
        "step": 1,
        "digest": "d" * 64,
        "person": "ana",
        "proof": "ssh",
        "statement": text.decode(),
        "signature": sign(key, text, statements.NAMESPACE),
    }
    return entry(**{**told, **changed})


def a_thaw(key: Path, said: thaws.Thaw = THAW, **changed: Any) -> Entry:
    text = said.text()
    told = {
        "kind": "thawed",
        "switch": "freeze",
        "statement": text.decode(),
        "signature": sign(key, text, thaws.NAMESPACE),
    }
    return entry(**{**told, **changed})


def why(each: Entry, known: People) -> str:
    said = said_in(each, known, check)
    assert isinstance(said, Refusal), said
    assert "approvals" == said.by
    return said.because


@pytest.mark.parametrize(
    ("kind", "decision"),
    [
        ("approval", Decision.APPROVE),
        ("rejection", Decision.REJECT),
        ("undo", Decision.UNDO),
    ],
)
def test_who_said_what_follows_from_the_signature(key: Path, kind: str, decision: Decision) -> None:
    each = an_approval(key, msgspec.structs.replace(STATEMENT, decision=decision), kind=kind)

    assert Said(person="ana", what=decision.value, about="prp_1") == (
        said_in(each, people(key), check)
    )


def test_a_thaw_is_somebodys_too(key: Path) -> None:
    said = said_in(a_thaw(key), people(key), check)

    assert Said(person="ana", what="thaw", about="freeze") == said


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"proposal": "prp_2"}, "another proposal"),
        ({"digest": "e" * 64}, "another digest"),
        ({"step": 2}, "another step"),
        ({"kind": "rejection"}, "another decision"),
        ({"person": "ben"}, "the entry names ana"),
        ({"actor": "ben"}, "the entry names ben"),
        ({"statement": STATEMENT.text().decode() + " "}, "its signature is wrong"),
        ({"signature": "x"}, "not armored"),
        ({"signature": None}, "it names ana, and holds no statement with a signature"),
        ({"signature": ""}, "holds no statement with a signature"),
        ({"statement": 7}, "holds no statement with a signature"),
        ({"statement": ""}, "holds no statement with a signature"),
    ],
)
def test_an_entry_that_says_otherwise_is_false(
    key: Path, changed: dict[str, Any], because: str
) -> None:
    assert because in why(an_approval(key, **changed), people(key))


def test_a_word_for_another_cluster_or_purpose_is_nobodys_here(key: Path) -> None:
    elsewhere = msgspec.structs.replace(STATEMENT, cluster="another")
    text = THAW.text()
    thaw: dict[str, Any] = {
        "statement": text.decode(),
        "signature": sign(key, text, thaws.NAMESPACE),
    }

    assert "another cluster" in why(an_approval(key, elsewhere), people(key))
    assert "made for" in why(an_approval(key, **thaw), people(key))
    assert "another switch" in why(a_thaw(key, switch="breaker/restart"), people(key))
    assert "the entry names ben" in why(a_thaw(key, actor="ben"), people(key))


def test_a_key_of_nobody_has_said_nothing(key: Path, tmp_path: Path) -> None:
    strangers = make_key(tmp_path, "ed25519")

    assert "nobody in the people file" in why(an_approval(strangers), people(key))
    assert "nobody in the people file" in why(a_thaw(strangers), people(key))


@pytest.mark.parametrize(("seconds", "counts"), [(1, True), (0, False), (-1, False)])
def test_what_had_run_out_long_before_it_was_sealed_does_not_count(
    key: Path, seconds: int, counts: bool
) -> None:
    until = SEALED - SEALED_WITHIN + seconds * SECOND
    word = an_approval(key, msgspec.structs.replace(STATEMENT, until=until))
    thaw = a_thaw(key, msgspec.structs.replace(THAW, until=until))

    for each in (word, thaw):
        assert counts is isinstance(said_in(each, people(key), check), Said)


@pytest.mark.parametrize(("seconds", "counts"), [(1, True), (0, False), (-1, False)])
def test_who_was_revoked_before_has_said_nothing_since(
    key: Path, seconds: int, counts: bool
) -> None:
    known = people(key, revoked=SEALED - SEALED_WITHIN + seconds * SECOND)

    assert counts is isinstance(said_in(an_approval(key), known, check), Said)


@pytest.mark.parametrize("kind", ["approval", "rejection", "undo", "thawed"])
@pytest.mark.parametrize("actor", ["ana", "nobody", "keeper"])
@pytest.mark.parametrize("proof", ["ssh", "server", "oidc", "webauthn", ["server"], {"oidc": 1}])
def test_a_word_without_a_signature_is_nobodys_however_it_is_said_to_have_come(
    key: Path, kind: str, actor: str, proof: object
) -> None:
    each = entry(kind, actor=actor, proof=proof, person=actor, switch="freeze")

    because = f"it names {actor}, and holds no statement with a signature"
    assert because == why(each, people(key))


@pytest.mark.parametrize("kind", ["remark", "frozen", "intent"])
def test_what_is_no_word_of_that_sort_claims_nothing(key: Path, kind: str) -> None:
    assert said_in(entry(kind, actor="ana", proof="ssh"), people(key), check) is None


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"proposal": "prp_2"}, "proposal"),
        ({"digest": "e" * 64}, "digest"),
        ({"step": 2}, "step"),
        ({"kind": "rejection"}, "decision"),
    ],
)
def test_says_in_which_word_an_entry_differs(key: Path, changed: dict[str, Any], name: str) -> None:
    told = why(an_approval(key, **changed), people(key))

    assert f"ana: what was signed is about another {name}" == told


def test_says_that_another_cluster_or_switch_was_meant(key: Path) -> None:
    word = an_approval(key, msgspec.structs.replace(STATEMENT, cluster="another"))
    thaw = a_thaw(key, msgspec.structs.replace(THAW, cluster="another"), switch="breaker/restart")

    assert why(word, people(key)).endswith("is about another cluster")
    assert why(thaw, people(key)).endswith("is about another cluster, switch")


def test_a_signature_over_no_statement_is_nobodys_word(key: Path) -> None:
    signature = sign(key, b"{}", statements.NAMESPACE)
    each = an_approval(key, statement="{}", signature=signature)

    assert "no statement" in why(each, people(key))


def test_a_statement_that_is_no_text_is_nobodys_word(key: Path) -> None:
    each = an_approval(key)
    half_a_letter = f"{each.details['statement']}\ud800"
    odd = msgspec.structs.replace(each, details={**each.details, "statement": half_a_letter})

    assert "no text" in why(odd, people(key))


def test_what_was_sealed_at_no_time_is_nobodys_word(key: Path) -> None:
    each = msgspec.structs.replace(an_approval(key), time="noon")

    assert "nobody can read when" in why(each, people(key))


def test_a_word_is_sealed_ten_minutes_after_it_ran_out_at_most() -> None:
    assert timedelta(minutes=10) == SEALED_WITHIN
