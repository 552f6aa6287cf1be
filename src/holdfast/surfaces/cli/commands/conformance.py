"""`holdfast conformance`, as it is declared."""

from typing import Annotated, Literal, get_args

from cyclopts import App, Parameter

from holdfast.surfaces.cli.commands.words import Context, Kubeconfig
from holdfast.surfaces.cli.doors import Doors, Target

PROPOSALS, TRIES = 50_000, 100
Suite = Literal["escape", "least-privilege", "approval", "time-of-use"]
SUITES: tuple[str, ...] = get_args(Suite)

type Do = Annotated[bool, Parameter(negative=(), show_default=False)]


def declare(app: App, doors: Doors) -> None:
    """Add it."""

    @app.command
    def conformance(
        *,
        fast: Do = False,
        kubeconfig: Kubeconfig = None,
        context: Context = None,
        i_may_break_this_cluster: Do = False,
        suite: tuple[Suite, ...] = (),
        count: int | None = None,
        seed: int | None = None,
    ) -> int:
        """Try to make the leash do what it must not, and say how often it did.

        Exits 0 when nothing failed, 1 when anything did, and 2 when it could not look.

        Parameters
        ----------
        fast
            In this process, in under a minute: proposals of a hostile world, judged a second time
            by a program that shares nothing with Holdfast; tickets and signatures, forged.
        kubeconfig
            Instead, with an administrator's kubeconfig: what leases and the keeper must not do, on
            a cluster behind the fences, in namespaces of the suite's own; and with a keeper of the
            suite's own, what is done that people have not approved. No other may be at work there.
        context
            The context in it (default: the current one).
        i_may_break_this_cluster
            Nothing is tried on a cluster without it: were a fence broken, an attempt would succeed.
        suite
            Only that one of them; can be given again.
        count
            With --fast, how many proposals (default: 50,000), and a tenth as many tickets and
            signed words; on a cluster, how many tries of a sort by each lease, and flipped bits of
            a signed word (default: 100).
        seed
            Repeat a run (default: another one each time; it is printed).
        """
        import asyncio

        from holdfast.errors import BadInput
        from holdfast.surfaces.cli import conformance as telling

        if fast is (kubeconfig is not None):
            raise BadInput("Nothing, or two things.", remedy="Give --fast or --kubeconfig FILE.")
        if count is not None and count < 1:
            raise BadInput(f"{count} tries show nothing.", remedy="Give --count at least 1.")
        seed = int(doors.now().timestamp()) if seed is None else seed
        if fast:
            if context is not None or suite or i_may_break_this_cluster:
                raise BadInput("--fast asks no cluster.", remedy="Give it with --count and --seed.")
            return telling.tell(doors.conformance.fast(seed, count or PROPOSALS), seed)
        if not i_may_break_this_cluster:
            raise BadInput(
                "This tries to do on that cluster what must not be done.",
                remedy="If nobody needs it, give --i-may-break-this-cluster.",
            )
        target = Target(kubeconfig=kubeconfig, context=context)
        lines = doors.conformance.cluster(
            target, seed, count or TRIES, suite or SUITES, telling.wait
        )
        return asyncio.run(telling.tell_as_they_come(lines, seed))
