"""Many people approve one proposal at the same moment, in four processes, and four keepers answer,
on a real control plane: it is done once. Who judges is the API server's audit log.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.adapters.clock import SystemClock
from holdfast.approvals.statements import Decision
from holdfast.execution.states import State
from holdfast.model.handed import WORD
from holdfast.model.letters import Letter
from holdfast.workflow.answers import REFUSED
from holdfast.workflow.approving import APPROVED
from tests.approvals.keygen import make_key
from tests.cluster.leash import Installation
from tests.cluster.mendable import mendable
from tests.cluster.repairs import broken, wrote
from tests.cluster.told import Told
from tests.proving import PROVE
from tests.surfaces.processes.handing_in import hand_in
from tests.tally import Count, Tally

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("leash"), pytest.mark.timeout(1800)]

KEEPERS = 4
N = 100 if PROVE else 8
TRIAL = "sick_daemonset"  # whose repair one person may approve


@contextmanager
def known(installed: Installation, folder: Path) -> Iterator[Installation]:
    """The same installation, with so many more people on call for as long as it lasts."""
    keys = dict(installed.keys)
    for number in range(N):
        own = folder / f"p{number}"
        own.mkdir()
        keys[own.name] = make_key(own, "ed25519")
    crowded = replace(installed, keys=keys)
    crowded.write_policy()
    try:
        yield crowded
    finally:
        installed.write_policy()


def _letter(installed: Installation, told: Told, who: str) -> Letter:
    said = installed.word(told, Decision.APPROVE, who)
    body = {"statement": said.statement, "signature": said.signature}
    id_, at = f"ltr_{told.case.id}_{who}", SystemClock().now()
    return Letter(id=id_, kind=WORD, sender=f"cli:{who}", body=body, at=at)


@pytest.fixture(params=["installed", "on_postgresql"] if PROVE else ["installed"])
def either(request: pytest.FixtureRequest) -> Installation:
    """On SQLite and, under `HOLDFAST_PROVE=1`, on PostgreSQL."""
    made: Installation = request.getfixturevalue(request.param)
    return made


async def test_of_many_yeses_in_four_processes_one_is_done(
    either: Installation, tmp_path: Path, tally: Tally
) -> None:
    each = next(each for each in mendable() if each.name == TRIAL)
    with known(either, tmp_path) as crowded, ExitStack() as keepers:
        for number in range(KEEPERS):
            keepers.enter_context(crowded.keeper(tmp_path / f"log-{number}"))
        stage = await broken(crowded, each, f"together-{crowded.database}")
        mark = crowded.lab.audit_mark()
        wanted = await crowded.wanted(stage.namespace, each.action, each.code)
        told = await crowded.propose(wanted)
        letters = [_letter(crowded, told, f"p{number}") for number in range(N)]
        await asyncio.to_thread(hand_in, crowded.inbox, crowded.store.cluster, letters)
        outcomes = [await crowded.answer(letter.id) for letter in letters]
        answers = Counter([await _clear(crowded, outcome) for outcome in outcomes])
        told = await crowded.until(told.case.id, State.RECOVERED)
        by = [*wrote(crowded.lab.audit_events(mark), told)]

    suite = f"approvals of one proposal at once, on a real control plane, {either.database}"
    for answer, count in answers.items():
        tally(Count(f"{suite}, {answer}", count))
    refused = sum(count for answer, count in answers.items() if answer.startswith(f"{REFUSED}, "))
    tally(Count(suite, N, failures=int((len(by), refused) != (1, N - 1))))
    assert 1 == len(by), by
    assert 1 == answers[APPROVED]
    assert N - 1 == refused
    assert [] == either.left()


async def _clear(installed: Installation, outcome: str) -> str:
    """The answer, and why it is no."""
    word = outcome.partition(":")[0]
    return f"{REFUSED}, {await installed.because(outcome)}" if word == REFUSED else word
