"""A whole record in a store, judged before anybody relies on it."""

from collections.abc import Callable, Sequence

from holdfast.audit.verification import Verified, Verifier
from holdfast.errors import BadRecord
from holdfast.model.entries import Check, Checkpoint, PublicKey
from holdfast.ports import Records
from holdfast.workflow.retention import Trust, revoked_before


def judge(keys: Sequence[PublicKey], check: Check) -> Callable[[Records], None]:
    """Who raises `BadRecord` for a record that does not verify under those keys."""

    def judging(records: Records) -> None:
        trust = Trust(keys=keys, check=check)
        start = trust.read(records.start())
        if start is not None:
            trust = trust.without(revoked_before(records, start.size))
        verifier = Verifier(trust.keys, check, start=start)
        for line in records.lines():
            if not verifier.take(line):
                break
        outcome = verifier.outcome()
        if outcome.broken is not None:
            raise BadRecord(
                f"The record does not verify from entry {outcome.broken.seq} on: "
                f"{outcome.broken.because}.",
                remedy="Bring the audit key with --key if it is another's; else take another "
                "backup. Nothing was written.",
            )
        if why := false_end(outcome, records.tip(), start):
            raise BadRecord(f"{why}.", remedy="Take another backup. Nothing was written.")

    return judging


def false_end(outcome: Verified, tip: Checkpoint | None, start: Checkpoint | None) -> str:
    """What a store says of its record's ends that the record does not; empty if it is so."""
    if outcome.state != tip:
        return "The record does not end where its store says that it does"
    if start is not None and start.size not in outcome.let_go:
        return f"The entries up to {start.size} are not here, and no entry says who let them go"
    return ""
