"""An order in a transaction that was rolled back is never done, one that was kept always is: also
when the process dies right after the commit, or right before it.
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from holdfast.adapters.stores import upkeep
from holdfast.adapters.stores.database import open_engine, parse_url
from tests.adapters.engine.five_phases import TABLES
from tests.adapters.engine.ordering import kind_of
from tests.adapters.engine.recorder import Listening, Recorder
from tests.adapters.engine.test_chaos import ROOT, Crew
from tests.audit.chains import CLUSTER
from tests.proving import PROVE
from tests.tally import Count, Tally

N = 1000 if PROVE else 40
SEED = 5


def ordered(url: str) -> int:
    """Let the orders be given, by as many processes as it takes; how many of those died."""
    first = died = 0
    while first < N:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tests.adapters.engine.ordering"),
                *(url, str(SEED), str(first), str(N - first)),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = done.stdout.splitlines()
        assert lines, done.stderr
        first = int(lines[-1].split()[1]) + 1
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        died += 1
    return died


def waiting(engine: Engine) -> int:
    """How many runs have not ended."""
    schema = "" if engine.dialect.name == "sqlite" else "holdfast_keeper."
    asked = "SELECT count(*) FROM {}workflow_status WHERE status IN ('ENQUEUED', 'PENDING')"
    with engine.connect() as connection:
        return int(connection.execute(text(asked.format(schema))).scalar_one())


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_an_order_is_done_if_and_only_if_its_transaction_was_kept(
    database: str, tmp_path: Path, tally: Tally
) -> None:
    address = parse_url(database)
    ours = open_engine(address)
    upkeep.upgrade(ours, CLUSTER)
    ours.dispose()
    looking = create_engine(address)
    with looking.begin() as connection:
        for each in TABLES.split(";"):
            connection.execute(text(each))
    recorder = Recorder(SEED, blind=0, lost=0)
    kept = {f"run_{n:05}/5" for n in range(N) if kind_of(SEED, n).startswith("keep")}
    with Listening(recorder) as port:
        crew = Crew(database, port, tmp_path / "stderr")
        try:
            crew.start("keeper")
            died = ordered(database)
            until = time.monotonic() + 600
            while waiting(looking) and time.monotonic() < until:
                time.sleep(0.1)
        finally:
            crew.end()
    looking.dispose()

    done = {act.target for act in recorder.acts}
    wrong = len(done ^ kept) + len(recorder.twice())
    print(f"\n{N} schedules, {len(kept)} kept, {died} processes died at a commit")
    tally(Count("orders that are done if and only if kept", n=N, failures=wrong, seed=SEED))
    assert kept == done
    assert [] == recorder.twice()
