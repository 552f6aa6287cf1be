"""`holdfast rbac`, as it is declared."""

from cyclopts import App


def declare(app: App) -> None:
    """Add its commands."""
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
