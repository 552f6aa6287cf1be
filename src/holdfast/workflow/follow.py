"""What a followed kind looks like now: the news, applied."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture, State
from holdfast.ports import Lost, News, Put, Relisted, Removed, Resumed


class Followed[K: Object]:
    """The state of one kind, kept up to date by what `Cluster.follow` yields."""

    def __init__(self, kind: type[K]) -> None:
        self._objects: dict[tuple[str, str], K] = {}
        self._told: Capture[K] = Capture(
            kind=kind, state=State.NOT_CAPTURED, why="nothing has been heard of it yet"
        )
        self._version = ""

    def apply(self, news: News[K]) -> None:
        """Take one piece of news."""
        match news:
            case Relisted(capture=told):
                self._told = told
                self._objects = dict(told.by_name)
                self._version = told.resource_version
            case Put(object=one):
                self._objects[_place(one)] = one
                self._version = one.metadata.resource_version
            case Removed(object=one):
                self._objects.pop(_place(one), None)
                self._version = one.metadata.resource_version
            case Lost() | Resumed():
                pass  # the last good state stands
            case _:
                assert_never(news)

    @property
    def objects(self) -> Mapping[tuple[str, str], K]:
        """What there is, by namespace and name."""
        return MappingProxyType(self._objects)

    def capture(self) -> Capture[K]:
        """The same as a capture, with the state and the scope that the last list had."""
        return Capture(
            kind=self._told.kind,
            state=self._told.state,
            objects=tuple(self._objects.values()),
            namespaces=self._told.namespaces,
            why=self._told.why,
            resource_version=self._version,
            unreadable=self._told.unreadable,
        )


def _place(one: Object) -> tuple[str, str]:
    return (one.metadata.namespace, one.metadata.name)
