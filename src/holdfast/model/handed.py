"""What people and programs may ask the keeper for: the bodies of letters.

Each is a claim that the keeper verifies: it looks the target up by itself, computes the steps by
itself, and finds out who a person is by the signature alone.
"""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from holdfast.model.plans import MOST

PROPOSE, PLAN, WORD, FREEZE, THAW = "propose", "plan", "word", "freeze", "thaw"
"""The kinds of letters."""

ASKED = "asked"
"""What becomes of a letter `propose` that was heard: the outcome is `asked prp_...: ent_...`."""

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Meant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which object somebody means; it is looked up, and must be there with that uid."""

    api_version: Text
    kind: Text
    namespace: Annotated[str, msgspec.Meta(max_length=300)]
    name: Text
    uid: Text


class Propose(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a letter `propose`: one action on one object, as an answer to one fact."""

    trouble: Text  # what the scan called it
    code: Text  # the fact that must be absent afterwards
    target: Meant
    action: Text  # the kind's name
    params: Mapping[str, bool | int | str]
    requester: Annotated[str, msgspec.Meta(max_length=100)]  # a program's name; no proof of it


class ProposePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a letter `plan`: several, one after the other, asked for as one."""

    steps: Annotated[tuple[Propose, ...], msgspec.Meta(min_length=2, max_length=MOST)]


class Handed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a letter `word` or `thaw`: what a person signed, and the signature."""

    statement: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    signature: Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]


class Freeze(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a letter `freeze`: nothing new is done. Anybody may ask for less."""

    reason: Reason
    undo_too: bool = False  # also what would be taken back is left as it is


def proposal_named(outcome: str) -> str:
    """The id of the proposal that a letter's outcome names; empty where it names none."""
    word, _, id_ = outcome.partition(":")[0].partition(" ")
    return id_ if word == ASKED else ""
