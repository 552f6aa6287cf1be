"""What controllers say of custom resources in conditions, read by the rules of kstatus.

What was said of an older generation says nothing of this one. Stalled says more than not Ready.
Unknown is at work, unless it is at work again on what has failed since it last went well.

The time of a condition is a refreshed stamp where a controller rewrites it with each attempt and
each wording. Its events know better: what has failed since it last went well.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol

import msgspec

from holdfast.model.events import events_about
from holdfast.model.kinds import Event
from holdfast.model.kinds.conditioned import Conditioned
from holdfast.model.objects import Condition
from holdfast.model.rules import Found, Severity
from holdfast.model.snapshot import Snapshot

WENT_WELL = frozenset(
    {
        "InstallSucceeded",
        "NewArtifact",
        "ReconciliationSucceeded",
        "ScaledJobReady",
        "ScaledObjectReady",
        "Succeeded",
        "UpgradeSucceeded",
    }
)
"""Reasons of events after which all is well: not those of a part, or of a remedy."""

GOOD = ("Ready", "Available", "Healthy")  # conditions that are False when something is wrong


class Unwell(msgspec.Struct, frozen=True, kw_only=True):
    """Why a resource is not well, in its controller's words, and since when."""

    of: Conditioned
    type: str
    status: str
    reason: str
    message: str
    since: datetime

    @property
    def severity(self) -> Severity:
        """Whether it tried and failed, or still waits for others and may yet go well."""
        failed = self.type == "Stalled" or self.reason.endswith("Failed")
        return Severity.CRITICAL if failed else Severity.WARNING

    @property
    def says(self) -> str:
        """The condition, in short."""
        return f"{self.type} is {self.status}" + (f": {self.reason}" if self.reason else "")

    @property
    def seen(self) -> dict[str, str]:
        """What was said."""
        return {"condition": self.type, "reason": self.reason, "message": self.message}

    def found(self, *, severity: Severity | None = None, look: str = "") -> Found:
        """The fact that it is not well; `look` says what to read of it, where kinds differ."""
        api = self.of.api
        where = " -n {namespace}" if api.namespaced else ""
        return Found(
            about=self.of.ref,
            since=self.since,
            says=self.says,
            seen=self.seen,
            severity=severity,
            next_step=f"{look}: kubectl describe {api.resource} {{name}}{where}" if look else None,
        )


class Speaks(Protocol):
    """Whatever has conditions, and may be on its way out."""

    @property
    def leaving(self) -> bool:
        """Whether somebody has deleted it."""

    def condition(self, type_: str) -> Condition | None:
        """Its condition of that type."""


def saying[K: Speaks](
    objects: Iterable[K], type_: str, status: str
) -> Iterator[tuple[K, Condition]]:
    """Those whose condition of that type has that status; not those that are on their way out."""
    for each in objects:
        said = each.condition(type_)
        if said is not None and said.status == status and not each.leaving:
            yield each, said


def all_unwell(
    cluster: Snapshot, kinds: Iterable[type[Conditioned]], types: tuple[str, ...] = GOOD
) -> Iterator[Unwell]:
    """Every object of those kinds that is not well."""
    for kind in kinds:
        for each in cluster.all(kind):
            told = unwell(cluster, each, types)
            if told is not None:
                yield told


def unwell(cluster: Snapshot, each: Conditioned, types: tuple[str, ...] = GOOD) -> Unwell | None:
    """Why it is not well; None when it is, is being deleted or held, or nobody says."""
    if each.leaving or each.held:
        return None
    failed = _failed(cluster, each)
    said = current(each, "Stalled")
    if said is not None and said.status == "True":
        return _told(each, said, failed)
    for type_ in types:
        said = current(each, type_)
        if said is None or said.status == "True":
            continue
        if said.status != "Unknown":  # False, and words of somebody's own such as Degraded
            return _told(each, said, failed)
        if failed:
            last = failed[-1]
            return Unwell(
                of=each,
                type=type_,
                status="Unknown, at work again",
                reason=last.reason,
                message=last.message,
                since=failed[0].first_seen,
            )
    return None


def current(each: Conditioned, type_: str) -> Condition | None:
    """Its condition of that type, if it is about the object as it stands.

    A condition's own generation counts first: some controllers write the one of the status only
    when all went well, which would hide what fails after a change.
    """
    said = each.condition(type_)
    if said is None:
        return None
    observed = said.observed_generation or each.status.observed_generation
    return None if 0 < observed < each.metadata.generation else said


def _told(each: Conditioned, said: Condition, failed: list[Event]) -> Unwell:
    first = failed[0].first_seen if failed else None
    known = [moment for moment in (said.last_transition_time, first) if moment is not None]
    return Unwell(
        of=each,
        type=said.type,
        status=said.status,
        reason=said.reason,
        message=said.message,
        since=max(each.born, min(known, default=each.asked_since)),
    )


def _failed(cluster: Snapshot, each: Conditioned) -> list[Event]:
    """What is told to have failed since it last went well, oldest first."""
    failed: list[Event] = []
    for event in events_about(cluster, each):
        if event.type == "Warning":
            failed.append(event)
        elif event.reason in WENT_WELL:
            failed.clear()
    return sorted(failed, key=lambda event: event.first_seen)
