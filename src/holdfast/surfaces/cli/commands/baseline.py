"""`holdfast baseline`, as it is declared."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from holdfast.surfaces.cli.commands.words import (
    CURRENT,
    Everywhere,
    Namespaces,
    Place,
    namespaces,
)
from holdfast.surfaces.cli.doors import Doors


def declare(app: App, doors: Doors) -> None:
    """Add its commands."""
    baseline = App(
        name="baseline", help="Accept what is found, for a reason and for a time, in a file."
    )
    app.command(baseline)

    @baseline.command
    def accept(
        what: Annotated[tuple[str, ...], Parameter(negative=())],
        /,
        *,
        file: Path,
        reason: str,
        owner: str,
        until: str = "",
        span: Annotated[str, Parameter(name="--for", allow_leading_hyphen=True)] = "",
        namespace: Namespaces = (),
        all_namespaces: Everywhere = False,
        place: Place = CURRENT,
    ) -> int:
        """Accept what is found now: a scan that is given the file tells of it no more.

        Parameters
        ----------
        what
            The id of a finding (`fnd_...`) or of a trouble with what follows from it (`trb_...`),
            or CODE:Kind/namespace/name.
        file
            The baseline; it is made when it does not exist.
        reason
            Why this may be so.
        owner
            Who answers for it.
        until
            The last day, or a moment with its zone; at most 366 days away (default: in 90 days).
        span
            For how long instead: `12h`, `30d`, `6w`.
        namespace
            Look only there; can be given more than once.
        all_namespaces
            Look everywhere (the default).
        """
        from holdfast.surfaces.cli import baseline as doing

        within = namespaces(namespace, everywhere=all_namespaces)
        source = place.source(within)
        decision = doing.Decision(reason=reason, owner=owner, until=until, span=span)
        return doing.accept(doors, source, file, what, decision)

    @baseline.command
    def show(*, file: Path) -> int:
        """Say what a baseline holds, and what of it has expired.

        Parameters
        ----------
        file
            The baseline.
        """
        from holdfast.surfaces.cli import baseline as doing

        return doing.show(doors, file)

    @baseline.command
    def check(
        *,
        file: Path,
        place: Place = CURRENT,
    ) -> int:
        """Say what of a baseline has expired, and what is not found any more.

        Exits 0 when all of it is still there or unknown because nobody could see, 1 when something
        has expired or is gone, and 2 when it could not look.

        Parameters
        ----------
        file
            The baseline.
        """
        from holdfast.surfaces.cli import baseline as doing

        return doing.check(doors, place.source(), file)

    @baseline.command
    def prune(
        *,
        file: Path,
        place: Place = CURRENT,
    ) -> int:
        """Take out of a baseline what `check` says has expired or is gone.

        Parameters
        ----------
        file
            The baseline.
        """
        from holdfast.surfaces.cli import baseline as doing

        return doing.prune(doors, place.source(), file)
