"""What a person signs: one short document, the same for whoever signs and whoever verifies.

It names the proposal, its digest, the step, the decision and how long that holds, so that a
signature for one proposal, step or decision fits no other. It is canonical JSON in one line, so
that `ssh-keygen -Y verify` over the file shows an auditor what we saw.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from holdfast.errors import BadRecord, NotCanonical
from holdfast.model.canonical import canonical
from holdfast.model.times import stamp

NAMESPACE = "holdfast-approval"
"""The namespace of the SSH signature: one that was made for something else is none of ours."""

LONGEST = 4096

ProposalId = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z_]{1,60}\Z")]
"""What a proposal can be called: a database is asked for it before any signature is looked at."""

Until = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment that is the same one everywhere."""


class Decision(StrEnum):
    """What a person says."""

    APPROVE = "approve"
    REJECT = "reject"
    UNDO = "undo"  # take back what was done


class Statement(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False
):
    """One person's word on one step of one proposal."""

    v: int
    cluster: str
    proposal: ProposalId
    digest: str
    step: int
    decision: Decision
    until: Until
    reason: str = ""

    def text(self) -> bytes:
        """What is signed."""
        return canonical(
            {
                "v": self.v,
                "cluster": self.cluster,
                "proposal": self.proposal,
                "digest": self.digest,
                "step": self.step,
                "decision": self.decision.value,
                "until": stamp(self.until),
                "reason": self.reason,
            }
        )


def read(text: bytes) -> Statement:
    """The statement of that text, which must be its one canonical form.

    Raises `BadRecord` for anything else: what could be read in two ways was not said.
    """
    try:
        told = msgspec.json.decode(text, type=Statement, strict=True) if _short(text) else None
        if told is not None and told.v == 1 and told.text() == text:
            return told
    except (msgspec.MsgspecError, NotCanonical, UnicodeDecodeError):
        pass
    raise BadRecord(
        "This is no statement of an approval, or is not written as we write it.",
        remedy="Sign the text that `holdfast approve --print` gives, byte by byte.",
    )


def _short(text: bytes) -> bool:
    return len(text) <= LONGEST
