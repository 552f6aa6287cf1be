"""The lines of the table of refusals about people, with signatures of the real ssh-keygen."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast.adapters.signers.ssh import check
from holdfast.approvals.signed import SignedWord
from holdfast.approvals.statements import NAMESPACE, Decision, Statement
from holdfast.approvals.words import Dissent, Recall, given, heard, remembered
from holdfast.model.asks import Assent, Proof, Refusal
from holdfast.model.cases import Word
from holdfast.model.people import API_VERSION, KIND, Identities, People, Person
from holdfast.model.times import stamp
from tests.approvals.keygen import make_key, public, sign
from tests.model.test_proposals import PROPOSAL

NOW = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
UNTIL = PROPOSAL.open_until
MOMENT = timedelta(milliseconds=1)
STATEMENT = Statement(
    v=1,
    cluster=PROPOSAL.cluster,
    proposal=PROPOSAL.id,
    digest=PROPOSAL.digest,
    step=0,
    decision=Decision.APPROVE,
    until=UNTIL,
)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("ana"), "ed25519")


def people(key: Path, **more: Any) -> People:
    ana = Person(
        id="ana",
        groups=("oncall",),
        identities=Identities(ssh=(f"{public(key)} ana@desk",)),
        **more,
    )
    return People(api_version=API_VERSION, kind=KIND, people=(ana,))


def said(key: Path, by: str = NAMESPACE, **changed: Any) -> SignedWord:
    text = msgspec.structs.replace(STATEMENT, **changed).text()
    return SignedWord(statement=text, signature=sign(key, text, by))


def hear(word: SignedWord, known: People, **changed: Any) -> Assent | Dissent | Recall | Refusal:
    held: dict[str, Any] = {"about": PROPOSAL, "step": 0, "people": known, "check": check}
    return heard(word, **{**held, "now": NOW, **changed})


def test_a_signature_is_a_persons_yes(key: Path) -> None:
    assert Assent(
        person="ana",
        groups=frozenset({"oncall"}),
        proof=Proof.SSH,
        digest=PROPOSAL.digest,
        at=NOW,
        until=UNTIL,
    ) == hear(said(key), people(key))


@pytest.mark.parametrize("until", [UNTIL - MOMENT, UNTIL + MOMENT, NOW, NOW + timedelta(days=9)])
def test_a_word_holds_as_long_as_the_proposal_is_open(key: Path, until: datetime) -> None:
    why = f"ana: that holds until {stamp(until)}, and not as long as prp_1 is open"
    for decision in (Decision.APPROVE, Decision.REJECT):
        word = said(key, until=until, decision=decision, reason="no")
        assert Refusal(by="approvals", because=why) == hear(word, people(key))


def test_a_wish_to_have_it_back_holds_as_long_as_it_says(key: Path) -> None:
    back = said(key, until=UNTIL - SECOND, decision=Decision.UNDO, reason="no")
    assert isinstance(hear(back, people(key), now=UNTIL - 2 * SECOND), Recall)
    late = hear(back, people(key), now=UNTIL - SECOND)
    assert isinstance(late, Refusal)
    assert "ana: that held until a time that has passed" == late.because


def test_a_no_says_why(key: Path) -> None:
    no = said(key, decision=Decision.REJECT, reason="not on a Friday")
    assert Dissent(person="ana", reason="not on a Friday") == hear(no, people(key))
    mute = hear(said(key, decision=Decision.REJECT, reason=" "), people(key))
    assert isinstance(mute, Refusal)
    assert "a rejection says why" in mute.because


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"cluster": "c-2"}, "another cluster"),
        ({"proposal": "prp_2"}, "about prp_2"),
        ({"step": 1}, "about step 1"),
        ({"digest": "e" * 64}, "not the one that was signed"),
        ({"by": "file"}, "it was made for file, and not for holdfast-approval"),
    ],
)
def test_what_was_signed_for_something_else_does_not_count(
    key: Path, changed: dict[str, Any], because: str
) -> None:
    refusal = hear(said(key, **changed), people(key))
    assert isinstance(refusal, Refusal)
    assert because in refusal.because


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ({"now": UNTIL - SECOND}, True),
        ({"now": UNTIL}, False),
        ({"step": 1}, False),
        ({"about": msgspec.structs.replace(PROPOSAL, requester="ben")}, False),
    ],
)
def test_counts_for_this_and_now(key: Path, changed: dict[str, Any], counts: bool) -> None:
    assert counts is isinstance(hear(said(key), people(key), **changed), Assent)


@pytest.mark.parametrize(
    ("revoked", "counts"), [(NOW + SECOND, True), (NOW, False), (NOW - SECOND, False)]
)
def test_nobodys_word_counts_after_it_was_revoked(
    key: Path, revoked: datetime, counts: bool
) -> None:
    assert counts is isinstance(hear(said(key), people(key, revoked=revoked)), Assent)


def test_a_key_that_nobody_has_says_nothing(key: Path, tmp_path: Path) -> None:
    mallory = make_key(tmp_path, "ed25519")
    refusal = hear(said(mallory), people(key))
    assert isinstance(refusal, Refusal)
    assert "nobody in the people file" in refusal.because


def test_a_signature_over_something_else_is_wrong(key: Path) -> None:
    other = said(key, reason="other")
    word = msgspec.structs.replace(said(key), signature=other.signature)
    assert Refusal(by="approvals", because="its signature is wrong") == hear(word, people(key))


@pytest.mark.parametrize("signature", ["", "none", "-----BEGIN SSH SIGNATURE-----\n"])
def test_what_is_no_signature_is_refused(key: Path, signature: str) -> None:
    word = msgspec.structs.replace(said(key), signature=signature)
    assert isinstance(hear(word, people(key)), Refusal)


def test_a_word_may_take_back_what_was_done_after_the_proposal_was_open(key: Path) -> None:
    late = PROPOSAL.open_until + SECOND
    word = said(key, decision=Decision.UNDO, reason="it is worse now", until=late + SECOND)
    assert Recall(person="ana", groups=frozenset({"oncall"}), reason="it is worse now") == hear(
        word, people(key), now=late
    )
    mute = hear(said(key, decision=Decision.UNDO), people(key))
    assert isinstance(mute, Refusal)
    assert "an undo says why" in mute.because


def kept(key: Path, **changed: Any) -> Word:
    """The row of a yes that was taken."""
    word = said(key)
    yes = hear(word, people(key))
    row = Word(
        proposal=PROPOSAL.id,
        step=0,
        person="ana",
        statement=word.statement.decode(),
        signature=word.signature,
        assent=msgspec.json.encode(yes).decode(),
        at=NOW,
    )
    return msgspec.structs.replace(row, **changed)


def recalled(word: Word, known: People, now: datetime = NOW + SECOND) -> Assent | Refusal:
    return remembered(word, about=PROPOSAL, people=known, check=check, now=now)


def test_a_yes_that_is_kept_is_verified_again(key: Path) -> None:
    assert hear(said(key), people(key)) == recalled(kept(key), people(key))


@pytest.mark.slow
def test_a_row_is_no_proof_of_a_yes(key: Path, tmp_path: Path) -> None:
    yes, mallory = hear(said(key), people(key)), make_key(tmp_path, "ed25519")
    other = said(mallory)
    long_ago = msgspec.structs.replace(yes, at=NOW - SECOND)
    rows = {
        "unsigned": kept(key, signature=""),
        "signed by another": kept(key, signature=other.signature),
        "of another person": kept(key, person="ben"),
        "of another step": kept(key, step=1),
        "over something else": kept(key, statement=said(key, reason="x").statement.decode()),
        "a no": kept(key, statement=said(key, decision=Decision.REJECT).statement.decode()),
        "of another time": kept(key, assent=msgspec.json.encode(long_ago).decode()),
        "unreadable": kept(key, assent="{}"),
    }
    taken = [name for name, row in rows.items() if isinstance(recalled(row, people(key)), Assent)]
    assert [] == taken


@pytest.mark.parametrize(
    ("revoked", "counts"),
    [(NOW + 2 * SECOND, True), (NOW + SECOND, False), (NOW, False)],
)
def test_a_yes_counts_no_more_once_its_person_was_revoked(
    key: Path, revoked: datetime, counts: bool
) -> None:
    known = people(key, revoked=revoked)
    assert counts is isinstance(recalled(kept(key), known), Assent)
    assert isinstance(recalled(kept(key), msgspec.structs.replace(known, people=())), Refusal)


def test_a_clock_that_goes_back_lets_nobody_revoked_count(key: Path) -> None:
    known = people(key, revoked=NOW)
    assert isinstance(recalled(kept(key), known, NOW - SECOND), Refusal)


@pytest.mark.parametrize("revoked", [None, NOW + SECOND, NOW, NOW - timedelta(days=9)])
def test_a_yes_is_as_it_was_given_whatever_became_of_who_gave_it(
    key: Path, revoked: datetime | None
) -> None:
    """For whoever asks what was approved then, and not whether it may be done now."""
    known = people(key, revoked=revoked)
    yes = hear(said(key), people(key))
    assert yes == given(kept(key), about=PROPOSAL, people=known, check=check)


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"at": NOW + SECOND}, "what is kept as the approval of ana is none"),
        ({"person": "ben"}, "what is kept as the approval of ben is none"),
        ({"step": 1}, "ana: that is about step 0, and not about step 1"),
        ({"assent": "{}"}, "the approval of ana cannot be read"),
        ({"signature": ""}, "it is not armored"),
        ({"statement": "{}"}, "statement"),
    ],
)
def test_what_was_not_given_so_is_told(key: Path, changed: dict[str, Any], because: str) -> None:
    told = given(kept(key, **changed), about=PROPOSAL, people=people(key), check=check)
    assert isinstance(told, Refusal)
    assert because in told.because


def test_what_had_run_out_when_it_was_given_was_no_yes(key: Path) -> None:
    yes = hear(said(key), people(key))
    late = msgspec.json.encode(msgspec.structs.replace(yes, at=UNTIL)).decode()
    told = given(kept(key, assent=late, at=UNTIL), about=PROPOSAL, people=people(key), check=check)
    assert isinstance(told, Refusal)
    assert "ana: the proposal is not open any more" == told.because


def test_a_no_was_no_yes_whoever_keeps_it_as_one(key: Path) -> None:
    no = said(key, decision=Decision.REJECT, reason="no")
    row = kept(key, statement=no.statement.decode(), signature=no.signature)
    told = given(row, about=PROPOSAL, people=people(key), check=check)
    assert isinstance(told, Refusal)
    assert "what is kept as the approval of ana is none" == told.because


def test_a_yes_that_is_kept_belongs_to_the_groups_of_now(key: Path) -> None:
    (ana,) = people(key).people
    moved = msgspec.structs.replace(ana, groups=("leavers",))
    again = recalled(kept(key), msgspec.structs.replace(people(key), people=(moved,)))
    assert isinstance(again, Assent)
    assert frozenset({"leavers"}) == again.groups


@pytest.mark.parametrize(("early", "counts"), [(SECOND, True), (timedelta(0), False)])
def test_no_yes_counts_once_the_proposal_is_not_open(
    key: Path, early: timedelta, counts: bool
) -> None:
    told = hear(said(key), people(key), now=PROPOSAL.open_until - early)

    assert counts is isinstance(told, Assent)
    assert counts is not isinstance(told, Refusal)


def test_every_row_that_is_no_yes_is_refused_with_the_reason(key: Path) -> None:
    known = people(key)
    other = people(key, revoked=NOW + SECOND)
    no = said(key, decision=Decision.REJECT, reason="no")
    rejected = kept(key, statement=no.statement.decode(), signature=no.signature)
    told = [
        recalled(kept(key, person="ben"), known),
        recalled(rejected, known),
        recalled(kept(key, assent="{}"), known),
        recalled(kept(key), other),
        hear(SignedWord(statement=b"{}", signature=""), known),
    ]

    assert all(isinstance(each, Refusal) and each.because for each in told)
