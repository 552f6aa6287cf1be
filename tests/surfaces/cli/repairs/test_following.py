"""`holdfast watch ID`: what happens, what is waited for, and how it ended."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import msgspec
import pytest

from holdfast.errors import BadInput, BadRecord
from holdfast.execution import courses
from holdfast.execution.courses import Course
from holdfast.execution.recovering import Timing, Watched
from holdfast.execution.states import ENDS, State
from holdfast.model.asks import Refusal
from holdfast.model.entries import Draft
from holdfast.model.proposals import Proposal
from holdfast.ports import Tx
from holdfast.surfaces.cli.exits import (
    COULD_NOT_LOOK,
    NOT_RECOVERED,
    NOTHING,
    REFUSED,
    UNCERTAIN,
)
from holdfast.surfaces.cli.repairs.dossier import Dossier
from holdfast.surfaces.cli.repairs.following import follow
from holdfast.surfaces.cli.repairs.progress import CODES, Moment
from holdfast.surfaces.cli.repairs.run_lines import SCHEMA, RunLineOut
from holdfast.testing.clock import NOON
from tests.surfaces.cli.repairs.scripted import ScriptedStore, a_ground, as_proposed, move, seal
from tools.proposals import CARD, ID, RESTART, SCALE, a_case, a_dossier

SECOND = timedelta(seconds=1)

type Turn = Callable[["Story", Tx], None]


class Story(ScriptedStore):
    """Something happens each time that somebody looks."""

    def __init__(self, turns: Sequence[Turn], about: Proposal = RESTART, *, alive: bool = True):
        super().__init__((lambda _store, _tx, _letter: "") if alive else None, a_case(about))
        self._turns = list(turns)

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """As its own; then the story goes on."""
        with super().reading() as tx:
            yield tx
        self.clock.advance(SECOND)
        if self._turns:
            turn = self._turns.pop(0)
            with self.transaction() as writing:
                turn(self, writing)
        self.beat()


def nothing(_story: Story, _tx: Tx) -> None:
    """Somebody looks once more."""


def to(state: State, course: Course | None = None) -> Turn:
    def turn(story: Story, tx: Tx) -> None:
        was = tx.cases.case(ID)
        assert was is not None
        changed = {"progress": courses.progress_of(course)} if course is not None else {}
        move(story, tx, was, state, **changed)

    return turn


def records(kind: str, **details: str) -> Turn:
    def turn(story: Story, tx: Tx) -> None:
        draft = Draft(
            id=f"ent_{kind}", kind=kind, actor="keeper", subjects=(ID,), details={**details}
        )
        seal(story, tx, draft, Draft(id=f"ent_{kind}2", kind=kind, actor="keeper"))

    return turn


OUTCOME = records("outcome", event="recovered", says="3 of 3 ready")


def followed(story: Story) -> int:
    return follow(a_ground(story), ID, pace=0)


def test_a_repair_that_helps_is_told_state_by_state(
    home: object, capsys: pytest.CaptureFixture[str]
) -> None:
    well = Course(watched=Watched(applied=NOON, well_since=NOON + 9 * SECOND, says="3 of 3"))
    story = Story(
        [
            *(nothing, records("approval", person="ana"), nothing, to(State.APPROVED), nothing),
            *(to(State.LEASED), nothing, to(State.APPLIED, well), nothing),
            *(OUTCOME, nothing, to(State.RECOVERED)),
        ]
    )

    assert NOTHING == followed(story)

    told = capsys.readouterr().out.splitlines()
    assert f"{ID}: RolloutRestart of Deployment shop/web, for HF-WRK-020" == told[0]
    said = "\n".join(told)
    order = [
        "waits for approval",
        "waiting for people to approve it: 4 h left",
        "approval by keeper: ana",
        "intent by keeper\n",
        "approved, and about to begin",
        "sending by keeper: act.rolloutrestart.u-1.1",
        "being done: its lease is made",
        "done, and watched until it has recovered",
        "waiting for it to stay well: ",
        "outcome by keeper: recovered; 3 of 3 ready",
        "  recovered",
        f"{ID}: recovered.",
    ]
    places = [said.find(each) for each in order]
    assert -1 not in places, said
    assert sorted(places) == places
    assert 1 == said.count("approval by keeper")  # entries about others are not told


def test_programs_read_an_object_for_each_thing_that_happens(
    home: object, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = [nothing, records("approval", person="ana", reason=""), to(State.RECOVERED)]

    assert NOTHING == follow(a_ground(Story(turns)), ID, pace=0, json=True)

    told = capsys.readouterr().out.splitlines()
    lines = [msgspec.json.decode(each, type=RunLineOut) for each in told]
    whats = [each.what for each in lines]
    assert ["begin", "state", "entry", "entry", "state", "end"] == whats
    assert {(ID, SCHEMA)} == {(each.proposal, each.schema) for each in lines}
    begin, waits, said, *_, end = lines
    assert "RolloutRestart of Deployment shop/web, for HF-WRK-020" == begin.says
    assert (State.PROPOSED, None) == (waits.state, waits.exit_code)
    assert waits.waiting.startswith("for people to approve it")
    assert said.entry is not None
    assert ("approval", {"person": "ana"}) == (said.entry.kind, said.entry.says)
    assert (State.RECOVERED, NOTHING, f"{ID}: recovered.") == (end.state, end.exit_code, end.says)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.RECOVERED, NOTHING),
        (State.RECOVERED_LATE, NOTHING),
        (State.NOT_RECOVERED, NOT_RECOVERED),
        (State.UNDONE, NOT_RECOVERED),
        (State.UNDO_FAILED, NOT_RECOVERED),
        (State.REJECTED, REFUSED),
        (State.EXPIRED, REFUSED),
        (State.REFUSED, REFUSED),
        (State.FAILED, REFUSED),
    ],
)
def test_the_exit_code_says_how_it_ended(
    home: object, state: State, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code == followed(Story([to(state)]))
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"{ID}: ")


def test_every_end_has_an_exit_code() -> None:
    assert CODES.keys() == ENDS | {State.NOT_RECOVERED, State.UNKNOWN}


def test_what_nobody_can_tell_is_no_success(home: object) -> None:
    assert UNCERTAIN == followed(Story([to(State.UNKNOWN), *[nothing] * 130]))


def test_what_is_found_out_later_is_waited_for(home: object) -> None:
    story = Story([to(State.UNKNOWN), *[nothing] * 30, to(State.APPLIED), to(State.RECOVERED)])

    assert NOTHING == followed(story)


def test_what_can_be_taken_back_is_followed_until_it_is(
    home: object, capsys: pytest.CaptureFixture[str]
) -> None:
    story = Story(
        [to(State.NOT_RECOVERED), nothing, nothing, to(State.UNDOING), nothing, to(State.UNDONE)],
        SCALE,
    )

    assert NOT_RECOVERED == followed(story)
    assert "being taken back" in capsys.readouterr().out


def test_what_a_person_recalls_is_followed_although_it_had_recovered(
    home: object, capsys: pytest.CaptureFixture[str]
) -> None:
    back = to(State.RECOVERED, Course(recalled=NOON))
    story = Story([back, nothing, to(State.UNDOING), nothing, to(State.UNDONE)], SCALE)

    assert NOT_RECOVERED == followed(story)
    assert "waiting for the way back to begin" in capsys.readouterr().out


def test_a_recall_that_nobody_follows_is_not_waited_for_for_ever(home: object) -> None:
    back = to(State.RECOVERED, Course(recalled=NOON))

    assert NOTHING == followed(Story([back, *[nothing] * 40], SCALE))


@pytest.mark.parametrize(
    ("late", "says"),
    [
        (91, "It is looked at for 10 s more: it may heal late."),
        (60, "It is not looked at any more."),
    ],
)
def test_what_is_left_as_it_is_ends_as_not_recovered(
    home: object, capsys: pytest.CaptureFixture[str], late: int, says: str
) -> None:
    timing = Timing(deadline=10 * SECOND, late=late * SECOND)
    left = Course(watched=Watched(applied=NOON - 60 * SECOND, timing=timing, given_up=True))

    assert NOT_RECOVERED == followed(Story([to(State.NOT_RECOVERED, left), *[nothing] * 40], SCALE))
    assert says in capsys.readouterr().out


def test_a_keeper_that_is_gone_is_not_waited_for_for_ever(
    home: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert COULD_NOT_LOOK == followed(Story([], alive=False))
    assert "No keeper is alive, and so nothing goes on. Start one" in capsys.readouterr().err


def test_an_unknown_id_is_said_at_once(home: object) -> None:
    with pytest.raises(BadInput, match="There is no proposal prp_9"):
        follow(a_ground(Story([])), "prp_9")


SHORT = Timing(soak=3 * SECOND, deadline=15 * SECOND)


def at(seconds: float, told: Dossier) -> Moment:
    return Moment(told=told, now=NOON + seconds * SECOND)


@pytest.mark.parametrize(
    ("watched", "waits"),
    [
        (None, "for the first look at it"),
        (Watched(applied=NOON, says="2 of 3"), "9 min left; so far, 2 of 3"),
        (Watched(applied=NOON, well_since=NOON + 2 * SECOND), "stay well: 52 s of 1 min left"),
        (Watched(applied=NOON, timing=SHORT, says="2 of 3"), "5 s left; so far, 2 of 3"),
    ],
)
def test_says_what_recovery_waits_for(watched: Watched | None, waits: str) -> None:
    progress = courses.progress_of(Course(watched=watched))
    assert waits in at(10, a_dossier(state=State.APPLIED, progress=progress)).waits()


@pytest.mark.parametrize("progress", ["", "odd"])
def test_progress_that_cannot_be_read_is_no_reason_not_to_look(progress: str) -> None:
    assert "first look" in at(1, a_dossier(state=State.APPLIED, progress=progress)).waits()


def test_the_outcome_says_why() -> None:
    no = msgspec.structs.replace(
        CARD, refusals=(Refusal(by="budget", because="ana has used her budget"),)
    )
    refused = a_dossier(RESTART, no, state=State.REFUSED)
    says = courses.progress_of(Course(says="the API server said no:\n\x1b[2J"))
    failed = a_dossier(state=State.FAILED, progress=says)

    assert f"{ID}: refused (budget: ana has used her budget)." == at(1, refused).outcome()
    assert "\N{REPLACEMENT CHARACTER}" in at(1, failed).outcome()


def test_the_field_is_named_that_somebody_edits_while_it_is_watched(home: object) -> None:
    def proposed(story: Story, tx: Tx) -> None:
        seal(story, tx, as_proposed(RESTART))

    def edit(_story: Story, tx: Tx) -> None:
        was = tx.cases.case(ID)
        assert was is not None
        content = was.content.replace('"risk":"low"', '"risk":"high"')
        rows = tx.cases._to_change().cases  # type: ignore[attr-defined]  # no store does so
        rows[ID] = msgspec.structs.replace(was, content=content)

    with pytest.raises(BadRecord, match="risk is another than in entry 1 of the record"):
        followed(Story([proposed, nothing, edit, nothing, nothing]))
