"""What a killed keeper leaves behind for whoever takes over: rows, entries, objects of the cluster.

What is another one in each run (ids, hashes, times, versions of objects) is left out. So is whether
an entry is sealed already, which is the sealer's pace, and what is merely looked for by the clock.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import text

from holdfast.adapters.engine.rows import of
from holdfast.model.entries import Draft, Entry
from holdfast.model.ordered import JOURNAL, SWEEP
from holdfast.workflow.expiring import EXPIRE
from tests.surfaces.processes.crashing import Run

OTHERS = re.compile(
    r"\b[a-z]{3}_\w{12,}|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{16,}\b"
    r"|http://127\.0\.0\.1:\d+"
    r"|-----BEGIN SSH SIGNATURE-----.*?-----END SSH SIGNATURE-----"
    r"|\d{4}-\d\d-\d\dT[\d:.]+Z?|\"resourceVersion\":\"\d+\""
)
MOST = 1000  # entries that wait to be sealed
BY_THE_CLOCK = (EXPIRE, JOURNAL, SWEEP)
ROWS = {
    "cases": "SELECT state, course, progress FROM hf_cases",
    "answers": "SELECT letter, outcome FROM hf_answers",
    "words": "SELECT proposal, step, person FROM hf_words",
    "spent": "SELECT what, key FROM hf_once",
    "switches": "SELECT name, value FROM hf_switches",
    "runs": "SELECT name, status, recovery_attempts FROM workflow_status",
    "steps": "SELECT name, function_name "
    "FROM operation_outputs JOIN workflow_status USING (workflow_uuid)",
}


def left_behind(run: Run) -> Mapping[str, Sequence[str]]:
    """All of it, by its sort."""
    with run.store.reading() as tx:
        connection = of(tx)
        told = {
            sort: [
                str(tuple(row))
                for row in connection.execute(text(asked))
                if row[0] not in BY_THE_CLOCK
            ]
            for sort, asked in ROWS.items()
        }
        drafts = tx.records.waiting(MOST)
    entries: list[Draft | Entry] = [*drafts, *run.entries()]
    told["entries"] = [_told((each.kind, each.subjects, each.details)) for each in entries]
    everything = run.shop.cluster.server.store.everything()
    told["objects"] = [*map(_told, everything)]
    return {sort: sorted(OTHERS.sub("...", each) for each in some) for sort, some in told.items()}


def _told(what: object) -> str:
    return msgspec.json.encode(what, order="sorted").decode()
