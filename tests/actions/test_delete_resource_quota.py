import pytest

from holdfast.actions.delete_resource_quota import BLOCKS_NOBODY, DeleteResourceQuota
from holdfast.conformance.scenes import BORN, QUOTA, Raw, changed_by, owned, raw, sight
from holdfast.model.repairs import State
from holdfast.model.steps import Create, Delete

DELETE = DeleteResourceQuota()


def test_deletes_a_quota_that_is_used_up() -> None:
    seen = sight(QUOTA)
    assert [] == list(DELETE.refuses(seen))
    assert (Delete(target=seen.document.ref),) == DELETE.steps(seen)


def _with_room(cpu: str = "1900m") -> Raw:
    return changed_by(QUOTA, {"status": {"used": {"pods": "3", "requests.cpu": cpu}}})


def _refused(by: str = "tight", **changed: object) -> Raw:
    """A ReplicaSet of two that got one pod: the other asked for a fifth of a core."""
    says = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "lastTransitionTime": BORN,
        "message": f'pods "web-1-x" is forbidden: exceeded quota: {by}, '
        "requested: requests.cpu=200m, used: requests.cpu=1900m, limited: requests.cpu=2",
    }
    made = raw("apps/v1", "ReplicaSet", "web-1", spec={"replicas": 2})
    return changed_by({**made, "status": {"replicas": 1, "conditions": [says]}}, changed)


def test_refuses_a_quota_with_room_left() -> None:
    assert [BLOCKS_NOBODY] == list(DELETE.refuses(sight(_with_room("1999m"))))


@pytest.mark.parametrize("used", ["1801m", "1900m"])
def test_deletes_a_quota_with_less_room_than_it_refuses_somebody_for(used: str) -> None:
    assert [] == list(DELETE.refuses(sight(_with_room(used), _refused())))


@pytest.mark.parametrize(
    ("used", "refused"),
    [
        ("1800m", _refused()),  # room enough by now: the next attempt succeeds
        ("1900m", _refused(by="other")),
        ("1900m", _refused(metadata={"namespace": "pay"})),
        ("1900m", _refused(spec={"replicas": 1})),  # it wants no more pods
        ("1900m", _refused(status={"conditions": []})),
    ],
)
def test_refuses_a_quota_with_room_that_nobody_is_refused_for(used: str, refused: Raw) -> None:
    assert [BLOCKS_NOBODY] == list(DELETE.refuses(sight(_with_room(used), refused)))


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
