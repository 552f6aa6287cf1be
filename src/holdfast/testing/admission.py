"""What is asked about a change before it is kept: where the fences of the simulated cluster stand.

It is not the API server's admission, and no evidence about it: policies are not evaluated here. A
fake may put a restatement of them in their place, and webhooks before it, which change what passes.
"""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from holdfast.testing.documents import Json
from holdfast.testing.rbac import User
from holdfast.testing.resources import Resource


class Operation(StrEnum):
    """What becomes of the object."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change, computed and not yet kept."""

    who: User
    operation: Operation
    resource: Resource
    subresource: str = ""
    namespace: str
    name: str
    before: Json | None = None  # a birth and an eviction have none
    after: Json | None = None  # of an eviction: the Eviction
    propagation: str = ""  # of a deletion
    manager: str = ""  # as who asks calls itself
    dry: bool


type Admission = Callable[[Change], str]
"""Why a change is refused; empty if it is not."""

type Webhook = Callable[[Resource, Json], Json]
"""What becomes of an object that is changed, on its way to be kept."""
