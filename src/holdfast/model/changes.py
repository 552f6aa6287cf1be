"""A change that came before a trouble: what, who, when, and how long before."""

from datetime import datetime

import msgspec

from holdfast.model.objects import Ref


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change to one object, as the object itself tells it."""

    about: Ref
    what: str
    who: str  # the field manager; empty when nobody says
    when: datetime
    distance: int  # in the topology, from the cause of the trouble
