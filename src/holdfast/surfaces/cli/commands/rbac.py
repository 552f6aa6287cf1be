"""`holdfast rbac`, as it is declared."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from holdfast.surfaces.cli.commands.words import Context, CustomKinds, Kubeconfig, Without
from holdfast.surfaces.cli.doors import Doors, Target


def declare(app: App, doors: Doors) -> None:
    """Add its commands."""
    rbac = App(name="rbac", help="Print the rights that Holdfast needs, made from its rules.")
    app.command(rbac)

    @rbac.command
    def reader(
        *,
        namespace: str = "",
        name: str = "holdfast-reader",
        without: Without = (),
        baseline: Path | None = None,
        kind: CustomKinds = (),
        discover: Annotated[bool, Parameter(negative=())] = False,
        kubeconfig: Kubeconfig = None,
        context: Context = None,
    ) -> int:
        """Print the minimal role for scanning, ready for `kubectl apply -f -`.

        Parameters
        ----------
        namespace
            Print a Role for that namespace instead of a ClusterRole.
        name
            What to call it.
        without
            A rule that is switched off, by name or code: what only it reads is left out.
        baseline
            The file that a scan is given: what it switches off is left out as well.
        kind
            A custom kind that the scan names with --kind as well; can be given more than once.
        discover
            Grant every custom kind that the current cluster defines.
        kubeconfig
            With --discover: the kubeconfig file.
        context
            With --discover: the context in it.
        """
        import asyncio

        import yaml

        from holdfast import facts
        from holdfast.grants.reader import reader_role
        from holdfast.model.baseline import NOTHING
        from holdfast.surfaces.cli.looking import custom_kinds, names

        decided = NOTHING if baseline is None else doors.read_baseline(baseline)
        rules = facts.rules_without(facts.switched_off(without, decided))
        named = names(kind)
        if discover:
            target = Target(kubeconfig=kubeconfig, context=context)
            there = asyncio.run(custom_kinds(doors.live(target), namespaced=bool(namespace)))
            named = names((*named, *there))
        role = reader_role(rules, name=name, namespace=namespace, named=named)
        print(yaml.safe_dump(role, sort_keys=False), end="")
        return 0
