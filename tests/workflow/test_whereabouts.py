"""Where a proposal is by what is sealed of it, entry by entry; and that rows are where it says."""

from collections.abc import AsyncIterator, Sequence

import pytest

from holdfast.actions.rollout_restart import RolloutRestart
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.errors import BadRecord
from holdfast.execution.states import Event, State
from holdfast.model.asks import Rules
from holdfast.model.canonical import Plain
from holdfast.model.entries import Draft, Entry
from holdfast.workflow.whereabouts import by_record, otherwise
from tests.audit.chains import a_chain_of
from tests.workflow.executing import Stage, a_stage
from tools.proposals import a_case

type Said = tuple[str, dict[str, Plain]]

PROPOSED: Said = ("proposal", {})
NO: Said = ("verdict", {"station": "proposal", "state": "refused"})
YES: Said = ("verdict", {"station": "proposal", "state": "proposed"})
JUDGED: Said = ("verdict", {"station": "approval", "allows": False})
INTENT: Said = ("intent", {"step": 1})
BACK: Said = ("intent", {"step": 1, "undo": True})
SENDING: Said = ("sending", {"account": "act.rolloutrestart.u-1.1"})
LOST: Said = ("outcome", {"outcome": "unknown"})
UNDOING: Said = ("sending", {"account": "undo.rolloutrestart.u-1.1"})
RESTART = RolloutRestart(stamp="2026-01-01T12:00:00Z")
BEGUN: tuple[Said, ...] = (PROPOSED, YES, JUDGED, INTENT, SENDING)


def outcome(event: str, **more: Plain) -> Said:
    return "outcome", {"event": event, "step": 1, **more}


def sealed(*said: Said) -> Sequence[Entry]:
    drafts = [
        Draft(id=f"ent_{number}", kind=kind, actor="keeper", details=details)
        for number, (kind, details) in enumerate(said)
    ]
    return a_chain_of(drafts)


DONE = (*BEGUN, outcome("applied"))
ILL = (*DONE, outcome("deadline"))
LIVES: dict[str, tuple[tuple[Said, ...], State, int]] = {
    "proposed": ((PROPOSED, YES), State.PROPOSED, 1),
    "refused at once": ((PROPOSED, NO), State.REFUSED, 2),
    "a plan that is refused": ((PROPOSED, NO, PROPOSED, NO), State.REFUSED, 2),
    "not allowed to one who approves": ((PROPOSED, YES, JUDGED), State.PROPOSED, 1),
    "rejected": ((PROPOSED, YES, ("rejection", {})), State.REJECTED, 3),
    "expired": ((PROPOSED, YES, ("expired", {})), State.EXPIRED, 3),
    "approved": ((PROPOSED, YES, INTENT), State.APPROVED, 3),
    "approved, and expired": ((PROPOSED, INTENT, ("expired", {})), State.EXPIRED, 3),
    "being done": (BEGUN, State.LEASED, 5),
    "nobody can tell": ((*BEGUN, outcome("lost")), State.UNKNOWN, 6),
    "refused as it was done": ((*BEGUN, outcome("refused")), State.REFUSED, 6),
    "failed": ((*BEGUN, outcome("failed")), State.FAILED, 6),
    "found done": ((*BEGUN, outcome("lost"), outcome("found_done")), State.APPLIED, 7),
    "found not done": ((*BEGUN, outcome("lost"), outcome("found_not_done")), State.FAILED, 7),
    "done": (DONE, State.APPLIED, 6),
    "recovered": ((*DONE, outcome("recovered")), State.RECOVERED, 7),
    "ill": (ILL, State.NOT_RECOVERED, 7),
    "recovered late": ((*ILL, outcome("healed_late")), State.RECOVERED_LATE, 8),
    "to be taken back": ((*ILL, BACK), State.NOT_RECOVERED, 7),
    "not taken back": ((*ILL, BACK, outcome("undo_refused")), State.NOT_RECOVERED, 7),
    "being taken back": ((*ILL, BACK, UNDOING), State.UNDOING, 9),
    "looked for": ((*ILL, BACK, UNDOING, outcome("lost")), State.UNDOING, 9),
    "taken back": ((*ILL, BACK, UNDOING, outcome("undone")), State.UNDONE, 10),
    "the way back failed": ((*ILL, UNDOING, outcome("undo_failed")), State.UNDO_FAILED, 9),
    "at the next step": ((*DONE, outcome("verified"), INTENT), State.APPROVED, 7),
    "halted": ((*DONE, outcome("halted"), ("expired", {})), State.NOT_RECOVERED, 7),
    "a step taken back": ((*ILL, UNDOING, outcome("undone", step=2)), State.NOT_RECOVERED, 9),
    "lost with a backup": ((*BEGUN, LOST), State.UNKNOWN, 6),
    "halted with a backup": (
        (PROPOSED, INTENT, ("expired", {"outcome": "not_recovered"})),
        State.NOT_RECOVERED,
        3,
    ),
    "closed, damaged": (
        (*DONE, outcome("deadline", state="not_recovered")),
        State.NOT_RECOVERED,
        7,
    ),
}


