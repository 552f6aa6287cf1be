"""One scan after the other, over HTTP with the product's own reader, for everybody who is on stage.

Who looks has the generated reader role, and may list Secrets besides, as somebody who wants the
rules about missing Secrets would grant it. A second survey of the same snapshot without Secrets
says what the bare role would have said.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.kubernetes.kubeconfig import connect_to
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.diagnosis.survey import Survey, survey
from holdfast.facts import kinds_read
from holdfast.grants.reader import reader_role
from holdfast.model.kinds import Secret
from holdfast.model.snapshot import Snapshot, State
from holdfast.model.troubles import Trouble
from holdfast.testing.trials.later import later
from holdfast.workflow.look import look
from lab.control_plane import Lab
from lab.trials.objects import Objects

READER = "reader"  # the lab's identity, which may do nothing until it is bound


@dataclass(slots=True, kw_only=True)
class Look:
    """One snapshot, judged by as many clocks as are asked for."""

    began: float
    snapshot: Snapshot
    _surveys: dict[tuple[timedelta, bool], Survey] = field(default_factory=dict)
    at: float = 0.0

    def troubles(self, after: timedelta, *, secrets: bool = True) -> tuple[Trouble, ...]:
        """What is said when the judge's clock is moved on by that much."""
        key = (after, secrets)
        if key not in self._surveys:
            seen = self.snapshot if secrets else _without_secrets(self.snapshot)
            self._surveys[key] = survey(later(seen, after))
        return self._surveys[key].troubles


@asynccontextmanager
async def eyes(lab: Lab, objects: Objects) -> AsyncIterator[Reader]:
    """The product's reader under the role that it prints."""
    admit(objects)
    connection = connect_to(
        environ={}, kubeconfig=lab.kubeconfig(READER), home=Path(lab.folder), context=None
    )
    async with Reader(connection, clock=SystemClock()) as reader:
        yield reader


def admit(objects: Objects) -> None:
    """Grants the generated role, and a role of its own for Secrets."""
    group = "rbac.authorization.k8s.io"
    secrets = {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "trials-secrets"},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list", "watch"]}],
    }
    for role in (reader_role(), secrets):
        objects.apply(role, "")
        name = msgspec.convert(role["metadata"], dict[str, str])["name"]
        binding = {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": group, "kind": "User", "name": READER}],
        }
        objects.apply(binding, "")


async def looks(reader: Reader) -> AsyncIterator[Look]:
    """Without an end; each begins when the one before has been dealt with."""
    while True:
        began = time.monotonic()
        snapshot = await look(reader, kinds=kinds_read())
        yield Look(began=began, snapshot=snapshot)
        await asyncio.sleep(0)


def _without_secrets(snapshot: Snapshot) -> Snapshot:
    captures = [
        msgspec.structs.replace(c, objects=(), state=State.FORBIDDEN, why="no right to list them")
        if c.kind is Secret
        else c
        for c in snapshot.captures()
    ]
    return Snapshot(now=snapshot.now, captures=captures, cluster=snapshot.cluster)
