"""The names of leases: they carry what the cluster pins, so that it can check a lease by its name.

`<purpose>.<action>.<uid of the target>.<generation>`, in lower case, as a service account is named.
"""

import re
from enum import StrEnum

import msgspec

LONGEST = 253
_FORM = re.compile(
    r"(?P<purpose>preview|act|undo)\.(?P<action>[a-z]+)\.(?P<uid>[a-z0-9-]+)\.(?P<generation>\d{1,9})"
)


class Purpose(StrEnum):
    """What a lease is for."""

    PREVIEW = "preview"
    ACT = "act"
    UNDO = "undo"


class LeaseName(msgspec.Struct, frozen=True, kw_only=True):
    """One lease: one purpose, one kind of action, one object, one attempt."""

    purpose: Purpose
    action: str  # the kind's name, in lower case
    uid: str
    generation: int

    def __str__(self) -> str:
        return f"{self.purpose.value}.{self.action}.{self.uid}.{self.generation}"


def lease_name(purpose: Purpose, action: str, uid: str, generation: int) -> LeaseName:
    """The lease's name. Raises `ValueError` for what can be no name: nothing is made to fit."""
    named = LeaseName(purpose=purpose, action=action.lower(), uid=uid, generation=generation)
    if parsed(str(named)) != named:
        raise ValueError(f"{named} is no name that a lease may have")
    return named


def parsed(name: str) -> LeaseName | None:
    """What a name says, if it is a lease's in its one form."""
    form = _FORM.fullmatch(name) if len(name) <= LONGEST else None
    if form is None or str(int(form["generation"])) != form["generation"]:
        return None
    return LeaseName(
        purpose=Purpose(form["purpose"]),
        action=form["action"],
        uid=form["uid"],
        generation=int(form["generation"]),
    )


def is_lease(name: str) -> bool:
    """Whether that is a lease's name."""
    return parsed(name) is not None
