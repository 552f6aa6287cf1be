"""One request to the simulated API server, however it came in, and its trace in the audit."""

import json
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from holdfast.testing.documents import Json
from holdfast.testing.rbac import Ask, User
from holdfast.testing.status import StatusError, bad_request, invalid


class PatchForm(StrEnum):
    """The patches that are understood; every other form is refused with 415."""

    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"  # only without lists and directives


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for what; the query is kept as it stands on the wire."""

    who: User
    ask: Ask
    version: str | None = None
    query: Mapping[str, str] = {}
    body: Json | None = None
    patch: str = PatchForm.MERGE
    metadata_only: bool = False
    fault: StatusError | None = None  # of its form; told to those alone who may ask at all

    @property
    def dry(self) -> bool:
        """Whether this is a rehearsal."""
        asked = self.query.get("dryRun")
        return said_dry(None if asked is None else [asked], of=self.ask.verb)


def said_dry(values: object, *, of: str) -> bool:
    """The value of dryRun: `All` or nothing; anything else is refused, never guessed."""
    match values:
        case None | []:
            return False
        case ["All"]:
            return True
        case _:
            told = json.dumps(values, separators=(" ", ":"))
            message = f'Unsupported value: {told}: supported values: "All"'
            raise refused_option(of, "dryRun", message)


def refused_option(verb: str, field: str, message: str) -> StatusError:
    """422 for an option of a request."""
    options = "DeleteOptions" if verb == "deletecollection" else f"{verb.capitalize()}Options"
    return invalid("meta.k8s.io", options, "", (field, "FieldValueNotSupported", message))


def number(text: str) -> int:
    """A number of a query; 400 for what is none."""
    try:
        return int(text)
    except ValueError as wrong:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from wrong


def switched_on(query: Mapping[str, str], name: str) -> bool:
    """A switch of a query: everything but no, nothing and zero is yes."""
    return query.get(name, "false").lower() not in ("false", "0")


class Audited(msgspec.Struct, frozen=True, kw_only=True):
    """One request as the audit log keeps it."""

    verb: str
    resource: str  # with its group and subresource: `deployments.apps/status`; else the path
    namespace: str = ""
    name: str = ""
    user: str
    code: int
    dry_run: bool = False


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the API server answers."""

    code: int
    body: Json


def refused(error: StatusError) -> Answer:
    """A refusal as an answer."""
    return Answer(code=error.code, body=error.status)
