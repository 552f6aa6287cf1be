"""A whole record in a store, judged before anybody relies on it."""

from collections.abc import Callable, Sequence

from holdfast.audit.verification import Verifier
from holdfast.errors import BadRecord
from holdfast.model.entries import Check, PublicKey
from holdfast.ports import Records


def judge(keys: Sequence[PublicKey], check: Check) -> Callable[[Records], None]:
    """Who raises `BadRecord` for a record that does not verify under those keys."""

    def judging(records: Records) -> None:
        verifier = Verifier(keys, check)
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
        if outcome.state != records.tip():
            raise BadRecord(
                "The record does not end where its store says that it does.",
                remedy="Take another backup. Nothing was written.",
            )

    return judging
