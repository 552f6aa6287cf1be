"""A trial as a value: what is given, how it is broken, and what a scan must say.

Read with `library`; everything that does not fit is refused with the file, the line and the reason.
`docs/how-to/write-a-trial.md` says what each word means.
"""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Literal

import msgspec

from holdfast.testing.documents import Json
from holdfast.testing.trials.pattern import Pattern
from holdfast.testing.trials.wording import span

KIND = "Trial"
_NAMED = re.compile(r"(HF-[A-Z]{3}-\d{3}) (\S+)")


class Area(StrEnum):
    """The parts of the catalogue; each is a folder of trials."""

    WORKLOADS = "workloads"
    CONFIGURATION = "configuration"
    STORAGE = "storage"
    NETWORK = "network"
    NODES = "nodes"
    DELIVERY = "delivery"
    CAPACITY = "capacity"
    SECURITY = "security"
    CONTROL_PLANE = "control-plane"
    OPERATORS = "operators"


class Author(StrEnum):
    """Who wrote it: somebody who knows the rules, or somebody who had not seen them."""

    HOUSE = "house"
    BLIND = "blind"


class Family(StrEnum):
    """Custom kinds that a trial may need; their definitions are installed, no controller runs."""

    CERT_MANAGER = "cert-manager"
    EXTERNAL_SECRETS = "external-secrets"
    ARGO_CD = "argo-cd"
    FLUX = "flux"
    CLOUDNATIVE_PG = "cloudnative-pg"
    VELERO = "velero"
    KEDA = "keda"
    GATEWAY_API = "gateway-api"


class _Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of the file: a key that it does not know is an error."""


class Condition(_Form, frozen=True, kw_only=True):
    """Something about objects that is awaited."""

    of: str
    where: Json | None = None
    gone: bool = False
    some: bool = False
    count: int | None = None

    def __post_init__(self) -> None:
        Pattern.of(self.of)
        if self.gone and (self.where is not None or self.count is not None or self.some):
            raise ValueError("`gone` stands alone")
        if self.some and self.count is not None:
            raise ValueError("`some` and `count` say different things")


class Change(_Form, frozen=True, kw_only=True):
    """A patch of objects that are there."""

    of: str
    with_: Json = msgspec.field(name="with")

    def __post_init__(self) -> None:
        Pattern.of(self.of)


class Told(_Form, frozen=True, kw_only=True):
    """An event about objects that are there."""

    of: str
    type: Literal["Normal", "Warning"]
    reason: str
    message: str
    from_: str = msgspec.field(name="from")
    count: int = 1

    def __post_init__(self) -> None:
        Pattern.of(self.of)


class Step(_Form, frozen=True, kw_only=True):
    """One thing that is done; exactly one of these."""

    apply: Json | None = None
    patch: Change | None = None
    status: Change | None = None
    delete: str | None = None
    event: Told | None = None
    await_: Condition | None = msgspec.field(name="await", default=None)

    def __post_init__(self) -> None:
        words = (self.apply, self.patch, self.status, self.delete, self.event, self.await_)
        if sum(word is not None for word in words) != 1:
            raise ValueError("a step is one of apply, patch, status, delete, event, await")
        if self.delete is not None:
            Pattern.of(self.delete)


class Cause(_Form, frozen=True, kw_only=True):
    """What must stand on top of the one trouble."""

    about: str
    code: str
    or_: tuple[str, ...] = msgspec.field(name="or", default=())

    def __post_init__(self) -> None:
        if not self.rights:
            raise ValueError("nothing is right")

    @property
    def rights(self) -> tuple[tuple[str, Pattern], ...]:
        """Every code that is right, and about whom: of a bare code in `or`, about the same."""
        either = (each if " " in each else f"{each} {self.about}" for each in self.or_)
        return tuple(named(text) for text in (f"{self.code} {self.about}", *either))


class Expected(_Form, frozen=True, kw_only=True):
    """The one trouble of a fault: its cause, and what may hang on it."""

    cause: Cause
    symptoms: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for text in self.symptoms:
            named(text)


class Trial(_Form, frozen=True, kw_only=True, rename={"api_version": "apiVersion"}):
    """One file of the library."""

    api_version: str
    kind: str
    says: str
    author: Author
    area: Area
    alone: bool = False
    needs: tuple[Family, ...] = ()
    given: tuple[Json, ...] = ()
    ready: tuple[Condition, ...] = ()
    fault: tuple[Step, ...] = ()
    until: tuple[Condition, ...]
    after: str = "6m"
    fleeting: bool = False
    expect: Expected | Literal["nothing"]
    after_all: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        span(self.after)
        if not self.until:
            raise ValueError("`until` is empty: nothing says when the judge may be asked")
        applied = (step.apply for step in (*self.fault, *self.after_all))
        for document in (*self.given, *applied):
            if document is not None:
                _check_document(document)

    @property
    def decoy(self) -> bool:
        """Nothing is wrong; it only looks so."""
        return self.expect == "nothing"

    @property
    def moved(self) -> timedelta:
        """How far the judge's clock is moved on."""
        return span(self.after)


def named(text: str) -> tuple[str, Pattern]:
    """A code and the objects that it is about: `HF-WRK-010 Deployment/web`."""
    found = _NAMED.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no code and object such as `HF-WRK-010 Deployment/web`")
    return found[1], Pattern.of(found[2])


def _check_document(document: Json) -> None:
    metadata = document.get("metadata")
    known = isinstance(document.get("apiVersion"), str) and isinstance(document.get("kind"), str)
    if not known or not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        raise ValueError("each object has apiVersion, kind and metadata.name")
