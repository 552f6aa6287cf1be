"""What is put into the keeper's inbox, and how a process says that it lives."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import msgspec

from holdfast.model.canonical import Plain
from holdfast.model.runs import Figures

REMARK = "remark"
LONGEST_REMARK = 4000  # characters


class Remark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a letter of that kind: something that a person wants to stand in the record."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_REMARK)]


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the inbox: the only thing that `serve` and the command line may hand over.

    What it says is a claim: the keeper verifies it, and trusts nothing but what it verified.
    """

    id: str
    kind: str  # `remark`, ...
    sender: str  # which process put it there; for people, decides nothing
    body: Mapping[str, Plain]
    at: datetime


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """A process of ours, and when it last said that it lives."""

    executor: str  # one process: its name and a suffix of this boot
    role: str  # `serve` or `keeper`
    version: str
    started: datetime
    beat: datetime
    figures: Figures | None = None  # of its engine, counted some seconds ago; None before that
