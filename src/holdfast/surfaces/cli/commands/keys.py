"""`holdfast keys`, as it is declared."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from holdfast.surfaces.cli.commands.words import State
from holdfast.surfaces.cli.doors import Doors

type For = Literal["audit", "tickets"]
type Locked = Annotated[bool, Parameter(name="--passphrase", negative=(), show_default=False)]


def declare(app: App, doors: Doors) -> None:
    """Add its commands."""
    keys = App(name="keys", help="Make, show, replace and revoke the keys that sign.")
    app.command(keys)

    @keys.command
    def init(*, passphrase: Locked = False, state: State = None) -> int:
        """Make a key for the audit record and one for tickets, where there is none yet.

        Parameters
        ----------
        passphrase
            Lock the new private keys with a passphrase: asked for, or from the file that
            HOLDFAST_PASSPHRASE_FILE names.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import keys as keeping

        return keeping.init(doors.ground(state), locked=passphrase)

    @keys.command(name="list")
    def list_(*, state: State = None) -> int:
        """List the keys that are here, which of them signs, and which were revoked.

        Parameters
        ----------
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import keys as keeping

        return keeping.show(doors.ground(state))

    @keys.command
    def rotate(
        purpose: For,
        /,
        *,
        to: Path | None = None,
        passphrase: Locked = False,
        state: State = None,
    ) -> int:
        """Let another key sign from now on; the record says so.

        Parameters
        ----------
        purpose
            `audit` or `tickets`.
        to
            The public half of a key that a signer command or a mounted Secret holds (default: a
            new one is made here).
        passphrase
            Lock the new private key with a passphrase.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.model.keys import Purpose
        from holdfast.surfaces.cli import keys as keeping

        ground = doors.ground(state)
        named = ground.keys([to])[0] if to is not None else None
        return keeping.rotate(ground, Purpose(purpose), named, locked=passphrase)

    @keys.command
    def revoke(purpose: For, key: str, /, *, reason: str, state: State = None) -> int:
        """Say for ever that nothing counts that a key signs from now on.

        The key that signs now cannot be revoked: rotate first.

        Parameters
        ----------
        purpose
            `audit` or `tickets`.
        key
            The id of the key, or as many of its digits, from 12 on, as tell it from others.
        reason
            Why.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.model.keys import Purpose
        from holdfast.surfaces.cli import keys as keeping

        return keeping.revoke(doors.ground(state), Purpose(purpose), key, reason)
