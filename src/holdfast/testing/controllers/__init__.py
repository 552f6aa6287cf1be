"""Controllers for the simulated cluster: rollouts roll, evicted pods are made anew, quotas block.

    moving = Controllers(cluster, by_image({"web:broken": Crashes()}))
    moving.advance(later)        # everything that happens until then, each at its own moment
    moving.follow(clock.now)     # the same before each request, by that clock

Deterministic, and without a clock or a wait of its own: the same calls give the same bytes. What
becomes of a pod is in a table that the scenario gives. It is played, not computed from programs:
no evidence for what a real controller does in a case that no test compares.
"""

from collections.abc import Callable
from datetime import datetime

from holdfast.testing.controllers.deployments import deployments
from holdfast.testing.controllers.fates import Fates
from holdfast.testing.controllers.jobs import cron_jobs, jobs
from holdfast.testing.controllers.kubelet import Kubelets
from holdfast.testing.controllers.nodes import nodes
from holdfast.testing.controllers.quotas import quota_admission, quotas
from holdfast.testing.controllers.replica_sets import replica_sets
from holdfast.testing.controllers.stateful_sets import stateful_sets
from holdfast.testing.controllers.world import CONTROLLERS, Due, Reconcile, World
from holdfast.testing.rbac import User
from holdfast.testing.simulated import SimulatedCluster

_ENDLESS = 1000  # rounds without rest: two controllers undo each other's work


class Controllers:
    """All controllers of one simulated cluster."""

    def __init__(self, cluster: SimulatedCluster, fates: Fates) -> None:
        self._api = cluster.server
        self._world = World(cluster)
        self._work: tuple[Reconcile, ...] = (
            deployments,
            replica_sets,
            stateful_sets,
            cron_jobs,
            jobs,
            Kubelets(fates),
            quotas,
            nodes,
        )
        self._rest: tuple[int, Due | None] = (0, None)
        self._api.fences.append(quota_admission(self._world))

    def advance(self, now: datetime) -> None:
        """Do all that is done until that moment, and leave the cluster's clock there."""
        clock = self._api.clock
        while (due := self._settle()) is not None and due <= now:
            clock.advance(due - clock.now())
        if now > clock.now():
            clock.advance(now - clock.now())

    def follow(self, now: Callable[[], datetime]) -> None:
        """From here on, whoever asks the cluster finds it as it is at that time."""

        def catch_up(who: User) -> None:
            if who != CONTROLLERS:
                self.advance(now())

        self._api.before_each = catch_up

    def _settle(self) -> Due | None:
        """Until nobody would change anything now; the next moment at which somebody would."""
        version, next_due = self._rest
        if self._world.version == version and (next_due is None or next_due > self._world.now):
            return next_due
        for _ in range(_ENDLESS):
            before = self._world.version
            due = [each for reconcile in self._work for each in reconcile(self._world)]
            if self._world.version == before:
                next_due = min((each for each in due if each > self._world.now), default=None)
                self._rest = (before, next_due)
                return next_due
        raise RuntimeError("The controllers of the simulated cluster find no rest.")
