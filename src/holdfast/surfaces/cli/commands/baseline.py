"""`holdfast baseline`, as it is declared."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from holdfast.surfaces.cli.commands.words import (
    WHERE,
    Context,
    Everywhere,
    Kubeconfig,
    Namespaces,
    namespaces,
)
from holdfast.surfaces.cli.doors import Doors, Target

type Snapshot = Annotated[Path | None, Parameter(group=WHERE)]
type Moment = Annotated[datetime | None, Parameter(group=WHERE)]


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
        span: Annotated[str, Parameter(name="--for")] = "",
        kubeconfig: Kubeconfig = None,
        context: Context = None,
        namespace: Namespaces = (),
        all_namespaces: Everywhere = False,
        snapshot: Snapshot = None,
        at: Moment = None,
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
        kubeconfig
            The kubeconfig file (default: $KUBECONFIG, then ~/.kube/config, then in-cluster).
        context
            The context in it (default: the current one).
        namespace
            Look only there; can be given more than once.
        all_namespaces
            Look everywhere (the default).
        snapshot
            Look at a folder instead.
        at
            With --snapshot of plain kubectl output: when it was taken.
        """
        from holdfast.surfaces.cli import baseline as doing
        from holdfast.surfaces.cli.looking import Source

        source = Source(
            target=Target(kubeconfig=kubeconfig, context=context),
            namespaces=namespaces(namespace, everywhere=all_namespaces),
            snapshot=snapshot,
            at=at,
        )
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
        kubeconfig: Kubeconfig = None,
        context: Context = None,
        snapshot: Snapshot = None,
        at: Moment = None,
    ) -> int:
        """Say what of a baseline has expired, and what is not found any more: then it exits 1.

        What nobody could see is unknown, and not gone.

        Parameters
        ----------
        file
            The baseline.
        kubeconfig
            The kubeconfig file (default: $KUBECONFIG, then ~/.kube/config, then in-cluster).
        context
            The context in it (default: the current one).
        snapshot
            Look at a folder instead.
        at
            With --snapshot of plain kubectl output: when it was taken.
        """
        from holdfast.surfaces.cli import baseline as doing
        from holdfast.surfaces.cli.looking import Source

        target = Target(kubeconfig=kubeconfig, context=context)
        return doing.check(doors, Source(target=target, snapshot=snapshot, at=at), file)

    @baseline.command
    def prune(
        *,
        file: Path,
        kubeconfig: Kubeconfig = None,
        context: Context = None,
        snapshot: Snapshot = None,
        at: Moment = None,
    ) -> int:
        """Take out of a baseline what `check` says has expired or is gone.

        Parameters
        ----------
        file
            The baseline.
        kubeconfig
            The kubeconfig file (default: $KUBECONFIG, then ~/.kube/config, then in-cluster).
        context
            The context in it (default: the current one).
        snapshot
            Look at a folder instead.
        at
            With --snapshot of plain kubectl output: when it was taken.
        """
        from holdfast.surfaces.cli import baseline as doing
        from holdfast.surfaces.cli.looking import Source

        target = Target(kubeconfig=kubeconfig, context=context)
        return doing.prune(doors, Source(target=target, snapshot=snapshot, at=at), file)
