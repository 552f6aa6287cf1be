"""`holdfast rbac`, as it is declared."""

from pathlib import Path

from cyclopts import App

from holdfast.surfaces.cli.commands.words import Without
from holdfast.surfaces.cli.doors import Doors


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
        """
        import yaml

        from holdfast import facts
        from holdfast.grants.reader import reader_role
        from holdfast.model.baseline import NOTHING

        decided = NOTHING if baseline is None else doors.read_baseline(baseline)
        rules = facts.rules_without(facts.switched_off(without, decided))
        role = reader_role(rules, name=name, namespace=namespace)
        print(yaml.safe_dump(role, sort_keys=False), end="")
        return 0
