"""`holdfast catalogue` and `holdfast explain`, as they are declared."""

from enum import StrEnum
from typing import Annotated

from cyclopts import App, Parameter

from holdfast.surfaces.cli.doors import Doors


class Listing(StrEnum):
    """Forms of the catalogue."""

    TEXT = "text"
    JSON = "json"


def declare(app: App, _doors: Doors) -> None:
    """Add both commands."""

    @app.command
    def catalogue(
        *,
        output: Annotated[Listing, Parameter(name=["--output", "-o"])] = Listing.TEXT,
    ) -> int:
        """List every rule: what is found, by code.

        Parameters
        ----------
        output
            `text` for people, `json` for programs.
        """
        from holdfast.surfaces.cli import catalogue as listing

        print(listing.as_json() if output is Listing.JSON else listing.as_text())
        return 0

    @app.command
    def explain(code: str, /) -> int:
        """Say what a finding means: when it is found, what it reads, what to do, what it misses.

        Parameters
        ----------
        code
            A code (`HF-STO-001`) or a name (`claim_stuck_pending`).
        """
        from holdfast.surfaces.cli import explain as explaining

        print(explaining.explain(code))
        return 0
