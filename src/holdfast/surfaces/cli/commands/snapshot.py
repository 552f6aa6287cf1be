"""`holdfast snapshot`, as it is declared."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from holdfast.surfaces.cli.commands.words import (
    WHAT,
    Context,
    Everywhere,
    Kubeconfig,
    Namespaces,
    namespaces,
)
from holdfast.surfaces.cli.doors import Doors, Target


def declare(app: App, doors: Doors) -> None:
    """Add the command."""

    @app.command
    def snapshot(
        folder: Path,
        /,
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
        annotations that no rule reads are removed. In messages and labels, what looks like a secret
        is hidden.

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
        import asyncio

        from holdfast.surfaces.cli import snapshot as snapping

        target = Target(kubeconfig=kubeconfig, context=context)
        wanted = namespaces(namespace, everywhere=all_namespaces)
        return asyncio.run(snapping.write(doors.write_folder(target, folder, wanted, logs), folder))
