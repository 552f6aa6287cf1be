"""Blast radius: who may notice when something is done to an object, and what of that is unknown.

What the graph shows is what was seen. What was not seen is named; and that nobody is seen to depend
on an object never says that nobody does.
"""

from collections.abc import Iterator

import msgspec

from holdfast.model.kinds import (
    Autoscaler,
    CronJob,
    DaemonSet,
    Deployment,
    DisruptionBudget,
    GrpcRoute,
    HttpRoute,
    Ingress,
    Job,
    Pod,
    ReplicaSet,
    Service,
    StatefulSet,
)
from holdfast.model.names import few, placed
from holdfast.model.objects import Object
from holdfast.model.snapshot import Blind, Snapshot, State
from holdfast.topology.graph import Place, Topology, place_of

SEEN: tuple[type[Object], ...] = (
    Autoscaler,
    CronJob,
    DaemonSet,
    Deployment,
    DisruptionBudget,
    GrpcRoute,
    HttpRoute,
    Ingress,
    Job,
    Pod,
    ReplicaSet,
    Service,
    StatefulSet,
)
"""The kinds without which it cannot be told who depends on whom."""

_DOORS: tuple[type[Object], ...] = (Ingress, HttpRoute, GrpcRoute)
_OPEN = ("LoadBalancer", "NodePort")  # types of services that are reached from outside


class Blast(msgspec.Struct, frozen=True, kw_only=True):
    """Who may notice. The owners of an object are no others: they are what it is for."""

    services: tuple[Place, ...]
    doors: tuple[Place, ...]  # through which people outside reach it
    others: tuple[Place, ...]  # whatever else is seen to need it
    unseen: tuple[Blind, ...]

    @property
    def dependents(self) -> int:
        """How many are seen to need it."""
        return len(self.services) + len({*self.doors} - {*self.services}) + len(self.others)

    def told(self) -> tuple[str, ...]:
        """In sentences, for people: what is known, then what is not."""
        return tuple(self._told())

    def _told(self) -> Iterator[str]:
        if self.services:
            yield f"It serves {_named(self.services)}."
        if self.doors:
            yield f"People outside reach it through {_named(self.doors)}."
        if self.others:
            yield f"Seen to need it as well: {_named(self.others)}."
        if not self.dependents:
            yield "Nothing is seen to need it."
        for blind in self.unseen:
            yield f"Unknown: {blind.resource} could not be seen whole ({blind.why or blind.word})."
        yield "Unknown: who calls it by an address, or through something outside this cluster."


def blast(snapshot: Snapshot, topology: Topology, of: Place) -> Blast:
    """Who may notice, as far as that snapshot and its graph show."""
    owners = {*_owners(topology, of)}
    above = [where for where, _ in topology.above(of) if where not in owners]
    services = [where for where in above if _is(where, Service)]
    doors = [where for where in above if any(_is(where, kind) for kind in _DOORS)]
    doors += [where for where in services if _open(snapshot, where)]
    rest = [where for where in above if where not in {*services, *doors}]
    return Blast(
        services=tuple(sorted(services)),
        doors=tuple(sorted(doors)),
        others=tuple(sorted(rest)),
        unseen=tuple(
            blind
            for blind in snapshot.blind(SEEN, namespace=of[1])
            if blind.state is not State.ABSENT  # what is not served does not exist
        ),
    )


def _owners(topology: Topology, of: Place) -> Iterator[Place]:
    seen, front = {of}, [of]
    while front:
        front = [owner for here in front for owner in topology.owners(here) if owner not in seen]
        seen |= {*front}
        yield from front


def _is(where: Place, kind: type[Object]) -> bool:
    return where[0] == place_of(kind, "", "")[0]


def _open(snapshot: Snapshot, where: Place) -> bool:
    service = snapshot.find(Service, where[1], where[2])
    return service is not None and service.spec.type in _OPEN


def _named(places: tuple[Place, ...]) -> str:
    return few(f"{kind.partition('.')[0]} {placed(where, name)}" for kind, where, name in places)
