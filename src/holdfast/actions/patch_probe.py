"""Give one probe of one container other times, within bounds."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec

from holdfast.model.canonical import Plain
from holdfast.model.documents import Document
from holdfast.model.kinds.pods import Container, Probe
from holdfast.model.objects import Ref
from holdfast.model.paths import Difference, Item, Path, found_at, within
from holdfast.model.repairs import (
    GONE,
    LEAVING,
    VANISHED,
    Action,
    ActionClass,
    Recovery,
    Risk,
    Sight,
    State,
    action,
)
from holdfast.model.rollouts import ROLLING, held, rollout, workload_of
from holdfast.model.snapshot import Snapshot
from holdfast.model.steps import Patch, Set, Step

type Which = Literal["liveness", "readiness", "startup"]

PROBES: tuple[Which, ...] = ("liveness", "readiness", "startup")
CONTAINERS: Path = ("spec", "template", "spec", "containers")
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "period_seconds": "periodSeconds",
        "timeout_seconds": "timeoutSeconds",
        "failure_threshold": "failureThreshold",
        "initial_delay_seconds": "initialDelaySeconds",
    }
)
"""The parameters, and the fields that they set: of a probe, only when and how often."""
_DEFAULTS = {
    "periodSeconds": 10,
    "timeoutSeconds": 1,
    "failureThreshold": 3,
    "initialDelaySeconds": 0,
}
LONGEST, SLOWEST, MOST, LATEST = 120, 60, 30, 600
_NAME = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z"  # as Kubernetes names containers
_ANSWERED: Mapping[str, Which] = MappingProxyType(
    {"HF-WRK-021": "liveness", "HF-WRK-023": "readiness", "HF-WRK-025": "startup"}
)


@action(
    targets=ROLLING,
    reads=(
        ("spec", "template"),
        ("spec", "replicas"),
        ("spec", "paused"),
        ("spec", "updateStrategy"),
    ),
    touches=tuple(
        (*CONTAINERS, Item(by="name"), f"{which}Probe", name)
        for which in PROBES
        for name in FIELDS.values()
    ),
    does=(Patch,),
    undoes=(Patch,),
    of_class=ActionClass.TUNE,
    risk=Risk.MEDIUM,
    answers=tuple(_ANSWERED),
    example={
        "container": "web",
        "probe": "liveness",
        "period_seconds": 10,
        "timeout_seconds": 5,
        "failure_threshold": 6,
        "initial_delay_seconds": 0,
    },
)
class PatchProbe(Action, frozen=True, kw_only=True):
    """Change when and how often one probe of one container asks, and nothing of what it asks.

    A probe that hardly asks would be none: it may fail 30 times, 120 s apart, and no more.
    """

    container: Annotated[str, msgspec.Meta(pattern=_NAME)]
    probe: Which
    period_seconds: Annotated[int, msgspec.Meta(ge=1, le=LONGEST)]
    timeout_seconds: Annotated[int, msgspec.Meta(ge=1, le=SLOWEST)]
    failure_threshold: Annotated[int, msgspec.Meta(ge=1, le=MOST)]
    initial_delay_seconds: Annotated[int, msgspec.Meta(ge=0, le=LATEST)]

    @classmethod
    def suggested(
        cls,
        around: Snapshot,
        target: Ref,
        code: str,
        now: datetime,  # noqa: ARG003
    ) -> Iterator[Action]:
        """Twice as patient, for each container that has the probe which fails."""
        which = _ANSWERED.get(code)
        for kind in ROLLING:
            workload = around.find(kind, target.namespace, target.name)
            if which is None or workload is None or workload.metadata.uid != target.uid:
                continue
            for container in workload.spec.template.spec.containers:
                probe = _of(container, which)
                if probe is not None:
                    yield from _twice_as_patient(container.name, which, probe)

    @classmethod
    def that_changes(
        cls,
        changed: Sequence[Difference],
        seen: Sight,
    ) -> Iterator[Action]:
        """All of the times that are set, of the container and probe of the first."""
        first = next((e.path for e in changed if any(within(e.path, t) for t in _PLACES)), ())
        item, probe = first[len(CONTAINERS) : len(CONTAINERS) + 2] or ("", "")
        if not isinstance(item, Item):
            return
        told = {each.path: each.after for each in changed}
        times = {
            name: _number(told.get((*first[:-1], field), seen.document.at(*first[:-1], field)))
            for name, field in FIELDS.items()
        }
        numbers = {
            name: _DEFAULTS[FIELDS[name]] if value is None else value
            for name, value in times.items()
        }
        for which in (each for each in PROBES if f"{each}Probe" == probe):
            yield cls(container=item.value, probe=which, **numbers)

    def refuses(self, seen: Sight) -> Iterator[str]:
        """Where there is no such probe, it asks so already, or a change would start no rollout."""
        workload = workload_of(seen)
        if workload is None:
            yield GONE
            return
        if workload.leaving:
            yield LEAVING
        yield from held(workload)
        if not isinstance(found_at(seen.document.value, self._probe), Mapping):
            yield f"container {self.container} has no {self.probe} probe"
        elif not self._sets(seen.document):
            yield "the probe asks just so already"

    def steps(self, seen: Sight) -> tuple[Step, ...]:
        """Some numbers of one probe."""
        return (Patch(target=seen.document.ref, sets=self._sets(seen.document)),)

    def recovery(self, before: Sight, after: Sight) -> Recovery:
        """The rollout of it is through."""
        workload = workload_of(after)
        if workload is None or before.document.ref.uid != after.document.ref.uid:
            return VANISHED
        if self._sets(after.document):
            return Recovery(state=State.ILL, says="somebody else has changed the probe since")
        return rollout(workload)

    def undo(self, before: Sight) -> tuple[Step, ...]:
        """The numbers that it had."""
        back = tuple(
            Set(path=each.path, value=each.was, was=each.value)
            for each in self._sets(before.document)
        )
        return (Patch(target=before.document.ref, sets=back),)

    @property
    def _probe(self) -> Path:
        return (*CONTAINERS, Item(by="name", value=self.container), f"{self.probe}Probe")

    def _sets(self, document: Document) -> tuple[Set, ...]:
        """What is not yet as it is wanted. No delay is a field that is not there."""
        sets = []
        for name, field in FIELDS.items():
            path, wanted = (*self._probe, field), getattr(self, name)
            was = document.at(*path)
            if wanted != (_DEFAULTS[field] if was is None else was):
                sets.append(Set(path=path, value=wanted or None, was=was))
        return tuple(sets)


_PLACES = PatchProbe.kind.touches


def _of(container: Container, which: Which) -> Probe | None:
    return {
        "liveness": container.liveness_probe,
        "readiness": container.readiness_probe,
        "startup": container.startup_probe,
    }[which]


def _twice_as_patient(container: str, which: Which, probe: Probe) -> Iterator[PatchProbe]:
    """Unless it is as patient as can be, or asks so seldom that we could not set that."""
    now = (probe.timeout_seconds, probe.failure_threshold)
    timeout = max(now[0], min(2 * now[0], SLOWEST))
    failures = max(now[1], min(2 * now[1], MOST))
    bounds = ((probe.period_seconds, LONGEST), (timeout, SLOWEST), (failures, MOST))
    delay = probe.initial_delay_seconds
    inside = all(1 <= value <= most for value, most in bounds) and 0 <= delay <= LATEST
    if inside and (timeout, failures) != now:
        yield PatchProbe(
            container=container,
            probe=which,
            period_seconds=probe.period_seconds,
            timeout_seconds=timeout,
            failure_threshold=failures,
            initial_delay_seconds=delay,
        )


def _number(value: Plain) -> int | None:
    """A number as it was written; what is none is out of all bounds."""
    return value if value is None or isinstance(value, int) else -1
