"""The commands and their help texts. What a command does is imported when it runs."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from cyclopts import App, Group, Parameter

from holdfast import __version__
from holdfast.errors import BadInput
from holdfast.surfaces.cli.doors import Doors, Target


class Output(StrEnum):
    """Forms of output."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"


class Listing(StrEnum):
    """Forms of the catalogue."""

    TEXT = "text"
    JSON = "json"


class FailOn(StrEnum):
    """Severities that make a scan exit 1."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"
    NEVER = "never"


class Shell(StrEnum):
    """Shells that we can complete for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


WHERE = Group("Which cluster", sort_key=1)
WHAT = Group("What to look at", sort_key=2)
HOW = Group("What to show", sort_key=3)

type Kubeconfig = Annotated[Path | None, Parameter(group=WHERE)]
type Context = Annotated[str | None, Parameter(group=WHERE)]
type Namespaces = Annotated[
    tuple[str, ...],
    Parameter(name=["--namespace", "-n"], group=WHAT, negative=(), show_default=False),
]
type Everywhere = Annotated[
    bool, Parameter(name=["--all-namespaces", "-A"], group=WHAT, negative=(), show_default=False)
]
type Flag = Annotated[bool, Parameter(group=HOW, negative=(), show_default=False)]


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

    @app.command
    def scan(
        *,
        kubeconfig: Kubeconfig = None,
        context: Context = None,
        namespace: Namespaces = (),
        all_namespaces: Everywhere = False,
        snapshot: Annotated[Path | None, Parameter(group=WHERE)] = None,
        at: Annotated[datetime | None, Parameter(group=WHERE)] = None,
        output: Annotated[Output, Parameter(name=["--output", "-o"], group=HOW)] = Output.TEXT,
        fail_on: Annotated[FailOn, Parameter(group=HOW)] = FailOn.WARNING,
        flat: Flag = False,
        young: Flag = False,
        posture: Flag = False,
        baseline: Annotated[Path | None, Parameter(group=HOW)] = None,
    ) -> int:
        """Find what hurts now: worst first, with evidence and the next step.

        Exits 0 when nothing is at or above --fail-on, 1 when something is, and 2 when it could
        not look. What you may not read is listed as blind and never fails a scan.

        Parameters
        ----------
        kubeconfig
            The kubeconfig file (default: $KUBECONFIG, then ~/.kube/config, then in-cluster).
        context
            The context in it (default: the current one).
        namespace
            Look only there; can be given more than once.
        all_namespaces
            Look everywhere (the default).
        snapshot
            Look at a folder instead: from `holdfast snapshot`, `kubectl get -o json` or
            `kubectl cluster-info dump`.
        at
            With --snapshot of plain kubectl output: when it was taken, in UTC if no zone is given
            (default: when its files were written).
        output
            `text` for people, `json` and `yaml` for programs, `markdown` for a ticket.
        fail_on
            The lowest severity that makes the exit code 1.
        flat
            Show every finding by itself, not folded into troubles.
        young
            Show also what is still within its grace.
        posture
            Show also posture findings: a ledger that never changes the exit code.
        baseline
            A file of accepted findings and ignore rules (`kind: Baseline`).
        """
        from holdfast import facts
        from holdfast.model.baseline import NOTHING
        from holdfast.model.narrowing import narrow
        from holdfast.model.rules import Severity
        from holdfast.surfaces.cli import scan as scanning
        from holdfast.surfaces.cli.screen import Wanted

        wanted = _namespaces(namespace, everywhere=all_namespaces)
        kinds = facts.kinds_read()
        preferences = doors.preferences()
        accepted = NOTHING if baseline is None else doors.read_baseline(baseline)
        if snapshot is None:
            if at is not None:
                raise BadInput("--at goes with --snapshot.", remedy="Leave it out.")
            door = doors.live(Target(kubeconfig=kubeconfig, context=context))
            seen = asyncio.run(scanning.look_at(door, kinds, wanted))
        else:
            if kubeconfig or context:
                raise BadInput(
                    "--snapshot reads a folder, and --kubeconfig and --context name a cluster.",
                    remedy="Give one or the other.",
                )
            if at is not None and at.tzinfo is None:
                at = at.replace(tzinfo=UTC)
            seen = doors.read_folder(snapshot, kinds, at)
            if wanted is not None:
                seen = narrow(seen, wanted)
        wish = scanning.Wish(
            output=scanning.Output(output.value),
            wanted=Wanted(flat=flat, young=young, posture=posture),
            fail_on=None if fail_on is FailOn.NEVER else Severity[fail_on.name],
        )
        return scanning.tell(seen, wish, preferences, accepted)

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
    def explain(code: str) -> int:
        """Say what a finding means: when it is found, what it reads, what to do.

        Parameters
        ----------
        code
            A code (`HF-STO-001`) or a name (`claim_stuck_pending`).
        """
        from holdfast.surfaces.cli import explain as explaining

        print(explaining.explain(code))
        return 0

    @app.command
    def snapshot(
        folder: Path,
        *,
        kubeconfig: Kubeconfig = None,
        context: Context = None,
        namespace: Namespaces = (),
        all_namespaces: Everywhere = False,
        logs: Annotated[bool, Parameter(group=WHAT, negative=(), show_default=False)] = False,
    ) -> int:
        """Write what a scan reads into a folder, to look at it later or elsewhere.

        Values are left out before anything is written: Secrets and ConfigMaps arrive as metadata
        only; environment values, headers, commands and their arguments, values of charts and
        annotations that no rule reads are removed.

        Parameters
        ----------
        folder
            Where to write; it must not exist yet, or be empty.
        kubeconfig
            The kubeconfig file (default: $KUBECONFIG, then ~/.kube/config, then in-cluster).
        context
            The context in it (default: the current one).
        namespace
            Only there; can be given more than once.
        all_namespaces
            Everywhere (the default).
        logs
            Keep also the last lines of containers that are not well, with whatever they hold.
        """
        from holdfast.surfaces.cli import snapshot as snapping

        target = Target(kubeconfig=kubeconfig, context=context)
        wanted = _namespaces(namespace, everywhere=all_namespaces)
        return asyncio.run(snapping.write(doors.write_folder(target, folder, wanted, logs), folder))

    @app.command
    def demo() -> int:
        """Look at a small broken shop in a simulated cluster: no cluster, no key needed."""
        from holdfast.surfaces.cli import demo as demonstrating

        return demonstrating.run(doors)

    rbac = App(name="rbac", help="Print the rights that Holdfast needs, made from its rules.")
    app.command(rbac)

    @rbac.command
    def reader(*, namespace: str = "", name: str = "holdfast-reader") -> int:
        """Print the minimal role for scanning, ready for `kubectl apply -f -`.

        Parameters
        ----------
        namespace
            Print a Role for that namespace instead of a ClusterRole.
        name
            What to call it.
        """
        import yaml

        from holdfast.grants.reader import reader_role

        print(yaml.safe_dump(reader_role(name=name, namespace=namespace), sort_keys=False), end="")
        return 0

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


def _namespaces(named: tuple[str, ...], *, everywhere: bool) -> tuple[str, ...] | None:
    if named and everywhere:
        raise BadInput("-n and -A contradict each other.", remedy="Give one of them.")
    return tuple(dict.fromkeys(named)) or None
