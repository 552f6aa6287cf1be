"""A state that the record does not bear out is never told as one, whatever rows say."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import msgspec
import pytest

from holdfast.adapters.stores.store import SqlStore
from holdfast.approvals.statements import Decision
from holdfast.errors import BadInput, BadRecord, NotReady
from holdfast.execution.states import State
from holdfast.model.access import Process
from holdfast.model.entries import Draft, Segment
from holdfast.model.ids import RANDOM, new_id
from holdfast.ports import Store, Tx
from holdfast.surfaces.cli.exits import NOTHING, REFUSED
from holdfast.surfaces.cli.repairs.approving import Wish, say
from holdfast.surfaces.cli.repairs.explaining import explain
from holdfast.surfaces.cli.repairs.following import GONE_FOR, follow
from holdfast.surfaces.cli.repairs.listing import NOT_HELD, Output, listed, show
from holdfast.testing.clock import NOON
from holdfast.testing.memory import Kept
from holdfast.workflow.orders import accept_restore
from holdfast.workflow.posting import NO_KEEPER, START_ONE
from tests.audit.chains import SIGNED
from tests.contracts.test_casework import put
from tests.surfaces.cli.repairs.scripted import ScriptedStore, a_ground, as_proposed, seal
from tests.workflow.test_sealing import a_sealer
from tools.proposals import ID, RESTART, a_case

Out = pytest.CaptureFixture[str]
SECOND = timedelta(seconds=1)
pytestmark = pytest.mark.usefixtures("home")


def forge(store: ScriptedStore, state: str) -> None:
    """Write over the row, as only somebody with the database in hand could."""
    with store.transaction() as tx:
        assert isinstance(tx.native, Kept)
        tx.native.casework.cases[ID] = msgspec.structs.replace(a_case(), state=state)


def forged(state: str, was: State = State.PROPOSED) -> ScriptedStore:
    """A proposal that was sealed and is at that state, and of which the row says otherwise."""
    store = ScriptedStore(lambda *_: "", a_case(state=was))
    with store.transaction() as tx:
        seal(store, tx, as_proposed(RESTART))
    forge(store, state)
    return store


def saying(decision: Decision) -> Callable[[Store], object]:
    wish = Wish(id=ID, decision=decision, reason="x", yes=True)

    def no_signing() -> None:
        raise AssertionError("nobody signs anything")

    return lambda store: say(a_ground(store), no_signing, wish, NOON)  # type: ignore[arg-type]


COMMANDS: dict[str, Callable[[Store], object]] = {
    "watch": lambda store: follow(a_ground(store), ID, pace=0),
    "watch for programs": lambda store: follow(a_ground(store), ID, pace=0, json=True),
    "proposals": lambda store: show(a_ground(store), ID, Output.TEXT),
    "policy explain": lambda store: explain(a_ground(store), ID),
    "approve": saying(Decision.APPROVE),
    "reject": saying(Decision.REJECT),
    "undo": saying(Decision.UNDO),
}
every_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))


@every_command
@pytest.mark.parametrize(
    ("was", "state"),
    [
        (State.PROPOSED, State.RECOVERED),
        (State.PROPOSED, State.REJECTED),
        (State.PROPOSED, State.UNDONE),
        (State.NOT_RECOVERED, State.RECOVERED),
        (State.REJECTED, State.PROPOSED),
    ],
)
def test_both_are_named_where_a_row_says_otherwise_than_the_record(
    command: Callable[[Store], object], was: State, state: State, capsys: Out
) -> None:
    with pytest.raises(BadRecord) as odd:
        command(forged(state, was))

    assert f"its row says that it is {state.value}, and entry 1 of the record {was.value}" in (
        odd.value.wrong
    )
    assert "find out who can write into the database" in odd.value.remedy
    assert "" == capsys.readouterr().out


@every_command
def test_a_word_that_is_no_state_is_named_with_its_row(command: Callable[[Store], object]) -> None:
    with pytest.raises(BadRecord, match=f"The row of {ID} says 'evil', which is no state"):
        command(forged("evil"))


@every_command
def test_of_a_row_that_is_gone_it_is_said_what_the_record_knows(
    command: Callable[[Store], object],
) -> None:
    store = forged(State.APPLIED, State.APPLIED)
    with store.transaction() as tx:
        assert isinstance(tx.native, Kept)
        del tx.native.casework.cases[ID]

    with pytest.raises(BadRecord) as lost:
        command(store)

    said = f"Somebody has deleted {ID} from the database: entry 1 of the record says that it is"
    assert f"{said} applied, and its row is gone." == lost.value.wrong
    assert "Look at its target yourself" in lost.value.remedy


def test_what_the_record_does_not_know_either_was_never_there() -> None:
    with pytest.raises(BadInput, match="There is no proposal prp_7"):
        show(a_ground(forged(State.RECOVERED)), "prp_7", Output.TEXT)


def test_the_list_says_so_in_place_of_the_proposal(capsys: Out) -> None:
    ground = a_ground(forged(State.RECOVERED, State.NOT_RECOVERED))

    assert NOTHING == listed(ground, Output.TEXT, 20, open_only=False)
    says = "its row says that it is recovered, and entry 1 of the record not_recovered"
    assert f"{ID}  was changed in the database: {says}\n" == capsys.readouterr().out
    listed(ground, Output.JSON, 20, open_only=False)
    told = msgspec.json.decode(capsys.readouterr().out)
    assert ([], [], {ID: says}) == (told["proposals"], told["changed"], told["odd"])


def test_the_list_says_so_in_a_database_as_well(sql_store: SqlStore, capsys: Out) -> None:
    ended = a_case(state=State.RECOVERED)
    put(sql_store, ended)
    with sql_store.transaction() as tx:
        tx.records.submit(as_proposed(RESTART))
    a_sealer(sql_store).batch()

    listed(a_ground(sql_store), Output.TEXT, 20, open_only=False)

    assert "its row says that it is recovered, and entry 1 of the record proposed" in (
        capsys.readouterr().out
    )


REJECTED = Draft(id="ent_no", kind="rejection", actor="ana", subjects=(ID,), details=SIGNED)


class Late(ScriptedStore):
    """What waits is sealed when somebody has looked so often; never, if that is never."""

    looks = 0

    def __init__(self, sealed_after: int | None = None, *drafts: Draft, alive: bool = True) -> None:
        super().__init__((lambda *_: "") if alive else None, a_case())
        self._sealed_after = sealed_after
        with self.transaction() as tx:
            seal(self, tx, as_proposed(RESTART))
            assert isinstance(tx.native, Kept)
            tx.native.casework.cases[ID] = a_case(state=State.REJECTED)
            tx.records.submit(*(drafts or (REJECTED,)))

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """As its own; then time goes by."""
        with super().reading() as tx:
            yield tx
        self.looks += 1
        self.clock.advance(SECOND)
        self.beat()
        if self.looks == self._sealed_after:
            a_sealer(self, clock=self.clock).batch()


@pytest.mark.parametrize(
    "command",
    [
        lambda ground: follow(ground, ID, pace=0),
        lambda ground: show(ground, ID, Output.TEXT),
        lambda ground: listed(ground, Output.TEXT, 20, open_only=False),
    ],
)
def test_a_row_that_is_a_moment_ahead_is_waited_for(
    command: Callable[[object], int], capsys: Out
) -> None:
    command(a_ground(Late(sealed_after=3)))

    told = capsys.readouterr().out
    assert "rejected" in told
    assert "was changed" not in told


def test_a_row_that_stays_ahead_is_not_followed_for_ever() -> None:
    store = Late()

    with pytest.raises(NotReady) as unsealed:
        follow(a_ground(store), ID, pace=0)
    assert "the row is ahead of the record: 1 entry waits to be sealed." in unsealed.value.wrong
    assert "See what the keeper's log says" in unsealed.value.remedy
    assert store.looks == pytest.approx(GONE_FOR.total_seconds(), abs=2)


AHEAD = f"the row is ahead of the record: 1 entry waits to be sealed, and {NO_KEEPER}"


def test_where_nobody_seals_it_is_said_that_a_row_is_ahead_and_a_keeper_is_to_be_started(
    capsys: Out,
) -> None:
    ground = a_ground(Late(alive=False))

    assert NOTHING == listed(ground, Output.TEXT, 20, open_only=False)
    told = capsys.readouterr().out
    assert f"  {AHEAD}. {START_ONE[:-1]}\n" in told
    assert "rejected" in told
    assert "was changed" not in told
    listed(ground, Output.JSON, 20, open_only=False)
    value = msgspec.json.decode(capsys.readouterr().out)
    assert [ID] == [each["id"] for each in value["proposals"]] == [*value["notes"]]
    assert ([], {}) == (value["changed"], value["odd"])

    show(ground, ID, Output.TEXT)
    assert f"{ID}: {AHEAD}. {START_ONE}\n" == capsys.readouterr().err
    with pytest.raises(NotReady) as unsealed:
        follow(ground, ID, pace=0)
    assert (f"Nobody can tell where {ID} is: {AHEAD}.", START_ONE) == (
        unsealed.value.wrong,
        unsealed.value.remedy,
    )


@pytest.mark.parametrize(
    "planted",
    [
        msgspec.structs.replace(REJECTED, subjects=("prp_other",)),
        msgspec.structs.replace(REJECTED, kind="expired"),
        msgspec.structs.replace(REJECTED, kind="remark"),
        msgspec.structs.replace(REJECTED, process=Process.SERVE),
        msgspec.structs.replace(REJECTED, details={}),
    ],
    ids=["of another", "leads elsewhere", "leads nowhere", "refused to serve", "nobody's word"],
)
def test_what_waits_and_does_not_lead_there_explains_no_row(planted: Draft, capsys: Out) -> None:
    ground = a_ground(Late(None, planted, alive=False))

    listed(ground, Output.TEXT, 20, open_only=False)
    assert f"{ID}  was changed in the database: its row says that it is rejected" in (
        capsys.readouterr().out
    )
    with pytest.raises(BadRecord, match="its row says that it is rejected, and entry 1"):
        show(ground, ID, Output.TEXT)


async def test_after_a_restore_was_accepted_nobody_is_accused_before_a_keeper_has_sealed(
    capsys: Out,
) -> None:
    store = ScriptedStore(None, a_case())
    with store.transaction() as tx:
        seal(store, tx, as_proposed(RESTART))
    sealer = a_sealer(store, clock=store.clock)
    await accept_restore(sealer, (), "the disk died", "ada")
    ground = a_ground(store)

    listed(ground, Output.TEXT, 20, open_only=False)
    told = capsys.readouterr().out
    assert "expired" in told
    assert f"  {AHEAD}. {START_ONE[:-1]}\n" in told
    assert REFUSED == saying(Decision.APPROVE)(store)

    sealer.batch()
    capsys.readouterr()
    listed(ground, Output.TEXT, 20, open_only=False)
    assert "ahead of the record" not in capsys.readouterr().out


def test_what_stays_open_for_ever_and_is_not_among_the_newest_is_not_held(capsys: Out) -> None:
    old = a_case(state=State.NOT_RECOVERED)
    young = msgspec.structs.replace(RESTART, id="prp_young", proposed=RESTART.proposed + SECOND)
    store = ScriptedStore(None, a_case(young), old)
    forge(store, State.UNKNOWN)
    ground = a_ground(store)

    listed(ground, Output.JSON, 1, open_only=False)
    told = msgspec.json.decode(capsys.readouterr().out)
    assert ["prp_young", ID] == [each["id"] for each in told["proposals"]]
    assert {ID: NOT_HELD} == told["notes"]

    listed(ground, Output.JSON, 2, open_only=False)
    assert [ID] == [*msgspec.json.decode(capsys.readouterr().out)["odd"]]


def test_where_the_record_was_let_go_it_is_said_that_only_its_row_says_so(capsys: Out) -> None:
    old = new_id("prp", NOON, bytes(RANDOM))
    about = msgspec.structs.replace(RESTART, id=old)
    store = ScriptedStore(None, a_case(about, state=State.RECOVERED))
    with store.transaction() as tx:
        tip = tx.records.tip()
        assert tip is not None
        tx.records.close(Segment(size=tip.size, time=tip.time, note=b""))
        tx.records.let_go(tip.size, ())
    ground, says = a_ground(store), "what was recorded of it was let go, so only its row says so"

    show(ground, old, Output.TEXT)
    assert f"{old}: {says}.\n" == capsys.readouterr().err
    listed(ground, Output.TEXT, 20, open_only=False)
    assert f"  {says}\n" in capsys.readouterr().out
    assert NOTHING == follow(ground, old, pace=0)
    told = capsys.readouterr()
    assert f"{old}: {says}.\n" == told.err
    assert f"{old}: recovered." in told.out
