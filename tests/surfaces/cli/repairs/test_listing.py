"""`holdfast proposals`: what is open and what was lately."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
import yaml
from sqlalchemy import event

from holdfast.adapters.engine.rows import of
from holdfast.adapters.stores.store import SqlStore
from holdfast.errors import BadInput
from holdfast.execution.states import State
from holdfast.model import switches
from holdfast.model.cases import Case
from holdfast.surfaces.cli.repairs.listing import NONE_OPEN, Output, listed, show
from holdfast.testing.clock import NOON
from tests.contracts.test_casework import a_word, put
from tests.surfaces.cli.repairs.scripted import ScriptedStore, a_ground
from tools.proposals import RESTART, a_case


def numbered(number: int, state: State = State.PROPOSED, **changed: Any) -> Case:
    each = msgspec.structs.replace(
        RESTART, id=f"prp_{number}", proposed=RESTART.proposed - timedelta(minutes=number)
    )
    return a_case(each, state=state, **changed)


def test_open_ones_are_listed_however_old_and_the_newest_of_the_others(
    home: object, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = [numbered(n, State.RECOVERED) for n in range(1, 9)]
    ground = a_ground(ScriptedStore(None, *ended, numbered(50)))

    assert 0 == listed(ground, Output.JSON, 3, open_only=False)
    told = msgspec.json.decode(capsys.readouterr().out)
    assert ["prp_1", "prp_2", "prp_3", "prp_50"] == [each["id"] for each in told["proposals"]]
    assert 0 == listed(ground, Output.YAML, 3, open_only=True)
    told = yaml.safe_load(capsys.readouterr().out)
    assert ["prp_50"] == [each["id"] for each in told["proposals"]]


def test_each_is_told_with_who_said_yes_to_its_own_steps(
    home: object, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ScriptedStore(None, numbered(1), numbered(2), numbered(3))
    with store.transaction() as tx:
        for id_, step, person in (
            ("prp_2", 1, "zoe"),
            ("prp_1", 2, "eve"),  # it has no such step
            ("prp_1", 1, "ben"),
            ("prp_2", 1, "ada"),
        ):
            tx.words.add(a_word(person, proposal=id_, step=step))

    listed(a_ground(store), Output.JSON, 20, open_only=False)

    told = msgspec.json.decode(capsys.readouterr().out)["proposals"]
    yeses = [[yes["person"] for yes in each["beside"]["approvals"]] for each in told]
    assert [["ben"], ["zoe", "ada"], []] == yeses


def test_many_are_asked_for_in_as_few_words_as_one(home: object, sql_store: SqlStore) -> None:
    asked: list[int] = []

    def listing() -> int:
        asked.append(0)
        listed(a_ground(sql_store), Output.TEXT, 99, open_only=False)
        return asked[-1]

    def count(*_: object) -> None:
        asked[-1] += 1

    put(sql_store, numbered(1))
    with sql_store.reading() as tx:
        event.listen(of(tx).engine, "before_cursor_execute", count)
    one = listing()
    put(sql_store, *(numbered(number) for number in range(2, 30)))

    assert one == listing()


def test_people_get_a_line_and_where_it_is(
    home: object, capsys: pytest.CaptureFixture[str]
) -> None:
    listed(a_ground(ScriptedStore(None, numbered(1))), Output.TEXT, 20, open_only=False)

    assert [
        "prp_1  RolloutRestart of Deployment shop/web  LOW risk, 1 min old",
        "  waits for approval: 4 h left, until 2026-03-02 16:00:00Z",
    ] == capsys.readouterr().out.splitlines()


def test_a_freeze_is_said_before_the_list_and_in_its_json(
    home: object, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ScriptedStore(None, numbered(1))
    frozen = switches.Frozen(by="inbox:cli:sam", reason="the network burns", at=NOON)
    with store.transaction() as tx:
        tx.switches.on("freeze", switches.told(frozen), NOON)
    said = (
        "A freeze is on since 2026-03-02 12:00:00Z, by inbox:cli:sam: the network burns. Nothing "
        "new is done until `holdfast thaw` is signed."
    )

    listed(a_ground(store), Output.TEXT, 20, open_only=False)
    assert f"{said}\n" == capsys.readouterr().err
    show(a_ground(store), "prp_1", Output.JSON)
    assert f"{said}\n" == capsys.readouterr().err
    listed(a_ground(store), Output.JSON, 20, open_only=False)
    assert said == msgspec.json.decode(capsys.readouterr().out)["frozen"]


@pytest.mark.parametrize(
    ("last", "open_only", "says"),
    [
        (20, False, "There is none. Propose one with: holdfast propose TROUBLE"),
        (0, False, NONE_OPEN),
        (20, True, NONE_OPEN),
    ],
)
def test_where_none_is_listed_it_is_said_of_which(
    home: object, capsys: pytest.CaptureFixture[str], last: int, open_only: bool, says: str
) -> None:
    ended = [] if says != NONE_OPEN else [numbered(1, State.RECOVERED)]
    listed(a_ground(ScriptedStore(None, *ended)), Output.TEXT, last, open_only=open_only)

    assert f"{says}\n" == capsys.readouterr().out


def test_one_that_was_edited_is_named_and_not_told(
    home: object, capsys: pytest.CaptureFixture[str]
) -> None:
    ground = a_ground(ScriptedStore(None, numbered(1, digest="0" * 64), numbered(2)))

    listed(ground, Output.TEXT, 20, open_only=False)
    assert "prp_1  was changed in the database: approve nothing of it" in capsys.readouterr().out
    listed(ground, Output.JSON, 20, open_only=False)
    assert ["prp_1"] == msgspec.json.decode(capsys.readouterr().out)["changed"]


def test_none_at_all_says_how_to_make_one(home: object, capsys: pytest.CaptureFixture[str]) -> None:
    listed(a_ground(ScriptedStore(None)), Output.TEXT, 20, open_only=False)

    assert "holdfast propose TROUBLE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("output", "begins"),
    [
        (Output.TEXT, "LOW RISK: RolloutRestart of Deployment shop/web"),
        (Output.JSON, '{\n  "schema": "holdfast.dev/proposal/v1alpha1"'),
        (Output.YAML, "schema: holdfast.dev/proposal/v1alpha1"),
        (Output.MARKDOWN, "# LOW RISK: RolloutRestart of Deployment shop/web"),
    ],
)
def test_one_is_shown_as_its_card(
    home: object, output: Output, begins: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show(a_ground(ScriptedStore(None, a_case())), RESTART.id, output)

    assert capsys.readouterr().out.startswith(begins)


def test_what_makes_no_sense_is_refused(home: object) -> None:
    ground = a_ground(ScriptedStore(None))
    with pytest.raises(BadInput, match="no latest -1"):
        listed(ground, Output.TEXT, -1, open_only=False)
    with pytest.raises(BadInput, match="no Markdown"):
        listed(ground, Output.MARKDOWN, 1, open_only=False)
