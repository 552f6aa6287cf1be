"""Some namespaces of a snapshot: what it never looked at is refused, not called healthy."""

from datetime import UTC, datetime

import pytest

from holdfast.errors import BadSnapshot, NoSuchNamespace
from holdfast.model.kinds import Namespace, Pod
from holdfast.model.narrowing import narrow
from holdfast.model.objects import Metadata, Object
from holdfast.model.snapshot import Capture, Snapshot, State

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def a_named(kind: type[Object], name: str, namespace: str = "") -> Object:
    return kind(metadata=Metadata(name=name, namespace=namespace, uid=f"{namespace}-{name}"))


WEB = a_named(Pod, "web", "shop")
NAMESPACES = Capture[Object](
    kind=Namespace, objects=(a_named(Namespace, "shop"), a_named(Namespace, "bank"))
)


def taken(*captures: Capture[Object]) -> Snapshot:
    return Snapshot(now=NOW, captures=captures)


def test_a_namespace_that_the_snapshot_was_not_taken_of_is_refused() -> None:
    pods = Capture[Object](kind=Pod, objects=(WEB,), namespaces=("shop",))

    with pytest.raises(BadSnapshot, match="not taken of namespace 'bank'"):
        narrow(taken(pods, NAMESPACES), ("bank",))


def test_a_namespace_that_does_not_exist_is_refused() -> None:
    with pytest.raises(NoSuchNamespace, match="no namespace 'shpo'"):
        narrow(taken(Capture(kind=Pod, objects=(WEB,)), NAMESPACES), ("shop", "shpo"))


def test_a_namespace_of_which_nothing_is_known_is_refused() -> None:
    hidden = Capture[Object](kind=Namespace, state=State.FORBIDDEN, why="no right")

    with pytest.raises(BadSnapshot, match="Nothing was seen in namespace 'shpo'"):
        narrow(taken(Capture(kind=Pod, objects=(WEB,)), hidden), ("shpo",))


def test_an_empty_namespace_that_was_looked_at_is_seen() -> None:
    narrowed = narrow(taken(Capture(kind=Pod, objects=(WEB,)), NAMESPACES), ("bank",))

    assert narrowed.sees(Pod)
    assert narrowed.all(Pod) == ()


def test_a_namespace_that_is_known_by_its_objects_needs_no_list_of_namespaces() -> None:
    assert narrow(taken(Capture(kind=Pod, objects=(WEB,))), ("shop",)).all(Pod) == (WEB,)
