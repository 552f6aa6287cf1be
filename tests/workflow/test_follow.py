"""The news of a kind, applied one by one."""

import pytest

from holdfast.model.kinds import Namespace, Pod
from holdfast.model.objects import KeptMetadata, Metadata
from holdfast.model.snapshot import Capture, State, Unreadable
from holdfast.ports import Put, Relisted, Removed
from holdfast.workflow.follow import Followed


def a_pod(name: str, version: str, namespace: str = "shop") -> Pod:
    return Pod(metadata=Metadata(name=name, namespace=namespace, resource_version=version))


def listed(*pods: Pod) -> Relisted[Pod]:
    return Relisted(capture=Capture(kind=Pod, objects=pods, resource_version="10"))


def test_before_the_first_word_nothing_is_captured() -> None:
    capture = Followed(Pod).capture()
    assert (capture.state, capture.objects) == (State.NOT_CAPTURED, ())


def test_a_list_is_the_state_and_replaces_what_was_there() -> None:
    followed = Followed(Pod)
    followed.apply(listed(a_pod("old", "1")))
    followed.apply(listed(a_pod("new", "2")))
    assert set(followed.objects) == {("shop", "new")}
    assert followed.capture().resource_version == "10"


def test_an_object_is_added_then_changed_in_place() -> None:
    followed = Followed(Pod)
    followed.apply(listed())
    followed.apply(Put(object=a_pod("web", "11")))
    followed.apply(Put(object=a_pod("web", "12")))
    assert [o.metadata.resource_version for o in followed.capture().objects] == ["12"]
    assert followed.capture().resource_version == "12"


def test_the_same_name_in_two_namespaces_is_two_objects() -> None:
    followed = Followed(Pod)
    followed.apply(Put(object=a_pod("web", "1", "a")))
    followed.apply(Put(object=a_pod("web", "2", "b")))
    followed.apply(Removed(object=a_pod("web", "3", "a")))
    assert set(followed.objects) == {("b", "web")}


def test_removing_what_was_never_seen_changes_nothing_else() -> None:
    followed = Followed(Pod)
    followed.apply(listed(a_pod("web", "1")))
    followed.apply(Removed(object=a_pod("gone", "2")))
    assert set(followed.objects) == {("shop", "web")}
    assert followed.capture().resource_version == "2"


def test_a_kind_that_was_forbidden_says_so_and_shows_nothing() -> None:
    followed = Followed(Pod)
    followed.apply(listed(a_pod("web", "1")))
    shut: Capture[Pod] = Capture(kind=Pod, state=State.FORBIDDEN, why="no", namespaces=("shop",))
    followed.apply(Relisted(capture=shut))
    assert followed.capture() == shut


def test_what_was_unreadable_stays_said_until_the_next_list() -> None:
    followed = Followed(Namespace)
    broken = (Unreadable(name="x", why="odd"),)
    followed.apply(Relisted(capture=Capture(kind=Namespace, unreadable=broken)))
    followed.apply(Put(object=Namespace(metadata=KeptMetadata(name="a", resource_version="1"))))
    assert followed.capture().unreadable == broken


def test_what_is_handed_out_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        Followed(Pod).objects["a", "b"] = a_pod("b", "1")  # type: ignore[index]  # that is the point
