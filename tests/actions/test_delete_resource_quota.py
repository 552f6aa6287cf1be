import pytest

from holdfast.actions.delete_resource_quota import DeleteResourceQuota
from holdfast.conformance.scenes import QUOTA, Raw, changed_by, owned, raw, sight
from holdfast.model.repairs import State
from holdfast.model.steps import Create, Delete

DELETE = DeleteResourceQuota()


def test_deletes_a_quota_that_is_used_up() -> None:
    seen = sight(QUOTA)
    assert [] == list(DELETE.refuses(seen))
    assert (Delete(target=seen.document.ref),) == DELETE.steps(seen)


def test_refuses_a_quota_with_room_left() -> None:
    room = changed_by(QUOTA, {"status": {"used": {"pods": "3", "requests.cpu": "1999m"}}})
    assert ["nothing of it is used up: it blocks nobody"] == list(DELETE.refuses(sight(room)))


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {"app.kubernetes.io/managed-by": "Helm"}},
        {"annotations": {"argocd.argoproj.io/tracking-id": "shop:/ResourceQuota:shop/tight"}},
        {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}},
        owned(raw("example.io/v1", "Tenant", "shop")),
    ],
)
def test_refuses_what_somebody_keeps(metadata: Raw) -> None:
    assert 1 == len(list(DELETE.refuses(sight(changed_by(QUOTA, {"metadata": metadata})))))


def test_makes_it_again_word_for_word() -> None:
    (step,) = DELETE.undo(sight(QUOTA))
    assert isinstance(step, Create)
    assert {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "tight", "namespace": "shop"},
        "spec": {"hard": QUOTA["spec"]["hard"]},
    } == step.manifest


@pytest.mark.parametrize(
    ("after", "state"),
    [
        ([], State.WELL),
        ([QUOTA], State.WAITING),
        ([changed_by(QUOTA, {"metadata": {"uid": "another"}})], State.ILL),
    ],
)
def test_is_through_when_none_of_that_name_is_there(after: list[Raw], state: State) -> None:
    assert state is DELETE.recovery(sight(QUOTA), sight(QUOTA, *after, gone=True)).state
