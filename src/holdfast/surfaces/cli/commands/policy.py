"""`holdfast policy`, as it is declared."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from holdfast.surfaces.cli.commands.words import (
    CURRENT,
    Everywhere,
    Namespaces,
    Place,
    State,
    namespaces,
)
from holdfast.surfaces.cli.doors import Doors


def declare(app: App, doors: Doors) -> None:
    """Add its commands."""
    policy = App(name="policy", help="Write, check and try the leash: rules, people and policy.")
    app.command(policy)

    @policy.command
    def init(folder: Path | None = None, /) -> int:
        """Write a first leash with comments; what is there already is left alone.

        Parameters
        ----------
        folder
            Where (default: $HOLDFAST_POLICY, or `policy` in the state folder).
        """
        from holdfast.surfaces.cli import policy as doing

        return doing.init(doors, doors.policy.folder(folder))

    @policy.command
    def lint(folder: Path | None = None, /) -> int:
        """Read a leash as the keeper does, and say what it comes to and what looks odd in it.

        Exits 0 when the keeper would take it, 1 when it would and something looks odd, and 2 when
        it would refuse it.

        Parameters
        ----------
        folder
            The folder of the leash (default: $HOLDFAST_POLICY, or `policy` in the state folder).
        """
        from holdfast.surfaces.cli import policy as doing

        return doing.lint(doors, doors.policy.folder(folder))

    @policy.command
    def test(folder: Path | None = None, /, *, tests: Path | None = None) -> int:
        """Ask the leash what the tests in its `tests.yaml` ask, and compare the answers.

        The same layers answer as in earnest, but for those that judge what there really is on a
        cluster. Exits 0 when each answer is as expected, 1 when one is not, and 2 when the leash
        or the tests cannot be read.

        Parameters
        ----------
        folder
            The folder of the leash (default: $HOLDFAST_POLICY, or `policy` in the state folder).
        tests
            Another file of tests.
        """
        from holdfast.surfaces.cli import policy as doing

        where = doors.policy.folder(folder)
        return doing.test(doors, where, tests or where)

    @policy.command
    def explain(id: str, /, *, state: State = None) -> int:  # noqa: A002 - what people call it
        """Print the answer of every layer to a proposal, at every station that it came to.

        Parameters
        ----------
        id
            The proposal.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli.repairs import explaining

        return explaining.explain(doors.ground(state), id)

    @policy.command
    def replay(folder: Path | None = None, /, *, last: int = 200, state: State = None) -> int:
        """Say which past proposals a leash would have answered otherwise.

        The layers that judge by the leash and by people's words are asked again; what the cluster
        looked like then is not known any more. Exits 0 when nothing differs, 1 when something
        does, and 2 when the leash or the database cannot be read.

        Parameters
        ----------
        folder
            The folder of the leash (default: $HOLDFAST_POLICY, or `policy` in the state folder).
        last
            How many of the newest proposals.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        from holdfast.surfaces.cli.repairs import replaying

        return replaying.replay(doors, doors.ground(state), doors.policy.folder(folder), last)

    @policy.command
    def coverage(
        folder: Path | None = None,
        /,
        *,
        namespace: Namespaces = (),
        all_namespaces: Everywhere = False,
        place: Place = CURRENT,
        output: Annotated[Literal["text", "json"], Parameter(name=["--output", "-o"])] = "text",
    ) -> int:
        """Say of each workload which repairs the leash would allow today, and who refuses others.

        What is asked is the leash alone, and not whether something is wrong: `Uncordon` is told of
        every node, and a node that is not cordoned is never proposed to be uncordoned.

        Parameters
        ----------
        folder
            The folder of the leash (default: $HOLDFAST_POLICY, or `policy` in the state folder).
        namespace
            Look only there; can be given more than once.
        all_namespaces
            Look everywhere (the default).
        output
            `text` for people, `json` for programs.
        """
        from holdfast.surfaces.cli.repairs import covering

        source = place.source(namespaces(namespace, everywhere=all_namespaces))
        return covering.coverage(doors, source, folder, output)