@pytest.mark.parametrize(("said", "state", "seq"), LIVES.values(), ids=list(LIVES))
def test_each_life_is_where_its_entries_leave_it(
    said: tuple[Said, ...], state: State, seq: int
) -> None:
    here = by_record(sealed(*said))
    assert here is not None
    assert (state, seq) == (here.state, here.seq)
    assert "" == otherwise(a_case(state=state), sealed(*said))


def test_every_state_and_every_event_is_among_them() -> None:
    assert {*State} == {state for _, state, _ in LIVES.values()}
    told = {details.get("event") for said, *_ in LIVES.values() for _, details in said}
    untold = {Event.APPROVED, Event.REJECTED, Event.EXPIRED, Event.LEASED, Event.UNDO}
    assert {*Event} - untold - {Event.STEP_UNDONE} <= told


@pytest.mark.parametrize("state", [each for each in State if each is not State.APPLIED])
def test_a_row_that_says_otherwise_is_held_against_the_entry(state: State) -> None:
    says = f"its row says that it is {state.value}, and entry 6 of the record applied"
    assert says == otherwise(a_case(state=state), sealed(*DONE))


def test_a_row_that_claims_nothing_of_what_may_have_been_sent_is_let_be() -> None:
    assert "" == otherwise(a_case(state=State.UNKNOWN), sealed(*BEGUN))


def test_of_what_the_record_knows_nothing_only_an_open_one_is_let_be() -> None:
    assert by_record([]) is None
    assert "" == otherwise(a_case(), [])
    says = "its row says that it is recovered, and the record nothing of it"
    assert says == otherwise(a_case(state=State.RECOVERED), [])


def test_a_word_that_is_no_state_is_named_with_its_row() -> None:
    with pytest.raises(BadRecord, match="says 'evil', which is no state of a proposal") as odd:
        otherwise(a_case(state="evil"), sealed(*DONE))
    assert a_case().id in odd.value.wrong
    assert "holdfast audit show" in odd.value.remedy


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage(rules=Rules(switched_on=frozenset({"ScaleWorkload"}))) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("ends", [State.RECOVERED, State.UNDONE])
async def test_what_the_keeper_does_leaves_rows_where_the_record_says(
    stage: Stage, ends: State
) -> None:
    heals = ends is State.RECOVERED
    action = (
        RolloutRestart(stamp="2026-01-01T12:00:00Z") if heals else ScaleWorkload(replicas=3, now=2)
    )
    order = await stage.approved(action)
    seen: set[str] = set()

    def held() -> None:
        if heals:
            stage.heal()
        stage.seal_all()
        case = stage.case(order)
        with stage.store.reading() as tx:
            lines = [each for each in map(tx.records.at, range(1, 99)) if each is not None]
        entries = [each for each in lines if case.id in each.subjects]
        seen.add(case.state)
        assert "" == otherwise(case, entries)

    await stage.until(order, ends, meanwhile=held)
    held()
    assert {State.APPLIED.value, ends.value} <= seen
