"""Requests as data: what an action wants done, each to one object that is known by its uid.

No step says how it is encoded. A patch is a list of places and values; whoever sends it turns that
into one request with the uid and the resourceVersion of the fresh read as preconditions.
"""

import msgspec

from holdfast.model.canonical import Plain
from holdfast.model.objects import Ref
from holdfast.model.paths import Path


class Set(msgspec.Struct, frozen=True, kw_only=True):
    """One place, what is to stand there, and what stood there when that was decided.

    None stands for nothing: a value of None removes the place, `was` None demands that it is free.
    """

    path: Path
    value: Plain
    was: Plain


class Patch(msgspec.Struct, frozen=True, kw_only=True, tag="patch"):
    """Change some fields of an object, or of its subresource."""

    target: Ref
    sets: tuple[Set, ...]
    subresource: str = ""


class Evict(msgspec.Struct, frozen=True, kw_only=True, tag="evict"):
    """Have a pod go, as far as disruption budgets allow."""

    target: Ref


class Delete(msgspec.Struct, frozen=True, kw_only=True, tag="delete"):
    """Delete an object, and what it owns after it."""

    target: Ref


class Create(msgspec.Struct, frozen=True, kw_only=True, tag="create"):
    """Make an object again that was there before, under a new uid."""

    manifest: dict[str, Plain]


type Step = Patch | Evict | Delete | Create
