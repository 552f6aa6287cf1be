"""A plan on the command line: its file, its card, its signatures, and how far it has come."""

from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast.adapters.signers.ssh import check
from holdfast.adapters.signers.ssh_keygen import SshKeygen
from holdfast.approvals import statements
from holdfast.approvals.statements import Decision
from holdfast.errors import BadInput, BadRecord
from holdfast.execution.courses import Course, progress_of
from holdfast.execution.recovering import Watched
from holdfast.execution.states import State
from holdfast.model.canonical import Plain, canonical
from holdfast.model.cases import Case, Word
from holdfast.model.entries import Draft, Entry
from holdfast.model.letters import Letter
from holdfast.model.plans import planned
from holdfast.ports import Tx
from holdfast.surfaces.cli.exits import NOTHING, REFUSED
from holdfast.surfaces.cli.pens import Signing
from holdfast.surfaces.cli.repairs import card, plan_files
from holdfast.surfaces.cli.repairs.approving import Wish, say
from holdfast.surfaces.cli.repairs.dossier import Dossier, opened, require_sealed
from holdfast.surfaces.cli.repairs.progress import Moment
from holdfast.surfaces.cli.repairs.report import as_value
from holdfast.surfaces.cli.repairs.rows import HALTED
from holdfast.surfaces.cli.repairs.run_lines import Line, as_json, as_text
from holdfast.testing.clock import NOON
from holdfast.workflow.approving import said_before
from tests.approvals.keygen import make_key
from tests.audit.chains import a_chain_of
from tests.surfaces.cli.repairs.scripted import (
    KINDS,
    Script,
    ScriptedStore,
    a_ground,
    as_heard,
    said_by,
    seal,
)
from tools.proposals import CARD, CLUSTER, ID, RESTART, SCALE, a_case

API = msgspec.structs.replace(SCALE.target, name="api", uid="8c1c0f9e-0d5c-4f0e-9d55-3a1b7f6f2c11")
PLAN = planned([RESTART, msgspec.structs.replace(SCALE, target=API)])
HEAD = "apiVersion: holdfast.dev/v1alpha1\nkind: Plan\nsteps:\n"
STEP = "  - {trouble: trb_1, action: RolloutRestart, target: shop/web-%d}\n"


def plan_case(**changed: Any) -> Case:
    content = canonical(PLAN.content()).decode()
    told = {"digest": PLAN.digest, "content": content, **changed}
    return msgspec.structs.replace(a_case(card=CARD), **told)


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(text)
    return path


def steps(count: int) -> str:
    return "".join(STEP % number for number in range(count))


@pytest.mark.parametrize("count", [2, 5])
def test_a_file_names_its_steps(tmp_path: Path, count: int) -> None:
    read = plan_files.read(file(tmp_path, HEAD + steps(count)))
    assert [f"shop/web-{number}" for number in range(count)] == [e.target for e in read.steps]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (HEAD + steps(6), 9, "a plan has 5 steps at most, and not 6"),
        (HEAD + steps(1), 4, "at least two steps"),
        (HEAD + steps(1) * 2, 5, "stands there before"),
        (HEAD + "  - {trouble: trb_1}\n", 4, "missing required field `action`"),
        (HEAD + "  - {trouble: trb_1, action: X, risk: low}\n", 4, "unknown field `risk`"),
        (HEAD.replace("Plan", "Policy") + steps(2), 2, "kind is 'Policy'"),
        (HEAD + "  - {trouble: trb_1, action: X, target: }\n", 4, "target has no value"),
        (HEAD + "  - {trouble: trb_1, action: ~}\n", 4, "action has no value"),
        (HEAD + steps(2) + "  -\n", 6, "an item of the list has no value"),
        (HEAD.strip() + " null\n", 3, "steps has no value"),
        (HEAD + steps(2) + "---\n", 6, "a second document begins here, and only one is read"),
        (HEAD + steps(2) + "approved: true\n", 6, "unknown field `approved`"),
        (HEAD + "  - {trouble: a, trouble: b, action: X}\n", 4, "stands twice"),
        (HEAD + "  - &a {trouble: a, action: X}\n  - *a\n", 4, "anchors"),
    ],
)
def test_a_malformed_file_is_refused_with_the_line_and_the_reason(
    tmp_path: Path, text: str, line: int, why: str
) -> None:
    with pytest.raises(BadInput) as odd:
        plan_files.read(file(tmp_path, text))
    assert f"plan.yaml, line {line}: " in odd.value.wrong
    assert why in odd.value.wrong


