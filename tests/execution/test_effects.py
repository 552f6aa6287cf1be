import pytest

from holdfast.conformance.scenes import a_deployment
from holdfast.execution.effects import computed, unlike
from holdfast.model.canonical import Plain
from holdfast.model.documents import Document
from holdfast.model.paths import Difference, Item, Path, Segment
from holdfast.model.steps import Delete, Patch, Set


def changed(*path: Segment, before: Plain = 1, after: Plain = 2) -> Difference:
    return Difference(path=path, before=before, after=after)


REPLICAS: Path = ("spec", "replicas")
SIDECAR = Item(by="name", value="sidecar")


@pytest.mark.parametrize(
    ("now", "says"),
    [
        ([changed(*REPLICAS)], []),
        ([], ["it would not change spec.replicas any more"]),
        ([changed(*REPLICAS, after=3)], ["it would change spec.replicas in another way"]),
        ([changed(*REPLICAS, before=0)], ["it would change spec.replicas in another way"]),
        ([changed(*REPLICAS, before=True)], ["it would change spec.replicas in another way"]),
        (
            [changed(*REPLICAS), changed("spec", "containers", SIDECAR)],
            ["it would change spec.containers[name=sidecar] as well"],
        ),
        (
            [changed("spec", "paused")],
            [
                "it would change spec.paused as well",
                "it would not change spec.replicas any more",
            ],
        ),
    ],
)
def test_names_each_place_where_an_effect_is_not_the_approved_one(
    now: list[Difference], says: list[str]
) -> None:
    assert says == list(unlike([changed(*REPLICAS)], now))


def test_does_not_tell_values() -> None:
    told = list(unlike([changed("data", after="hunter2")], [changed("data", after="hunter3")]))
    assert ["it would change data in another way"] == told


def test_the_order_of_places_says_nothing() -> None:
    one, other = changed("spec", "a"), changed("spec", "b")
    assert [] == list(unlike([one, other], [other, one]))


WEB = Document(value=a_deployment())


def to_three(subresource: str = "") -> Patch:
    three = Set(path=REPLICAS, value=3, was=2)
    return Patch(target=WEB.ref, sets=(three,), subresource=subresource)


def test_the_effect_of_a_patch_is_all_that_the_server_would_leave_otherwise() -> None:
    after = Document(value=a_deployment(spec={"replicas": 3, "paused": True}))
    told = computed(to_three(), WEB, after)
    assert told is not None
    assert {("spec", "paused"), REPLICAS} == {each.path for each in told}


def test_of_a_subresource_only_the_places_that_were_asked_for_are_compared() -> None:
    scale = Document(value={"kind": "Scale", "spec": {"replicas": 3}})
    assert (changed(*REPLICAS, before=2, after=3),) == computed(to_three("scale"), WEB, scale)


def test_what_removes_an_object_changes_nothing_in_it() -> None:
    assert () == computed(Delete(target=WEB.ref), WEB, None)


def test_a_server_that_shows_nothing_has_computed_nothing() -> None:
    assert computed(to_three(), WEB, None) is None
