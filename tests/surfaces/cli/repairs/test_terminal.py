"""Approving at a real terminal, on a real database, with the real ssh-keygen."""

import os
import pty
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import msgspec
import pytest

from holdfast.execution.states import State
from holdfast.model.access import Process
from holdfast.model.entries import Draft
from holdfast.model.letters import Beat
from holdfast.model.proposals import Proposal
from holdfast.model.repairs import Risk
from holdfast.surfaces.cli.exits import NOTHING, REFUSED
from holdfast.wiring.footing import ground
from tests.approvals.keygen import make_key
from tests.surfaces.cli.conftest import Holdfast
from tests.surfaces.cli.repairs.scripted import as_heard, as_proposed
from tools.proposals import RESTART, a_case

pytestmark = pytest.mark.slow

WITHIN = 60.0

type Letters = list[str]


def open_for_long(**changed: object) -> Proposal:
    """It is open by the clock of this machine."""
    now = datetime.now(UTC).replace(microsecond=0)
    until = now.replace(year=now.year + 1)
    return msgspec.structs.replace(RESTART, proposed=now, open_until=until, **changed)


@pytest.fixture
def keeper(installed: Path) -> Iterator[Letters]:
    """Records every letter about the proposal, and approves it."""
    seen: Letters = []
    ended = Event()

    def answer() -> None:
        ours = ground(None, Process.KEEPER)
        with ours.store() as store:
            sealer = ours.sealer(store, None)
            while not ended.wait(0.1):
                with store.transaction() as tx:
                    now = tx.now()
                    beat = Beat(
                        executor="keeper-1", role="keeper", version="0", started=now, beat=now
                    )
                    tx.beats.beat(beat)
                    for letter in tx.letters.waiting(9):
                        seen.append(str(letter.body["statement"]))
                        was = tx.cases.case(RESTART.id)
                        assert was is not None
                        begins = Draft(
                            id="ent_2", kind="intent", actor="keeper", subjects=(RESTART.id,)
                        )
                        assert tx.cases.move(
                            was, msgspec.structs.replace(was, state=State.APPROVED)
                        )
                        draft = Draft(
                            id="ent_1", kind="approval", actor="ana", details=as_heard(letter)
                        )
                        tx.records.submit(begins, draft)
                        tx.letters.answer(letter.id, "approved: ent_1")
                sealer.batch()

    thread = Thread(target=answer)
    thread.start()
    yield seen
    ended.set()
    thread.join()


def typed(command: list[str], answer: Callable[[str], str | None]) -> tuple[int, str]:
    """Run it at a terminal of 100 columns; `answer` is asked at each piece that it says."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ["COLUMNS"] = "100"
        os.execv(sys.executable, [sys.executable, "-m", "holdfast", *command])  # noqa: S606
    said, until = "", time.monotonic() + WITHIN
    with suppress(OSError):  # it has ended, and the terminal with it
        while time.monotonic() < until and select.select([terminal], [], [], WITHIN)[0]:
            said += os.read(terminal, 4096).decode(errors="replace")
            if (word := answer(said)) is not None:
                os.write(terminal, f"{word}\n".encode())
                answer = _silent
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def _silent(_said: str) -> str | None:
    return None


def says(word: str) -> Callable[[str], str | None]:
    return lambda said: word if "to go on:" in said else None


def put(proposal: Proposal) -> None:
    ours = ground(None, Process.KEEPER)
    with ours.store() as store:
        with store.transaction() as tx:
            assert tx.cases.put(a_case(proposal))
        ours.sealer(store, None).record([as_proposed(proposal)])


@pytest.mark.parametrize(
    ("risk", "word", "code"),
    [
        (Risk.LOW, "yes", NOTHING),
        (Risk.LOW, "y", REFUSED),
        (Risk.LOW, "", REFUSED),
        (Risk.HIGH, "yes", REFUSED),
        (Risk.HIGH, "web", NOTHING),
    ],
)
def test_what_is_shown_is_signed_once_somebody_means_it(
    keeper: Letters, tmp_path: Path, risk: Risk, word: str, code: int
) -> None:
    proposal = open_for_long(risk=risk)
    put(proposal)
    key = make_key(tmp_path, "ed25519")

    ended, said = typed(["approve", proposal.id, "--key", str(key)], says(word))

    assert code == ended, said
    assert f"{risk.name} RISK: RolloutRestart of Deployment shop/web" in said
    assert proposal.digest in said
    assert (code == NOTHING) is any(proposal.digest in each for each in keeper)
    assert (code == NOTHING) is ("is approved" in said)


def test_a_proposal_is_listed_and_shown_from_the_database(
    installed: Path, holdfast: Holdfast
) -> None:
    put(open_for_long())

    assert f"{RESTART.id} RolloutRestart of Deployment shop/web" in holdfast("proposals")
    assert "LOW RISK: RolloutRestart" in holdfast("proposals", RESTART.id)
    assert "No keeper is alive" in holdfast("approve", RESTART.id, "--yes", code=2)
    assert "Perhaps you mean" in holdfast("watch", RESTART.id[:-1], code=2)
