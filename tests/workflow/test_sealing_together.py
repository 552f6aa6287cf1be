"""Four processes submit and two would seal: one unbroken chain, and nobody goes on unsealed."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from holdfast.adapters.stores.store import SqlStore
from holdfast.model.entries import Entry
from tests.audit.chains import a_draft, verified
from tests.proving import PROVE
from tests.tally import Count, Tally

ROOT = Path(__file__).parents[2]
EACH = 1000 if PROVE else 25


def a_process(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.workflow.sealing_process", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def next_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def finished(process: subprocess.Popen[str]) -> list[str]:
    told, _ = process.communicate(timeout=280)
    assert process.returncode == 0
    return told.splitlines()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_four_submit_and_two_would_seal(database: str, sql_store: SqlStore, tally: Tally) -> None:
    sealers = [a_process("seal", database) for _ in range(2)]
    submitters = [
        a_process("submit", database, str(first), str(EACH)) for first in (1000, 3000, 5000, 7000)
    ]
    told: list[str] = []
    try:
        for sealer in sealers:
            assert next_line(sealer) == "ready"
        # Killed as soon as it was told: what it was told must be true all the same.
        doomed = submitters.pop()
        told += [next_line(doomed) for _ in range(EACH // 2)]
        doomed.kill()
        told += doomed.communicate()[0].splitlines()
        sealers[0].kill()  # in the middle of whatever it does
        for submitter in submitters:
            lines = finished(submitter)
            assert len(lines) == EACH
            told += lines
        sealers[1].terminate()
        finished(sealers[1])
    finally:
        for process in (*sealers, *submitters):
            process.kill()
            process.communicate()

    with sql_store.reading() as tx:
        chain = list(tx.records.lines())
        tip = tx.records.tip()
        left = tx.records.waiting(9)
    outcome = verified(chain)
    assert (outcome.broken, outcome.entries) == (None, len(chain))
    assert outcome.state == tip
    assert len(left) <= 1  # the doomed one's last, if nobody was there to seal it
    entries = {entry.id: entry for entry in map(_entry, chain)}
    for line in told:
        number, seq = map(int, line.split())
        entry = entries[a_draft(number).id]
        assert (entry.seq, entry.details) == (seq, a_draft(number).details)
    tally(Count("entries sealed before their callers went on", n=len(told)))


def _entry(line: bytes) -> Entry:
    return msgspec.json.decode(line, type=Entry)
