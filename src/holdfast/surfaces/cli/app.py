"""The command line: every command, and nothing of what they do until one runs."""

from enum import StrEnum

from cyclopts import App

from holdfast import __version__
from holdfast.surfaces.cli.commands import (
    audit,
    baseline,
    catalogue,
    db,
    keys,
    rbac,
    scan,
    snapshot,
)
from holdfast.surfaces.cli.doors import Doors


class Shell(StrEnum):
    """Shells that we can complete for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def build(doors: Doors) -> App:
    """The command line. Nothing behind the doors is opened by building it."""
    app = App(
        name="holdfast",
        help="Find what hurts in a Kubernetes cluster, and say what to do next.\n\n"
        "Reads with your own kubeconfig; changes nothing.",
        version=__version__,
        help_format="markdown",
        usage="Usage: holdfast COMMAND [OPTIONS]      (also as: kubectl holdfast COMMAND)",
        help_epilogue="Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 could not look.",
    )
    scan.declare(app, doors)
    catalogue.declare(app)
    snapshot.declare(app, doors)
    baseline.declare(app, doors)
    rbac.declare(app, doors)
    audit.declare(app, doors)
    db.declare(app, doors)
    keys.declare(app, doors)

    @app.command
    def demo() -> int:
        """Look at a small broken shop in a simulated cluster: no cluster, no key needed."""
        from holdfast.surfaces.cli import demo as demonstrating

        return demonstrating.run(doors)

    @app.command
    def completion(shell: Shell) -> int:
        """Print a completion script for a shell.

        Parameters
        ----------
        shell
            `bash`, `zsh` or `fish`, as in: `source <(holdfast completion bash)`
        """
        print(app.generate_completion(prog_name="holdfast", shell=shell.value))
        return 0

    return app
