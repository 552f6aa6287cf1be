"""`holdfast rbac`, as it is declared."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from holdfast.surfaces.cli.commands.words import Context, CustomKinds, Kubeconfig, Without
from holdfast.surfaces.cli.doors import Doors, Target

type Do = Annotated[bool, Parameter(negative=(), show_default=False)]


def declare(app: App, doors: Doors) -> None:
    """Add its commands."""
    rbac = App(
        name="rbac", help="Print or install the rights that Holdfast needs, made from its rules."
    )
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

    @rbac.command
    def install(
        *,
        dry_run: Do = False,
        apply: Do = False,
        check: Do = False,
        remove: Do = False,
        kubeconfigs: Path | None = None,
        kubeconfig: Kubeconfig = None,
        context: Context = None,
    ) -> int:
        """Give a cluster the roles and policies that Holdfast acts behind, or take them away.

        Needs an administrator's rights. Exit codes of --check: 0 all is as it was made, 1 it is
        not.

        Parameters
        ----------
        dry_run
            Print all of it, ready to be read.
        apply
            Make what is missing, and put right in place what was altered.
        check
            Say what is missing, altered or there besides.
        remove
            Take all of it away, with every lease, the policies first.
        kubeconfigs
            Write into that folder what the two processes show to the cluster, good for 30 days or
            as long as the cluster allows; alone, or with --apply. Again before they expire.
        kubeconfig
            The kubeconfig file (default: $KUBECONFIG, then ~/.kube/config, then in-cluster).
        context
            The context in it (default: the current one).
        """
        from holdfast.surfaces.cli import installing

        orders = {
            "--dry-run": dry_run,
            "--apply": apply,
            "--check": check,
            "--remove": remove,
        }
        target = Target(kubeconfig=kubeconfig, context=context)
        given = [name for name, wanted in orders.items() if wanted]
        return installing.run(doors, target, given, kubeconfigs)