def test_a_plan_is_taken_from_standard_input_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(HEAD + steps(2)))
    assert 2 == len(plan_files.read(Path("-")).steps)


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (None, "it is closed"),
        (TextIOWrapper(BytesIO(b"\xff"), "utf-8", "surrogateescape"), "it is not UTF-8"),
    ],
)
def test_standard_input_that_holds_no_text_is_said(
    monkeypatch: pytest.MonkeyPatch, stream: TextIOWrapper | None, why: str
) -> None:
    monkeypatch.setattr("sys.stdin", stream)
    with pytest.raises(BadInput, match=f"The plan - cannot be read: {why}"):
        plan_files.read(Path("-"))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        plan_files.read(tmp_path / "none.yaml")


def test_the_card_shows_every_step_that_is_signed() -> None:
    told = opened(plan_case(), CLUSTER)
    shown = "\n".join(line.plain for line in card.lines(told, NOON, None))
    assert "PLAN OF 2 STEPS of Deployment shop/web, Deployment shop/api" in shown
    assert shown.index("1 of 2") < shown.index("2 of 2") < shown.index(PLAN.digest)
    assert shown.index("RolloutRestart stamp=") < shown.index("ScaleWorkload replicas=3 now=2")


def test_its_json_holds_all_of_what_is_signed() -> None:
    value = as_value(opened(plan_case(), CLUSTER), NOON)
    assert (PLAN.digest, 1, 2) == (value.digest, value.step, value.steps)
    assert value.whole
    assert canonical(PLAN.content()) == canonical(msgspec.to_builtins(value.content))


def an_entry(step: int) -> Entry:
    details: dict[str, Plain] = {"digest": PLAN.digest, "step": step, "uid": "another"}
    return a_chain_of([Draft(id="ent_1", kind="proposal", actor="keeper", details=details)])[0]


@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_a_step_that_is_another_than_in_the_record_is_not_shown(step: int) -> None:
    told = opened(plan_case(), CLUSTER)
    entry = an_entry(step)
    with pytest.raises(BadRecord, match="is not what it was when it was proposed"):
        require_sealed(told, entry)


def counting(store: ScriptedStore, tx: Tx, letter: Letter) -> str:
    """A keeper that counts each."""
    id_ = f"ent_{letter.id}"
    kind = KINDS[said_by(letter)]
    seal(store, tx, Draft(id=id_, kind=kind, actor="ana", details=as_heard(letter, still=[])))
    return f"counted: {id_}"


def said(store: ScriptedStore, home: Path, key: Path, **changed: Any) -> int:
    wish = Wish(**{"id": ID, "decision": Decision.APPROVE, "yes": True, "key": key, **changed})
    signing = Signing(pen=SshKeygen(home=home), check=check)
    ids = replace(a_ground(store), id=lambda prefix: f"{prefix}_{len(store.letters)}")
    return say(ids, lambda: signing, wish, NOON)


def signed(store: ScriptedStore) -> list[tuple[int, str]]:
    told = [statements.read(str(e.body["statement"]).encode()) for e in store.letters]
    return [(each.step, each.digest) for each in told]


def test_each_step_is_signed_by_itself_over_the_digest_of_all(home: Path, tmp_path: Path) -> None:
    key, store = make_key(tmp_path, "ed25519"), ScriptedStore(counting, plan_case())
    assert NOTHING == said(store, home, key)
    assert [(1, PLAN.digest), (2, PLAN.digest)] == signed(store)


def test_one_step_can_be_signed_alone_and_a_no_is_said_once(home: Path, tmp_path: Path) -> None:
    key, told = make_key(tmp_path, "ed25519"), []
    no = {"decision": Decision.REJECT, "reason": "not now"}
    for wish in ({"step": 2}, no):
        store = ScriptedStore(counting, plan_case())
        said(store, home, key, **wish)
        told += [step for step, _ in signed(store)]
    assert [2, 1] == told
    with pytest.raises(BadInput, match="has no step 3"):
        said(ScriptedStore(counting, plan_case()), home, key, step=3)


