"""Something broken on a real cluster, and who has written it since."""

from collections.abc import Iterable, Iterator

from lab.audit import AuditEvent
from lab.trials.objects import Objects
from lab.trials.stage import Stage
from tests.cluster.certificates import unissued
from tests.cluster.leash import Installation
from tests.cluster.mendable import Mendable, cordoned_node, mendable
from tests.cluster.told import Told

MUTATES = ("create", "update", "patch", "delete")
CLUSTERS = ("system:serviceaccount:kube-system:", "system:kube-", "system:apiserver", "lab:")


def repairable() -> Iterator[Mendable]:
    """All that is mended by any kind of action, also what needs more than a namespace."""
    yield from mendable()
    yield from unissued()
    yield cordoned_node()


async def broken(installed: Installation, each: Mendable, of: str) -> Stage:
    """It, in a namespace of its own, once it is as broken as its trial says."""
    namespace = f"{of}-{each.name.replace('_', '-')}"
    stage = Stage(each.filed, namespace, Objects(installed.admin, manager=each.by))
    await stage.furnish()
    await stage.spoil()
    await stage.hold(each.filed.trial.until, "until")
    return stage


def wrote(events: Iterable[AuditEvent], told: Told) -> Iterator[str]:
    """Who has written the target, besides the cluster's own controllers and kubelets."""
    target = told.proposal.target
    for each in events:
        plain, _, part = each.resource.partition("/")
        same = (each.namespace, each.name) == (target.namespace, target.name)
        of_kind = plain.removesuffix("s") == target.kind.lower()
        meant = each.verb in MUTATES and each.code < 300 and "dryRun" not in each.uri
        if same and of_kind and meant and part != "status" and not each.user.startswith(CLUSTERS):
            yield each.user
