import pytest

from holdfast.actions.delete_pod import DeletePod
from holdfast.conformance.scenes import Raw, a_pod, changed_by, owned, raw, sight
from holdfast.model.repairs import State
from holdfast.model.steps import Evict

MAKER = raw("apps/v1", "ReplicaSet", "web-1", spec={"replicas": 2})
POD = a_pod("web-1-a", MAKER)
SICK = a_pod("web-1-a", MAKER, ready=False)
SIBLING = a_pod("web-1-b", MAKER)
DELETE = DeletePod()


def annotated(key: str, value: str) -> Raw:
    return changed_by(SICK, {"metadata": {"annotations": {key: value}}})


def test_evicts_a_pod_that_is_not_ready_or_not_the_last() -> None:
    assert [] == list(DELETE.refuses(sight(SICK, MAKER)))
    assert [] == list(DELETE.refuses(sight(POD, MAKER, SIBLING)))
    seen = sight(SICK, MAKER)
    assert (Evict(target=seen.document.ref),) == DELETE.steps(seen)


@pytest.mark.parametrize(
    ("target", "around", "because"),
    [
        (POD, [MAKER], "the last ready one"),
        (POD, [MAKER, a_pod("web-1-b", MAKER, ready=False)], "the last ready one"),
        (raw("v1", "Pod", "bare", status={"phase": "Running"}), [MAKER], "nobody would replace"),
        (SICK, [], "nobody would replace"),
        (
            SICK,
            [changed_by(MAKER, {"metadata": {"uid": "another"}})],
            "nobody would replace",
        ),
        (
            changed_by(SICK, {"metadata": owned(raw("v1", "Node", "node-1"))}),
            [MAKER],
            "nobody would replace",
        ),
        (annotated("kubernetes.io/config.mirror", "abc"), [MAKER], "the mirror of a static pod"),
        (annotated("kubernetes.io/config.source", "file"), [MAKER], "its node runs it from file"),
        (
            changed_by(SICK, {"metadata": {"deletionTimestamp": "2026-01-01T11:59:00Z"}}),
            [MAKER],
            "it is being deleted",
        ),
        (changed_by(SICK, {"status": {"phase": "Succeeded"}}), [MAKER], "it has ended"),
    ],
)
def test_refuses_what_would_not_come_back(target: Raw, around: list[Raw], because: str) -> None:
    refusals = list(DELETE.refuses(sight(target, *around)))
    assert 1 == len(refusals)
    assert because in refusals[0]


@pytest.mark.parametrize(
    ("after", "state"),
    [
        ([MAKER, SICK], State.WAITING),
        ([MAKER, SIBLING], State.WAITING),  # who stood beside it is no replacement
        ([MAKER, SIBLING, a_pod("web-1-c", MAKER, ready=False)], State.WAITING),
        ([MAKER, SIBLING, a_pod("web-1-c", MAKER)], State.WELL),
        ([changed_by(MAKER, {"spec": {"replicas": 0}})], State.ILL),
        ([SIBLING], State.ILL),
    ],
)
def test_has_recovered_when_a_new_pod_is_ready_in_its_place(after: list[Raw], state: State) -> None:
    before = sight(SICK, MAKER, SIBLING)
    assert state is DELETE.recovery(before, sight(SICK, *after, gone=True)).state


def test_of_a_daemon_set_the_new_pod_must_be_on_the_same_node() -> None:
    agent = raw("apps/v1", "DaemonSet", "agent", status={"desiredNumberScheduled": 2})
    before = sight(a_pod("agent-a", agent, ready=False), agent)
    elsewhere = a_pod("agent-c", agent, spec={"nodeName": "node-2"})
    for pod, state in ((elsewhere, State.WAITING), (a_pod("agent-b", agent), State.WELL)):
        after = sight(a_pod("agent-a", agent), agent, pod, gone=True)
        assert state is DELETE.recovery(before, after).state
