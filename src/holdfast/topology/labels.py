"""Who carries which labels, found without asking everybody: a namespace may hold thousands."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from holdfast.model.kinds import Pod
from holdfast.model.objects import Selector
from holdfast.model.snapshot import Snapshot


def carries(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether those labels hold every one that is wanted."""
    return all(labels.get(key) == value for key, value in wanted.items())


type _Alike[T] = tuple[Mapping[str, str], list[T]]


class Carriers[T]:
    """What carries labels, each thing with its namespace and its labels.

    Siblings mostly hold the very same labels, and are looked at together.
    """

    def __init__(self, things: Iterable[tuple[str, Mapping[str, str], T]]) -> None:
        self._within: dict[str, list[_Alike[T]]] = {}
        self._by_label: dict[tuple[str, str, str], list[_Alike[T]]] = {}
        known: dict[tuple[str, int], list[T]] = {}
        for namespace, labels, thing in things:
            alike = known.get((namespace, id(labels)))
            if alike is not None:
                alike.append(thing)
                continue
            alike = known[namespace, id(labels)] = [thing]
            self._within.setdefault(namespace, []).append((labels, alike))
            for key, value in labels.items():
                self._by_label.setdefault((namespace, key, value), []).append((labels, alike))

    def carrying(self, namespace: str, wanted: Mapping[str, str]) -> Iterator[T]:
        """All that carry every one of those labels; where none is wanted, everybody does."""
        for labels, alike in self._nearest(namespace, wanted):
            if carries(labels, wanted):
                yield from alike

    def chosen(self, namespace: str, selector: Selector) -> Iterator[T]:
        """All that the selector means."""
        for labels, alike in self._nearest(namespace, selector.match_labels):
            if selector.matches(labels):
                yield from alike

    def _nearest(self, namespace: str, wanted: Mapping[str, str]) -> Sequence[_Alike[T]]:
        """The carriers of the rarest of those labels."""
        there = (self._by_label.get((namespace, key, value), ()) for key, value in wanted.items())
        return min(there, key=len, default=self._within.get(namespace, ()))


class Choosers:
    """Selectors, by their number, found by the labels that they may mean."""

    def __init__(self, selectors: Sequence[Selector]) -> None:
        self._selectors = selectors
        self._unlabelled: list[int] = []
        self._by_label: dict[tuple[str, str], list[int]] = {}
        for at, selector in enumerate(selectors):
            first = next(iter(selector.match_labels.items()), None)
            there = self._unlabelled if first is None else self._by_label.setdefault(first, [])
            there.append(at)

    def choosing(self, labels: Mapping[str, str]) -> Sequence[int]:
        """The selectors that mean an object with those labels."""
        near = [*self._unlabelled]
        for pair in labels.items():
            near += self._by_label.get(pair, ())
        return [at for at in sorted(near) if self._selectors[at].matches(labels)]


def pods(cluster: Snapshot) -> Carriers[Pod]:
    """All pods by their labels."""
    cluster.capture(Pod)  # refused to a rule that does not declare them, as everywhere
    return cluster.narrowed((Pod,)).once(_pods)


def _pods(cluster: Snapshot) -> Carriers[Pod]:
    return Carriers((p.metadata.namespace, p.metadata.labels, p) for p in cluster.all(Pod))