def test_by_hand_it_is_one_statement_for_each(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, store = make_key(tmp_path, "ed25519"), ScriptedStore(counting, plan_case())
    with pytest.raises(BadInput, match="each of its 2 steps is signed by itself"):
        said(store, home, key, print_only=True)
    capsys.readouterr()
    assert NOTHING == said(store, home, key, print_only=True, step=2)
    assert 2 == statements.read(capsys.readouterr().out.encode()).step


def test_what_is_refused_of_one_step_ends_the_signing(home: Path, tmp_path: Path) -> None:
    def refusing(store: ScriptedStore, tx: Tx, letter: Letter) -> str:
        id_ = f"ent_{letter.id}"
        seal(store, tx, Draft(id=id_, kind="verdict", actor="x", details={"because": "no"}))
        return f"refused: {id_}"

    key, store = make_key(tmp_path, "ed25519"), ScriptedStore(refusing, plan_case())
    assert REFUSED == said(store, home, key)
    assert 1 == len(store.letters)


def remembering(person: str) -> Script:
    """A keeper that counts each once, and refuses a second yes of that person as the real one."""

    def script(store: ScriptedStore, tx: Tx, letter: Letter) -> str:
        step = statements.read(str(letter.body["statement"]).encode()).step
        id_ = f"ent_{letter.id}"
        if not tx.words.add(a_word(letter, step, person)):
            details: dict[str, Plain] = {"because": said_before(person)}
            seal(store, tx, Draft(id=id_, kind="letter_refused", actor="keeper", details=details))
            return f"refused: {id_}"
        details = as_heard(letter, still=[], step=step)
        kind = KINDS[said_by(letter)]
        seal(store, tx, Draft(id=id_, kind=kind, actor=person, details=details))
        return f"counted: {id_}"

    return script


def a_word(letter: Letter, step: int, person: str) -> Word:
    statement, signature = str(letter.body["statement"]), str(letter.body["signature"])
    return Word(
        proposal=ID,
        step=step,
        person=person,
        statement=statement,
        signature=signature,
        assent="{}",
        at=NOON,
    )


def test_approving_goes_on_with_the_steps_that_the_person_has_not_signed(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, store = make_key(tmp_path, "ed25519"), ScriptedStore(remembering("ben"), plan_case())
    assert NOTHING == said(store, home, key, step=1)
    capsys.readouterr()

    assert NOTHING == said(store, home, key)

    told = capsys.readouterr().out
    assert [1, 2] == [step for step, _ in signed(store)]
    assert "Signed now: step 2.\nSkipped: step 1, which ben has signed before.\n" in told


def test_a_step_signed_with_another_key_of_that_person_is_skipped_as_well(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ScriptedStore(remembering("ben"), plan_case())
    assert NOTHING == said(store, home, make_key(tmp_path, "ed25519"), step=1)
    (tmp_path / "other").mkdir()

    assert NOTHING == said(store, home, make_key(tmp_path / "other", "ed25519"))

    told = capsys.readouterr().out
    assert "Signed now: step 2.\nSkipped: step 1, which ben has signed before.\n" in told


def test_where_all_is_signed_already_nothing_is_handed_over(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, store = make_key(tmp_path, "ed25519"), ScriptedStore(remembering("ben"), plan_case())
    assert NOTHING == said(store, home, key)
    letters = len(store.letters)

    assert REFUSED == said(store, home, key)

    told = capsys.readouterr()
    assert letters == len(store.letters)
    assert "Skipped: steps 1, 2, which ben has signed before." in told.out
    assert "Refused: nothing of it was left for that person to sign." in told.err


def test_who_approved_a_step_may_reject_the_plan_all_the_same(home: Path, tmp_path: Path) -> None:
    key, store = make_key(tmp_path, "ed25519"), ScriptedStore(remembering("ben"), plan_case())
    assert NOTHING == said(store, home, key, step=1)

    said(store, home, key, decision=Decision.REJECT, reason="not now")

    last = statements.read(str(store.letters[-1].body["statement"]).encode())
    assert Decision.REJECT == last.decision


def test_a_refusal_names_its_step_and_what_was_signed_before_it(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def once(store: ScriptedStore, tx: Tx, letter: Letter) -> str:
        if len(store.letters) == 1:
            return counting(store, tx, letter)
        id_ = f"ent_{letter.id}"
        seal(store, tx, Draft(id=id_, kind="verdict", actor="x", details={"because": "no"}))
        return f"refused: {id_}"

    key, store = make_key(tmp_path, "ed25519"), ScriptedStore(once, plan_case())

    assert REFUSED == said(store, home, key)

    told = capsys.readouterr()
    assert "Signed now: step 1.\nRefused: step 2.\n" in told.out
    assert "Refused: no." in told.err


BEN = Word(proposal=ID, step=2, person="ben", statement="", signature="", assent="", at=NOON)


def approved_in_part() -> Dossier:
    return msgspec.structs.replace(opened(plan_case(), CLUSTER), words=(BEN,))


def test_card_and_json_and_watch_say_which_step_is_approved_by_whom() -> None:
    told = approved_in_part()
    shown = "\n".join(line.plain for line in card.lines(told, NOON, None))
    assert "approved  step 1: nobody yet\n          step 2: ben, 2026-03-02" in shown
    (yes,) = as_value(told, NOON).beside.approvals
    assert (2, "ben") == (yes.step, yes.person)
    waits = Moment(told=told, now=NOON).waits()
    assert waits.endswith("; so far step 1 by nobody yet, step 2 by ben")


def test_an_approval_in_a_watch_names_its_step() -> None:
    details: dict[str, Plain] = {"person": "ben", "step": 2}
    draft = Draft(id="ent_1", kind="approval", actor="ben", details=details)
    line = Line(
        moment=Moment(told=approved_in_part(), now=NOON),
        what="entry",
        entry=a_chain_of([draft])[0],
    )
    assert next(as_text(line)).endswith("approval of step 2 by ben")
    assert 2 == msgspec.json.decode(next(as_json(line)))["entry"]["step"]


def test_how_far_it_has_come_is_told_by_its_step() -> None:
    course = Course(step=2, earlier=(Course(),), says="it is well")
    case = plan_case(state=State.RECOVERED.value, progress=progress_of(course))
    told = opened(case, CLUSTER)
    moment = Moment(told=told, now=NOON)
    assert f"{ID}: step 2 of 2: recovered (it is well)." == moment.outcome()
    shown = "\n".join(line.plain for line in card.lines(told, NOON, None))
    assert "step 2 of 2: recovered, since" in shown


@pytest.mark.parametrize(
    ("state", "course", "says"),
    [
        (
            State.NOT_RECOVERED,
            Course(
                step=1,
                halted=2,
                says="the plan went no further than step 1: no",
                watched=Watched(applied=NOON),
            ),
            f"step 1 of 2: {HALTED} (the plan went no further than step 1: no).",
        ),
        (
            State.NOT_RECOVERED,
            Course(step=1, halted=1, watched=Watched(applied=NOON, given_up=True)),
            "step 1 of 2: done, and not recovered.",
        ),
        (State.UNDONE, Course(step=1, halted=2), "taken back, all that was done."),
        (State.REJECTED, Course(), "rejected."),
    ],
)
def test_a_plan_that_ends_on_its_way_is_not_told_by_a_step_that_did_well(
    state: State, course: Course, says: str
) -> None:
    told = opened(plan_case(state=state.value, progress=progress_of(course)), CLUSTER)
    assert f"{ID}: {says}" == Moment(told=told, now=NOON).outcome()


def test_who_watches_is_told_of_every_step_and_where_it_is() -> None:
    case = plan_case(state=State.LEASED.value, progress=progress_of(Course(step=2)))
    moment = Moment(told=opened(case, CLUSTER), now=NOON)
    (begin,) = as_text(Line(moment=moment, what="begin"))
    assert "RolloutRestart of Deployment shop/web" in begin
    assert "; then ScaleWorkload of Deployment shop/api" in begin
    assert "step 2 of 2: being done" in next(as_text(Line(moment=moment, what="state")))
    told = msgspec.json.decode(next(as_json(Line(moment=moment, what="state"))))
    assert (2, 2) == (told["step"], told["steps"])


@pytest.mark.parametrize("step", [-1, 0, 9])
def test_progress_that_names_no_step_is_shown_at_one_that_there_is(step: int) -> None:
    told = opened(plan_case(progress=progress_of(Course(step=step))), CLUSTER)
    assert told.proposal.step in (1, 2)
