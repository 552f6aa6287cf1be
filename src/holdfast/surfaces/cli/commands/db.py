"""`holdfast db`, as it is declared."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from holdfast.surfaces.cli.commands.words import WHERE, Context, Keys, Kubeconfig, State
from holdfast.surfaces.cli.doors import Doors, Target


def declare(app: App, doors: Doors) -> None:
    """Add its commands."""
    db = App(name="db", help="Make, upgrade, check, back up and restore the database.")
    app.command(db)

    @db.command
    def upgrade(
        *,
        cluster: Annotated[str, Parameter(group=WHERE)] = "",
        kubeconfig: Kubeconfig = None,
        context: Context = None,
        state: State = None,
    ) -> int:
        """Make the tables, or bring them to what this version wants: whole, or not at all.

        Parameters
        ----------
        cluster
            The uid of the cluster that it is for (default: what the database says; a new one asks
            the cluster itself).
        kubeconfig
            The kubeconfig file, to ask with.
        context
            The context in it.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import db as keeping

        target = Target(kubeconfig=kubeconfig, context=context)
        return keeping.upgrade(doors.ground(state), cluster, doors, target)

    @db.command
    def check(*, state: State = None) -> int:
        """Say whether this version may use the database, and whether it is as its anchors know it.

        It does not verify the record, entry by entry: that is what `holdfast audit verify` does.

        Parameters
        ----------
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import db as keeping

        return keeping.check(doors.ground(state))

    @db.command
    def backup(file: Path, /, *, key: Keys = (), state: State = None) -> int:
        """Write everything into one file, as it is at this moment; whoever uses it goes on.

        Then the record is verified, and held against the anchors: exits 1 when it does not hold,
        because such a backup could not be relied on. The file is written all the same. Exits 0 also
        where there is no public key to verify it by, and says so on standard error.

        Parameters
        ----------
        file
            Where to; it must not be there yet.
        key
            A public audit key, or a folder of them (default: our own); can be given again.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import db as keeping

        return keeping.backup(doors.ground(state), file, key, doors)

    @db.command
    def restore(file: Path, /, *, key: Keys = (), state: State = None) -> int:
        """Fill an empty database from a backup, if the file is whole and its record verifies.

        Parameters
        ----------
        file
            The backup.
        key
            A public audit key, or a folder of them (default: our own); can be given again.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import db as keeping

        return keeping.restore(doors.ground(state), file, key, doors.now())

    @db.command
    def accept_restore(*, reason: str, state: State = None) -> int:
        """Give up what a restored backup has lost: begin a new epoch, void what waited in it.

        The record says so for ever, with who ordered it and why. Needs the audit key. It is also
        how a record goes on whose audit key is lost: with another one, in a new epoch.

        Parameters
        ----------
        reason
            Why it was restored, or how the key was lost.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import db as keeping

        return keeping.accept(doors.ground(state), reason)

    @db.command
    def grants(
        *,
        serve: str = "holdfast_serve",
        keeper: str = "holdfast_keeper",
        apply: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
        state: State = None,
    ) -> int:
        """Print the rights of the two processes on PostgreSQL, as statements; or grant them.

        Parameters
        ----------
        serve
            The database role of `holdfast serve`.
        keeper
            The database role of `holdfast keeper`.
        apply
            Run them, all or none, as whoever the address of the database names.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.model.access import Process
        from holdfast.surfaces.cli import db as keeping

        roles = {Process.SERVE: serve, Process.KEEPER: keeper}
        return keeping.grants(doors.ground(state), roles, apply=apply)
