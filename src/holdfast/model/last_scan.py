"""What the next scan needs to know of the last one: which troubles there were, and no more.

No sentence of anybody else's is in it: ids, codes, severities, who it was about and since when.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec

from holdfast.model.objects import Ref, Time
from holdfast.model.rules import Severity


class Remembered(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One trouble, as it was last seen."""

    id: str
    code: str
    severity: Severity
    about: Ref
    since: Time
    seen: Time  # the moment of the last scan that saw it
    despite: tuple[str, ...] = ()  # what its rule could not see even then


class LastScan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A scan of one cluster and one scope."""

    cluster: str  # its uid
    namespaces: tuple[str, ...] | None  # None: all of them
    when: Time
    troubles: tuple[Remembered, ...] = ()


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """A trouble that is not there, and nobody could have seen it: not gone, but unknown."""

    trouble: Remembered
    because: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How this scan stands to the last one."""

    when: datetime  # of the last one
    new: frozenset[str] = frozenset()  # ids of troubles that were not there
    worse: Mapping[str, Severity] = MappingProxyType({})  # what those were before that got worse
    gone: tuple[Remembered, ...] = ()
    unknown: tuple[Lost, ...] = ()
    carried: tuple[Remembered, ...] = ()  # neither shown nor gone: to be remembered further
