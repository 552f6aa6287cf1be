"""`holdfast serve`, `holdfast keeper` and `holdfast doctor`, as they are declared."""

from typing import Annotated, Literal

from cyclopts import App, Parameter

from holdfast.surfaces.cli.commands.words import Context, Kubeconfig, State
from holdfast.surfaces.cli.doors import Doors, Target

type Switch = Annotated[bool, Parameter(negative=(), show_default=False)]


def declare(app: App, doors: Doors) -> None:
    """Add the commands."""

    @app.command
    def serve(*, with_keeper: Switch = False, state: State = None) -> int:
        """Run the process that faces the world: so far, health and figures at HOLDFAST_LISTEN.

        It holds no key and hands everything over to the keeper. SIGTERM or Ctrl-C ends it in order,
        a second one at once.

        Parameters
        ----------
        with_keeper
            Run a keeper beside it on this machine, as a process of its own that ends with it.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        return doors.run_serve(state, with_keeper)

    @app.command
    def keeper(*, until_input_ends: Switch = False, state: State = None) -> int:
        """Run the process that answers the inbox, seals the audit record and keeps its anchors.

        It needs the audit key and listens nowhere. SIGTERM or Ctrl-C ends it in order, a second one
        at once.

        Parameters
        ----------
        until_input_ends
            End also when standard input is closed: that is how it ends with whoever started it.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        return doors.run_keeper(state, until_input_ends)

    @app.command
    def doctor(
        *,
        process: Literal["serve", "keeper", "both"] = "both",
        output: Annotated[Literal["text", "json"], Parameter(name=["--output", "-o"])] = "text",
        kubeconfig: Kubeconfig = None,
        context: Context = None,
        state: State = None,
    ) -> int:
        """Say what this installation lacks, part by part, and what to do about each.

        Settings, database, role, clocks, keys, anchors, keeper, leash, freeze, rows (of proposals),
        files (that others may write), disk, cluster.

        Exits 0 when all are well, and 1 when one is not, or could not be looked at.

        Parameters
        ----------
        process
            Which of the two is to run here; where only `serve` is, no keys are looked for.
        output
            `text` for people, `json` for machines.
        kubeconfig
            The kubeconfig file.
        context
            The context in it.
        state
            The state folder (default: $HOLDFAST_STATE_DIR).
        """
        import functools

        from holdfast.model.access import Process
        from holdfast.surfaces.cli import doctor as looking

        chosen = list(Process) if process == "both" else [Process(process)]
        target = Target(kubeconfig=kubeconfig, context=context)
        ground = functools.partial(doors.ground, state)
        leash = functools.partial(doors.policy.keepers, state)
        told = looking.diagnose(doors, ground, leash, target, chosen)
        return looking.tell(told, as_json=output == "json")
