from datetime import UTC, datetime

import pytest

from holdfast.model.kinds import Namespace, Pod, StorageClass
from holdfast.model.objects import Metadata, Object
from holdfast.model.snapshot import Capture, Snapshot, State, Unreadable

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def a_named(kind: type[Object], name: str, namespace: str = "") -> Object:
    return kind(metadata=Metadata(name=name, namespace=namespace, uid=f"{namespace}-{name}"))


def test_a_kind_that_nobody_asked_for_is_not_captured() -> None:
    capture = Snapshot(now=NOW).capture(Pod)

    assert capture.state is State.NOT_CAPTURED
    assert not capture.whole


@pytest.mark.parametrize("state", [s for s in State if s is not State.CAPTURED])
def test_whatever_is_not_captured_is_blind(state: State) -> None:
    snapshot = Snapshot(now=NOW, captures=[Capture(kind=Pod, state=state, why="so")])

    (blind,) = snapshot.blind([Pod])

    assert (blind.plural, blind.state, blind.why) == ("pods", state, "so")
    assert not snapshot.sees(Pod)


def test_an_unreadable_object_leaves_its_list_captured_and_is_named() -> None:
    broken = Unreadable(name="web-1", namespace="shop", why="Expected `int`")
    snapshot = Snapshot(now=NOW, captures=[Capture(kind=Pod, unreadable=(broken,))])

    (blind,) = snapshot.blind([Pod])

    assert blind.state is State.CAPTURED
    assert blind.why == "1 unreadable, the first web-1: Expected `int`"


def test_a_namespace_that_was_not_asked_for_is_blind_and_others_are_not() -> None:
    snapshot = Snapshot(now=NOW, captures=[Capture(kind=Pod, namespaces=("shop",))])

    assert snapshot.blind([Pod], namespace="shop") == ()
    assert snapshot.blind([Pod], namespace="bank") != ()
    assert snapshot.blind([Pod]) == ()


def test_cluster_scoped_kinds_are_seen_whatever_namespaces_were_asked_for() -> None:
    snapshot = Snapshot(now=NOW, captures=[Capture(kind=StorageClass)])

    assert snapshot.blind([StorageClass], namespace="bank") == ()


def test_looking_at_some_namespaces_keeps_what_belongs_to_none() -> None:
    pods = (a_named(Pod, "a", "shop"), a_named(Pod, "b", "bank"))
    snapshot = Snapshot(
        now=NOW,
        captures=[
            Capture(kind=Pod, objects=pods),
            Capture(kind=Namespace, objects=(a_named(Namespace, "shop"),)),
        ],
    )

    narrow = snapshot.within_namespaces(("shop",))

    assert narrow.all(Pod) == pods[:1]
    assert len(narrow.all(Namespace)) == 1
    assert narrow.blind([Pod], namespace="bank") != ()


def test_a_namespace_that_was_never_looked_at_stays_unseen() -> None:
    pods = Capture(kind=Pod, objects=(a_named(Pod, "a", "shop"),), namespaces=("shop",))
    snapshot = Snapshot(now=NOW, captures=[pods])

    (none,) = snapshot.within_namespaces(("bank",)).blind([Pod])
    (half,) = snapshot.within_namespaces(("shop", "bank")).blind([Pod])

    assert (none.state, none.namespaces) == (State.NOT_CAPTURED, ("bank",))
    assert (half.state, half.namespaces) == (State.PARTIAL, ("bank",))
    assert half.why == "bank: not in this snapshot"
    assert snapshot.within_namespaces(("shop",)).sees(Pod)


def test_what_is_forbidden_elsewhere_does_not_blind_a_namespace_that_was_seen() -> None:
    pods = Capture(kind=Pod, state=State.FORBIDDEN, namespaces=("shop",), unseen=("bank",), why="x")
    snapshot = Snapshot(now=NOW, captures=[pods])

    assert snapshot.within_namespaces(("shop",)).sees(Pod)
    (blind,) = snapshot.within_namespaces(("bank",)).blind([Pod])
    assert (blind.state, blind.namespaces) == (State.FORBIDDEN, ("bank",))


def test_objects_are_found_by_name_and_namespace() -> None:
    one, other = a_named(Pod, "web", "shop"), a_named(Pod, "web", "bank")
    snapshot = Snapshot(now=NOW, captures=[Capture(kind=Pod, objects=(one, other))])

    assert snapshot.find(Pod, "bank", "web") is other
    assert snapshot.find(Pod, "shop", "web-1") is None
    assert list(snapshot.within(Pod, "shop")) == [one]
