"""One request to the simulated API server, however it came in, and its trace in the audit."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from holdfast.testing.documents import Json
from holdfast.testing.rbac import Ask, User
from holdfast.testing.status import StatusError, invalid


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

    @property
    def dry(self) -> bool:
        """Whether this is a rehearsal."""
        return said_dry([self.query["dryRun"]] if self.query.get("dryRun") else [])


def said_dry(values: object) -> bool:
    """The value of dryRun: `All` or nothing; anything else is refused, never guessed."""
    match values:
        case None | []:
            return False
        case ["All"]:
            return True
        case _:
            raise invalid(
                "meta.k8s.io",
                "CreateOptions",
                "",
                (
                    "dryRun",
                    "FieldValueNotSupported",
                    f'Unsupported value: {values}: supported values: "All"',
                ),
            )


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
