"""Every verifier comes to the same verdict on everything that can be done to a record.

`third_reader.py` was written from docs/reference/audit-format.md alone, by somebody who had not
seen our code.
"""

from collections.abc import Sequence

import pytest

from holdfast.adapters.signers.ed25519 import check
from holdfast.audit.checkpoints import read_note
from holdfast.audit.verification import Verifier
from holdfast.conformance import audit_verifier as one_file
from holdfast.model.entries import PublicKey
from tests.audit import third_reader
from tests.audit.chains import a_chain
from tests.audit.damage import Case, cases
from tests.tally import Count, Tally

pytestmark = pytest.mark.slow

SEED = 20261128


@pytest.fixture(scope="module")
def damaged(prove: bool) -> Sequence[Case]:
    return list(cases(a_chain(1000 if prove else 30), SEED))


def ours(case: Case) -> int | None:
    keys = [PublicKey(raw=raw) for raw in case.keys]
    verifier = Verifier(
        keys,
        check,
        anchors=[read_note(note, keys, check) for note in case.anchors],
        start=read_note(case.start, keys, check) if case.start is not None else None,
        cluster=case.cluster,
    )
    for line in case.lines:
        if not verifier.take(line):
            break
    broken = verifier.outcome().broken
    return broken.seq if broken is not None else None


def thirds(case: Case) -> int | None:
    _, bad, _ = third_reader.read(case.lines, case.keys, case.anchors, case.cluster, case.start)
    return bad


def test_each_bad_entry_is_named_and_nothing_else(damaged: Sequence[Case], tally: Tally) -> None:
    wrong = {case.name: (case.bad, ours(case)) for case in damaged if case.bad != ours(case)}
    tally(Count("audit: damaged records judged", len(damaged), failures=len(wrong), seed=SEED))
    assert {} == wrong


def test_a_reader_that_was_written_from_the_page_alone_agrees(
    damaged: Sequence[Case], tally: Tally
) -> None:
    wrong = {case.name: (case.bad, thirds(case)) for case in damaged if case.bad != thirds(case)}
    tally(Count("audit: damaged records, third reader", len(damaged), failures=len(wrong)))
    assert {} == wrong


def one_files(case: Case) -> int | None:
    keys = {one_file.key_id(raw): raw for raw in case.keys}
    anchors = [one_file.read_note(note, keys) for note in case.anchors]
    start = one_file.read_note(case.start, keys) if case.start is not None else None
    _, wrong = one_file.verify(case.lines, keys, anchors, start, case.cluster)
    return wrong[0] if wrong is not None else None


def test_the_verifier_in_one_file_agrees(damaged: Sequence[Case], tally: Tally) -> None:
    wrong = {c.name: (c.bad, one_files(c)) for c in damaged if c.bad != one_files(c)}
    tally(Count("audit: damaged records, one file", len(damaged), failures=len(wrong)))
    assert {} == wrong
