"""`holdfast policy coverage`: which repairs the leash would allow today, workload by workload.

What is asked is the leash, and not whether a workload hurts: a repair that is allowed here can
still be refused, because it does not fit its target as it stands.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from holdfast.actions import CLOSED_SET, built
from holdfast.model.kinds import Pod
from holdfast.model.names import placed
from holdfast.model.objects import Object
from holdfast.model.repairs import Action
from holdfast.model.snapshot import Snapshot, State
from holdfast.surfaces.cli.doors import Doors
from holdfast.surfaces.cli.exits import NOTHING
from holdfast.surfaces.cli.forms import as_json
from holdfast.surfaces.cli.looking import Source, take
from holdfast.surfaces.cli.repairs.weighing import Scales
from holdfast.surfaces.cli.text import clean
from holdfast.topology.edges import topology
from holdfast.workflow.asking import NOTHING_HELD

ASKED: tuple[type[Object], ...] = tuple(
    dict.fromkeys(kind for each in CLOSED_SET for kind in each.kind.targets if kind is not Pod)
)
"""The kinds whose objects are told one by one; what is done to pods is told with their workload."""


class RefusalOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which layer refuses one kind of repair, and why."""

    action: str
    by: str
    because: str


class WorkloadOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One workload: what could be done to it, and what not."""

    kind: str
    namespace: str
    name: str
    allowed: list[str]
    refused: list[RefusalOut]


class CoverageOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All of them, and what could not be seen."""

    schema: Literal["holdfast.dev/coverage/v1alpha1"]
    workloads: list[WorkloadOut]
    unseen: list[str]


def coverage(doors: Doors, source: Source, policy: Path | None, output: str) -> int:
    """Look, ask, and print."""
    standing = doors.policy.standing(doors.policy.folder(policy))
    kinds = _kinds(source)
    snapshot = take(doors, source, sorted(kinds, key=lambda kind: kind.api.resource))
    scales = Scales(
        snapshot=snapshot,
        topology=topology(snapshot),
        standing=standing,
        cluster=snapshot.cluster.uid,
        requester="",
        now=snapshot.now,
    )
    told = CoverageOut(
        schema="holdfast.dev/coverage/v1alpha1",
        workloads=[_workload(scales, each) for each in _asked(snapshot)],
        unseen=[
            f"{each.plural}: {each.why}"
            for each in snapshot.blind(kinds)
            if each.state
            is not State.ABSENT  # nothing of a kind that nobody serves is to be repaired
        ],
    )
    if output == "json":
        print(as_json(told))
    else:
        print("\n".join(_lines(told)))
    return NOTHING


def _kinds(source: Source) -> frozenset[type[Object]]:
    """Who names namespaces asks about what lies in them."""
    kinds = frozenset(kind for each in CLOSED_SET for kind in each.kind.sees) | frozenset(ASKED)
    return frozenset(each for each in kinds if source.namespaces is None or each.api.namespaced)


def _asked(snapshot: Snapshot) -> Iterator[Object]:
    """What no other of these owns: a CronJob's Jobs are told one by one, a rollout's parts not."""
    for kind in ASKED:
        yield from sorted(
            snapshot.all(kind), key=lambda each: (each.metadata.namespace, each.metadata.name)
        )


def _workload(scales: Scales, each: Object) -> WorkloadOut:
    allowed: list[str] = []
    refused: list[RefusalOut] = []
    for action in CLOSED_SET:
        if not isinstance(each, action.kind.targets):
            continue
        kind = action.kind
        refusals = scales.refusals(
            scales.about(_for_example(action), each.ref, kind.answers[0]), NOTHING_HELD
        )
        if not refusals:
            allowed.append(kind.name)
        refused += [RefusalOut(action=kind.name, by=no.by, because=no.because) for no in refusals]
    ref = each.ref
    return WorkloadOut(
        kind=ref.kind, namespace=ref.namespace, name=ref.name, allowed=allowed, refused=refused
    )


def _for_example(action: type[Action]) -> Action:
    return built(action.kind.name, action.kind.example)


def _lines(told: CoverageOut) -> Iterator[str]:
    for each in told.workloads:
        where = clean(placed(each.namespace, each.name))
        yield f"{where}  {each.kind}  {', '.join(each.allowed) or 'nothing'}"
        by: dict[tuple[str, str], list[str]] = {}
        for no in each.refused:
            by.setdefault((no.by, no.because), []).append(no.action)
        for (layer, because), actions in by.items():
            yield f"    not {', '.join(actions)}: {layer}: {clean(because)}"
    yield from _summed(told.workloads)
    for why in told.unseen:
        yield f"Could not see {clean(why)}"


def _summed(workloads: Sequence[WorkloadOut]) -> Iterator[str]:
    some = sum(bool(each.allowed) for each in workloads)
    layers = Counter(no.by for each in workloads for no in each.refused)
    told = ", ".join(f"{layer} {count}" for layer, count in layers.most_common())
    yield (
        f"If something is wrong there, {some} of {len(workloads)} may be repaired in some way. "
        f"Refused: {told or 'nothing'}."
    )
