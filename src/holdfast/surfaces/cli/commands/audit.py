"""`holdfast audit`, as it is declared."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from holdfast.surfaces.cli.commands.words import OR_DASH, Keys, State
from holdfast.surfaces.cli.doors import Doors

type Anchors = Annotated[
    tuple[Path, ...], Parameter(name=["--anchor"], negative=(), show_default=False)
]
type Output = Annotated[Literal["text", "json"], Parameter(name=["--output", "-o"])]


def declare(app: App, doors: Doors) -> None:
    """Add its commands."""
    audit = App(name="audit", help="Verify, show, prove, export and anchor the audit record.")
    app.command(audit)

    @audit.command
    def verify(
        file: Annotated[Path | None, OR_DASH] = None,
        /,
        *,
        key: Keys = (),
        anchor: Anchors = (),
        start: Annotated[Path | None, Parameter(name="--from")] = None,
        cluster: str = "",
        people: Path | None = None,
        empty: Annotated[bool, Parameter(negative=())] = False,
        state: State = None,
    ) -> int:
        """Say whether the record is whole, entry by entry, or name the first bad one.

        Exits 0 when it is whole, 1 when it is not or there is nothing in it, and 2 when it could
        not look. A file is judged offline, with the keys that you bring: none is ever taken from
        it.

        Parameters
        ----------
        file
            A file of `holdfast audit export`, or `-` (default: this installation's record).
        key
            A public audit key, or a folder of them; can be given again. A file needs one.
        anchor
            A checkpoint that was kept elsewhere, or a folder of them; can be given again. Only
            with one can it be seen that something was cut off.
        start
            The checkpoint that the file goes on from, if its older entries were let go.
        cluster
            The uid of the cluster that it must be of.
        people
            A people file: then each approval, rejection, undo and thaw is verified again, by the
            keys in it and nothing else, and named where nobody in it has signed it; and each act is
            held against the entries before it.
        empty
            Nothing is expected to be in it yet: then that is no fault.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import audit as auditing

        asked = auditing.Asked(
            file=file,
            keys=key,
            anchors=anchor,
            start=start,
            cluster=cluster,
            people=people,
            empty=empty,
        )
        return auditing.verify(doors.ground(state), asked)

    @audit.command
    def show(
        file: Annotated[Path | None, OR_DASH] = None,
        /,
        *,
        kind: str = "",
        last: int = 20,
        output: Output = "text",
        state: State = None,
    ) -> int:
        """Show the latest entries, each with how its details begin. It does not verify them.

        Parameters
        ----------
        file
            A file of `holdfast audit export`, or `-` (default: this installation's record).
        kind
            Only entries of that kind.
        last
            How many; 0 for all.
        output
            `text` for people, `json` for the lines as they were sealed.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import audit as auditing

        return auditing.show(doors.ground(state), file, kind, last, as_lines=output == "json")

    @audit.command
    def prove(
        seq: int,
        /,
        *,
        anchor: Annotated[Path | None, Parameter()] = None,
        key: Keys = (),
        consistent: Annotated[bool, Parameter(name="--prefix", negative=())] = False,
        state: State = None,
    ) -> int:
        """Print a short proof that an entry is in the record, for somebody who has a checkpoint.

        Parameters
        ----------
        seq
            The place of the entry.
        anchor
            The checkpoint of whoever is to be convinced (default: the record as it is now).
        key
            A public audit key, or a folder of them, to believe that checkpoint by (default: ours).
        consistent
            Prove instead that the record of the first SEQ entries was never rewritten.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import audit as auditing
        from holdfast.surfaces.cli import proving

        ground = doors.ground(state)
        of = auditing.anchor_of(ground, anchor, key)
        return proving.prove(ground, seq, of, prefix=consistent)

    @audit.command
    def export(file: Annotated[Path, OR_DASH], /, *, state: State = None) -> int:
        """Write the record into a file, as anybody can verify it.

        Parameters
        ----------
        file
            Where to, `-` for standard output; it must not be there yet.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import audit as auditing

        return auditing.export(doors.ground(state), file)

    @audit.command
    def retain(folder: Path, /, *, days: int, state: State = None) -> int:
        """Put older entries into a file, and drop them from the database.

        The record goes on from the signed checkpoint at their end, which stays, and says in an
        entry of its own what was let go. The file is verified before anything is dropped; whoever
        has it and the note beside it can verify it for ever.

        Parameters
        ----------
        folder
            Where the file goes; made if it is not there.
        days
            Entries stay that are younger than so many days. Only whole days are let go.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import retaining

        return retaining.retain(doors.ground(state), days, folder, doors.now())

    @audit.command(name="give-up")
    def give_up(anchor: Path, /, *, reason: str, key: Keys = (), state: State = None) -> int:
        """Say in the record that an anchor of an earlier epoch need not be met any more.

        It is for an anchor of a branch that an accepted restore has given up, once the entry that
        said so was let go. Whoever verifies is told of it.

        Parameters
        ----------
        anchor
            The file of the checkpoint.
        reason
            Why; it is recorded.
        key
            A public audit key, or a folder of them, to believe that checkpoint by (default: ours).
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import audit as auditing

        return auditing.give_up(doors.ground(state), anchor, reason, key)

    @audit.command
    def anchor(file: Path | None = None, /, *, state: State = None) -> int:
        """Sign a checkpoint of the record and keep it away from the database.

        What was added since the last one is verified first.

        Parameters
        ----------
        file
            Where to (default: the folder that HOLDFAST_ANCHORS names). What is there already is
            replaced only if it is a checkpoint of this record, which is not shorter now.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import audit as auditing

        return auditing.anchor(doors.ground(state), file)

    @audit.command
    def remark(text: str, /, *, state: State = None) -> int:
        """Have a remark of yours stand in the record: handed to the keeper, which seals it.

        Where no keeper is alive it waits in the inbox for the next one, which is said, and is no
        failure: it exits 0 as well, and 2 when the keeper refuses it.

        Parameters
        ----------
        text
            What whoever reads the record later should know.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli import posting

        return posting.remark(doors.ground(state), text, doors.now())

    @audit.command
    def verifier(file: Path | None = None, /) -> int:
        """Print a verifier in one file, which needs Python and `cryptography` and nothing of ours.

        Parameters
        ----------
        file
            Where to (default: standard output); it must not be there yet.
        """
        from importlib.resources import files

        source = files("holdfast.conformance").joinpath("audit_verifier.py").read_bytes()
        lines = source.removesuffix(b"\n").split(b"\n")
        doors.ground(None).write_lines(file or Path("-"), lines)
        return 0
