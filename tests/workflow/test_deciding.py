"""People say yes, no, or take it back; one decision ends it, and every refusal says why."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast.approvals.budgets import paid
from holdfast.approvals.statements import Decision
from holdfast.approvals.tickets import LONGEST
from holdfast.execution.recovering import Watched
from holdfast.execution.states import UNDONE_FROM, State
from holdfast.model.asks import Rules
from holdfast.model.ordered import UNDO
from holdfast.model.repairs import ActionClass
from holdfast.testing.clock import FrozenClock
from holdfast.testing.memory import StoreInMemory
from holdfast.workflow.asking import BUDGET, intent_id
from tests.audit.chains import CLUSTER
from tests.workflow.court import QUOTA, SECOND, Court

RESTARTS = ActionClass.RESTART
QUOTAS_ON = Rules(switched_on=frozenset({"DeleteResourceQuota"}))


@pytest.fixture
def court(tmp_path: Path) -> Court:
    clock = FrozenClock()
    made = Court(StoreInMemory(CLUSTER, clock), clock, tmp_path)
    made.person("ana")
    return made


async def test_a_yes_sets_it_going_in_one_transaction(court: Court) -> None:
    about = court.propose()
    letter = court.say("ana", about)

    assert ("approved", "") == await court.heard(letter)

    assert (State.APPROVED, [about.id]) == (court.state(about), court.ordered())
    (approval,), (verdict,), (intent,) = map(court.entries, ("approval", "verdict", "intent"))
    assert letter.body["statement"] == approval["statement"]
    assert letter.body["signature"] == approval["signature"]
    assert ("ana", "ssh", []) == (approval["person"], approval["proof"], approval["still"])
    assert (True, "approval") == (verdict["allows"], verdict["station"])
    assert (about.digest, ["ana"]) == (intent["digest"], intent["approvers"])
    with court.store.reading() as tx:
        (word,) = tx.words.of(about.id, 1)
        assert tx.once.spent("ticket", intent["ticket"]) == f"{about.id}/1/1"
        assert tx.once.spent("approved", f"{about.id}/1/1") == intent["ticket"]
        bucket = tx.buckets.bucket("ana", "restart")
        drafts = {each.id: each for each in tx.records.waiting(99)}
    assert ("ana", approval["statement"]) == (word.person, word.statement)
    assert bucket is not None
    assert 9000 == bucket.thousandths
    assert intent_id(intent["ticket"]) in drafts


async def test_no_entry_and_no_outcome_holds_a_ticket(court: Court) -> None:
    letter = court.say("ana", court.propose())
    await court.heard(letter)
    with court.store.reading() as tx:
        told = [str(msgspec.to_builtins(each)) for each in tx.records.waiting(99)]
    assert not [each for each in told if "eyJ" in each]
    assert len(court.outcome(letter)) < LONGEST


async def test_a_no_ends_it_and_says_why(court: Court) -> None:
    about = court.propose()
    no = {"decision": Decision.REJECT, "reason": "not on a Friday"}
    assert ("rejected", "") == await court.said("ana", about, **no)
    assert (State.REJECTED, []) == (court.state(about), court.ordered())
    (entry,) = court.entries("rejection")
    assert ("ana", "not on a Friday") == (entry["person"], entry["reason"])
    assert ("states", "what is rejected cannot be approved") == await court.said("ana", about)


async def test_whoever_asked_for_it_may_withdraw_it(court: Court) -> None:
    about = court.propose(requester="ana")
    await court.said("ana", about, decision=Decision.REJECT, reason="a mistake")
    assert State.REJECTED == court.state(about)


async def test_high_risk_waits_for_a_second_person(court: Court) -> None:
    court.person("ben")
    court.rules = QUOTAS_ON
    about = court.propose(action=QUOTA)

    assert ("counted", "") == await court.said("ana", about)
    assert (State.PROPOSED, []) == (court.state(about), court.ordered())
    assert ("approvals", "ana has said yes to it before") == await court.said("ana", about)
    assert ("approved", "") == await court.said("ben", about)

    assert (State.APPROVED, [about.id]) == (court.state(about), court.ordered())
    (intent,) = court.entries("intent")
    assert ["ana", "ben"] == intent["approvers"]
    first, second = court.entries("approval")
    assert ["second person: its risk is high"] == first["still"]
    assert [] == second["still"]


async def test_a_first_yes_counts_no_more_once_its_person_was_revoked(court: Court) -> None:
    court.person("ben")
    court.person("eve")
    court.rules = QUOTAS_ON
    about = court.propose(action=QUOTA)
    await court.said("ana", about)
    court.changed("ana", revoked=court.clock.now())

    assert ("counted", "") == await court.said("ben", about)
    assert ("approved", "") == await court.said("eve", about)
    (intent,) = court.entries("intent")
    assert ["ben", "eve"] == intent["approvers"]


async def test_a_row_that_nobody_signed_counts_for_nothing(court: Court) -> None:
    court.person("ben")
    court.rules = QUOTAS_ON
    about, other = court.propose(action=QUOTA), court.propose(action=QUOTA)
    await court.said("ana", other)
    with court.store.transaction() as tx:
        (word,) = tx.words.of(other.id, 1)
        assert tx.words.add(msgspec.structs.replace(word, proposal=about.id))

    assert ("counted", "") == await court.said("ben", about)
    assert State.PROPOSED == court.state(about)


async def test_a_refusal_keeps_nothing_but_itself(court: Court) -> None:
    about = court.propose(requester="ana")
    by, because = await court.said("ana", about)
    assert ("signed_approval", True) == (by, "asked for it" in because)
    with court.store.reading() as tx:
        assert not tx.words.of(about.id, 1)
        assert tx.buckets.bucket("ana", "restart") is None
    assert (State.PROPOSED, [], []) == (
        court.state(about),
        court.ordered(),
        court.entries("intent"),
    )
    (verdict,) = court.entries("verdict")
    assert ["signed_approval"] == [each["by"] for each in verdict["refusals"]]


async def test_who_has_paid_and_said_nothing_that_is_kept_is_told_what_to_do(court: Court) -> None:
    about = court.propose()
    with court.store.transaction() as tx:
        assert tx.once.spend(BUDGET, paid(about.id, 1, "ana"), "keeper", court.clock.now())

    why = "ana has paid for it before, and no yes of that is kept: propose it again"
    assert ("budget", why) == await court.said("ana", about)


async def test_what_changed_since_it_was_proposed_is_proposed_again(court: Court) -> None:
    about = court.propose()
    court.cluster.patch("deployments.apps", "web", {"spec": {"replicas": 3}}, namespace="shop")
    assert "time_of_use" == (await court.said("ana", about))[0]


async def test_a_status_that_moves_changes_nothing(court: Court) -> None:
    about = court.propose()
    there = court.cluster.fetch("deployments.apps", "web", namespace="shop")
    court.cluster.update_status({**there, "status": {"replicas": 1}}, namespace="shop")
    assert "approved" == (await court.said("ana", about))[0]


async def test_another_object_of_the_same_name_is_another_one(court: Court) -> None:
    about = court.propose()
    there = court.cluster.fetch("deployments.apps", "web", namespace="shop")
    court.cluster.delete("deployments.apps", "web", namespace="shop")
    metadata = {"name": "web", "namespace": "shop"}
    court.cluster.create(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": there["spec"]}
    )
    assert "sight" == (await court.said("ana", about))[0]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"statement": "x"},
        {"statement": "", "signature": "x"},
        {"statement": "{}", "signature": "x"},
        {"statement": "x" * 5000, "signature": "x"},
        {"statement": "approve prp_1", "signature": "x", "as": "ana"},
        {"statement": 1, "signature": "x"},
    ],
)
async def test_what_is_no_word_is_refused(court: Court, body: dict[str, Any]) -> None:
    letter = court.letter("word", body)
    by, because = await court.heard(letter)
    assert by in ("inbox", "approvals")
    assert because


async def test_a_word_about_nothing_is_refused(court: Court) -> None:
    about = court.propose()
    by, because = await court.said("ana", about, proposal="prp_none")
    assert ("deciding", "there is no proposal prp_none here") == (by, because)


async def test_a_row_that_somebody_wrote_on_is_no_proposal(court: Court) -> None:
    about = court.propose()
    forged = msgspec.structs.replace(about, id="prp_forged", requester="eve")
    with court.store.transaction() as tx:
        case = tx.cases.case(about.id)
        assert case is not None
        assert tx.cases.put(msgspec.structs.replace(case, id=forged.id))
    by, because = await court.said("ana", forged)
    assert ("deciding", True) == (by, "contradicts" in because)


async def test_a_letter_is_answered_once(court: Court) -> None:
    letter = court.say("ana", court.propose())
    await court.heard(letter)
    first = court.outcome(letter)
    await court.heard(letter)
    assert first == court.outcome(letter)
    assert 1 == len(court.ordered())


async def test_nothing_is_set_going_without_a_key_for_tickets(court: Court) -> None:
    about = court.propose()
    court.tickets = ()
    by, because = await court.said("ana", about)
    assert ("tickets", True) == (by, "no key" in because)
    assert (State.PROPOSED, []) == (court.state(about), court.ordered())
    with court.store.reading() as tx:
        assert not tx.words.of(about.id, 1)
        assert tx.buckets.bucket("ana", "restart") is None


async def test_what_did_not_help_is_taken_back_on_a_persons_word(court: Court) -> None:
    court.rules = QUOTAS_ON
    about = court.propose(action=QUOTA)
    court.in_state(about, State.NOT_RECOVERED)
    back = {"decision": Decision.UNDO, "reason": "it is worse now"}

    assert "undoing" == (await court.said("ana", about, **back))[0]
    assert [about.id] == court.ordered(UNDO)
    (entry,) = court.entries("undo")
    assert ("ana", "it is worse now") == (entry["person"], entry["reason"])
    again = await court.said("ana", about, **{**back, "reason": "again"})
    assert ("deciding", "it is being taken back already") == again


@pytest.mark.parametrize(
    ("state", "by"),
    [(state, "states") for state in State if state not in UNDONE_FROM],
)
async def test_nothing_else_is_taken_back(court: Court, state: State, by: str) -> None:
    court.rules = QUOTAS_ON
    about = court.propose(action=QUOTA)
    court.in_state(about, state)
    assert by == (await court.said("ana", about, decision=Decision.UNDO, reason="x"))[0]
    assert [] == court.ordered(UNDO)


DAY = timedelta(hours=24)


@pytest.mark.parametrize("state", sorted(UNDONE_FROM))
async def test_what_was_done_is_taken_back_until_a_day_has_passed(
    court: Court, state: State
) -> None:
    court.rules = QUOTAS_ON
    about = court.propose(action=QUOTA)
    court.in_state(about, state, Watched(applied=court.clock.now() - DAY + SECOND))
    back: dict[str, Any] = {"decision": Decision.UNDO, "reason": "it is worse now"}
    assert "undoing" == (await court.said("ana", about, **back))[0]
    assert [about.id] == court.ordered(UNDO)
    assert court.clock.now() == court.course(about).recalled


@pytest.mark.parametrize("state", [State.RECOVERED, State.RECOVERED_LATE])
async def test_upon_what_has_stood_for_a_day_others_have_built(court: Court, state: State) -> None:
    court.rules = QUOTAS_ON
    about = court.propose(action=QUOTA)
    court.in_state(about, state, Watched(applied=court.clock.now() - DAY))
    refusal = await court.said("ana", about, decision=Decision.UNDO, reason="x")
    assert ("deciding", "it was done more than a day ago, and has recovered since") == refusal
    court.in_state(about, state)
    refusal = await court.said("ana", about, decision=Decision.UNDO, reason="y")
    assert ("deciding", "nobody kept when it was done") == refusal
    assert [] == court.ordered(UNDO)


async def test_what_has_no_way_back_is_left(court: Court) -> None:
    about = court.propose()
    court.in_state(about, State.NOT_RECOVERED)
    refusal = await court.said("ana", about, decision=Decision.UNDO, reason="x")
    assert ("deciding", "there is no way back") == refusal


async def test_nobody_takes_back_what_he_could_not_have_approved(court: Court) -> None:
    approvers = {ActionClass.REMOVE: frozenset({"platform"})}
    court.rules = msgspec.structs.replace(QUOTAS_ON, approvers=approvers)
    about = court.propose(action=QUOTA)
    court.in_state(about, State.NOT_RECOVERED)
    back: dict[str, Any] = {"decision": Decision.UNDO, "reason": "x"}
    assert "no group" in (await court.said("ana", about, **back))[1]


async def test_the_word_of_an_hour_ago_says_nothing_now(court: Court) -> None:
    about = court.propose()
    letter = court.say("ana", about)
    assert isinstance(court.clock, FrozenClock)
    court.clock.advance(about.open_until - court.clock.now())
    assert "ana: the proposal is not open any more" in (await court.heard(letter))[1]
