"""The graph of a snapshot. An edge says that its source needs its target to do well.

A target may be an object that was not seen, or does not exist: it is known by its place.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Protocol

import msgspec

from holdfast.model.kinds import KINDS
from holdfast.model.objects import Object, Ref
from holdfast.model.relations import Relation
from holdfast.model.snapshot import Snapshot

type Place = tuple[str, str, str]
"""Kind with its group, namespace and name: how objects refer to each other."""


class Edge(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One dependency and where it was read."""

    relation: Relation
    source: Place
    target: Place
    read: str


def place(of: Object | Ref) -> Place:
    """Where an object is."""
    if isinstance(of, Ref):
        group = of.api_version.rpartition("/")[0]
        return (f"{of.kind}.{group}" if group else of.kind, of.namespace, of.name)
    return place_of(type(of), of.metadata.namespace, of.metadata.name)


def place_of(kind: type[Object], namespace: str, name: str) -> Place:
    """Where an object of that kind and name is."""
    return (_named(kind), namespace if kind.api.namespaced else "", name)


@cache
def _named(kind: type[Object]) -> str:
    return f"{kind.api.kind}.{kind.api.group}" if kind.api.group else kind.api.kind


_KINDS: Mapping[str, type[Object]] = {_named(kind): kind for kind in KINDS}


def found_at(snapshot: Snapshot, where: Place) -> Object | None:
    """The object of that place, if it is of a known kind and was seen."""
    kind = _KINDS.get(where[0])
    return None if kind is None else snapshot.find(kind, where[1], where[2])


class Said(Protocol):
    """What objects themselves say that they need. Nobody asks it of most of thousands of pods, so
    that it is read off each when it is asked for.
    """

    def by(self, of: Place) -> Iterable[Edge]:
        """What that one says."""

    def places(self) -> Iterable[Place]:
        """Everybody who has something to say."""


class Topology:
    """All edges, findable from both ends: those that are known, and what objects say themselves."""

    def __init__(self, known: Iterable[Edge], said: Said) -> None:
        self._known = tuple(known)
        self._said = said
        self._read: dict[Place, Sequence[Edge]] = {}

    @cached_property
    def edges(self) -> Sequence[Edge]:
        """All of them."""
        said = (edge for where in self._said.places() for edge in self._said.by(where))
        return (*self._known, *said)

    @cached_property
    def _sources(self) -> Mapping[Place, Sequence[Edge]]:
        return _sorted_in(self._known, lambda edge: edge.source)

    @cached_property
    def _needed(self) -> Mapping[Place, Sequence[Edge]]:
        return _sorted_in(self.edges, lambda edge: edge.target)

    @cached_property
    def _owners(self) -> Mapping[Place, Sequence[Edge]]:
        owned = (edge for edge in self._known if edge.relation is Relation.OWNS)
        return _sorted_in(owned, lambda edge: edge.target)

    def needs(self, of: Place) -> Sequence[Edge]:
        """What it needs, directly."""
        if of not in self._read:
            self._read[of] = (*self._sources.get(of, ()), *self._said.by(of))
        return self._read[of]

    def needed_by(self, of: Place) -> Sequence[Edge]:
        """Who needs it, directly."""
        return self._needed.get(of, ())

    def owners(self, of: Place) -> Sequence[Place]:
        """Who owns it, directly. (What thousands of pods need, nobody need look through.)"""
        return [edge.source for edge in self._owners.get(of, ())]

    def beneath(self, of: Place) -> Iterator[tuple[Place, int]]:
        """Everything that it needs, nearest first, with the distance; each place once."""
        return _walk(of, lambda here: (edge.target for edge in self.needs(here)))

    def above(self, of: Place) -> Iterator[tuple[Place, int]]:
        """Everybody who needs it, nearest first, with the distance; each place once."""
        return _walk(of, lambda here: (edge.source for edge in self.needed_by(here)))

    def path(self, source: Place, target: Place) -> tuple[Edge, ...] | None:
        """A shortest chain of needs between two places."""
        came: dict[Place, Edge | None] = {source: None}
        queue = deque([source])
        while queue:
            here = queue.popleft()
            if here == target:
                return _back(came, here)
            for edge in self.needs(here):
                if edge.target not in came:
                    came[edge.target] = edge
                    queue.append(edge.target)
        return None


def _sorted_in(edges: Iterable[Edge], key: Callable[[Edge], Place]) -> dict[Place, list[Edge]]:
    there: dict[Place, list[Edge]] = {}
    for edge in edges:
        there.setdefault(key(edge), []).append(edge)
    return there


def _walk(start: Place, step: Callable[[Place], Iterable[Place]]) -> Iterator[tuple[Place, int]]:
    seen = {start}
    queue = deque([(start, 0)])
    while queue:
        here, distance = queue.popleft()
        if distance:
            yield here, distance
        for following in step(here):
            if following not in seen:
                seen.add(following)
                queue.append((following, distance + 1))


def _back(came: Mapping[Place, Edge | None], end: Place) -> tuple[Edge, ...]:
    chain: list[Edge] = []
    edge = came[end]
    while edge is not None:
        chain.append(edge)
        edge = came[edge.source]
    return tuple(reversed(chain))
