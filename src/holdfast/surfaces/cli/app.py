"""The command line: every command, and nothing of what they do until one runs."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from holdfast import __version__
from holdfast.errors import BadInput
from holdfast.model.names import nearly
from holdfast.surfaces.cli.commands import (
    audit,
    baseline,
    catalogue,
    conformance,
    db,
    keys,
    policy,
    processes,
    proposing,
    rbac,
    repairs,
    scan,
    snapshot,
)
from holdfast.surfaces.cli.doors import Doors
from holdfast.surfaces.cli.text import clean

SHOWN = 40  # characters of what is no command


class Shell(StrEnum):
    """Shells that we can complete for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


DECLARED: Mapping[str, Callable[[App, Doors], None]] = {
    "scan": scan.declare,
    "catalogue": catalogue.declare,
    "explain": catalogue.declare,
    "propose": proposing.declare,
    "proposals": repairs.declare,
    "approve": repairs.declare,
    "reject": repairs.declare,
    "watch": repairs.declare,
    "undo": repairs.declare,
    "freeze": repairs.declare,
    "thaw": repairs.declare,
    "snapshot": snapshot.declare,
    "baseline": baseline.declare,
    "rbac": rbac.declare,
    "policy": policy.declare,
    "audit": audit.declare,
    "conformance": conformance.declare,
    "db": db.declare,
    "keys": keys.declare,
    "doctor": processes.declare,
    "serve": processes.declare,
    "keeper": processes.declare,
}
"""What adds each command."""

COMMANDS = (*DECLARED, "demo", "completion")


def refuse_unknown(first: str) -> None:
    """Raise `BadInput` for a line that begins with the name of no command; the nearest is named."""
    if not first or first.startswith("-") or first in COMMANDS:
        return
    near = nearly(first, COMMANDS)
    meant = f"Did you mean {near[0]}? " if near else ""
    raise BadInput(
        f"There is no command {clean(first)[:SHOWN]}.",
        remedy=f"{meant}There are: {', '.join(sorted(COMMANDS))}.",
    )


def build(doors: Doors, first: str = "") -> App:
    """The command line. Nothing behind the doors is opened by building it.

    A line that begins with a command needs no other; declaring all takes longer than most run.
    """
    app = App(
        name="holdfast",
        help="Find what hurts in a Kubernetes cluster, and say what to do next.\n\n"
        "Reads with your own kubeconfig; changes nothing, but for `rbac install`. Repairs are done "
        "by the keeper, once people have signed them.\n\n"
        "Exit codes of a scan: 0 nothing at or above --fail-on, 1 findings, 2 could not look.",
        version=__version__,
        help_format="markdown",
        usage="Usage: holdfast COMMAND [OPTIONS]      (also as: kubectl holdfast COMMAND)",
    )
    if first in DECLARED:
        DECLARED[first](app, doors)
        return app
    for declare in dict.fromkeys(DECLARED.values()):
        declare(app, doors)

    @app.command
    def demo(
        folder: Path = Path(".demo"),
        /,
        *,
        scan: Annotated[bool, Parameter(name=["--scan"], negative=(), show_default=False)] = False,
    ) -> int:
        """See it at work on a small broken shop in a simulated cluster: no cluster, no key needed.

        One fault is found, explained, approved, repaired and proven; one repair is refused; one
        does not help, and is taken back. What it leaves is there to be looked at.

        Parameters
        ----------
        folder
            Where it leaves the record, keys, people and policy. What a former demo left there is
            removed; where anything else lies there, nothing is touched.
        scan
            Only look at the shop, and leave nothing.
        """
        if scan:
            from holdfast.surfaces.cli import demo as demonstrating

            return demonstrating.run(doors)
        from holdfast.surfaces.cli import story

        with doors.stage(folder) as stage:
            return story.tell(stage)

    @app.command
    def completion(shell: Shell, /) -> int:
        """Print a completion script for a shell.

        Parameters
        ----------
        shell
            `bash`, `zsh` or `fish`, as in: `source <(holdfast completion bash)`
        """
        print(app.generate_completion(prog_name="holdfast", shell=shell.value))
        return 0

    return app
