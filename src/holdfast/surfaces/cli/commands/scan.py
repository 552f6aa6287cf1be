"""`holdfast scan`, as it is declared."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from holdfast.errors import BadInput
from holdfast.surfaces.cli.commands.words import (
    HOW,
    WHERE,
    Context,
    Everywhere,
    Flag,
    Kubeconfig,
    Namespaces,
    Without,
    namespaces,
)
from holdfast.surfaces.cli.doors import Doors, Target


class Output(StrEnum):
    """Forms of output."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"


class FailOn(StrEnum):
    """Severities that make a scan exit 1."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"
    NEVER = "never"


def declare(app: App, doors: Doors) -> None:
    """Add the command."""

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
        without: Without = (),
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
            A file of what is accepted, ignored and switched off (`kind: Baseline`).
        without
            A rule to switch off, by name or code; can be given more than once.
        """
        from holdfast import facts
        from holdfast.model.baseline import NOTHING
        from holdfast.model.narrowing import narrow
        from holdfast.model.rules import Severity
        from holdfast.surfaces.cli import scan as scanning
        from holdfast.surfaces.cli.screen import Wanted

        wanted = namespaces(namespace, everywhere=all_namespaces)
        preferences = doors.preferences()
        decided = NOTHING if baseline is None else doors.read_baseline(baseline)
        off = facts.switched_off(without, decided)
        kinds = facts.kinds_read(facts.rules_without(off))
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
            baseline=decided,
            off=off,
        )
        return scanning.tell(seen, wish, preferences)
