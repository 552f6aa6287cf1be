import pytest

from holdfast.actions.uncordon import FOLLOWER, UNSCHEDULABLE, Uncordon
from holdfast.conformance.scenes import Raw, a_deployment, a_node, a_pod, changed_by, sight
from holdfast.model.paths import Difference
from holdfast.model.repairs import State
from holdfast.model.steps import Patch, Set

UNCORDON = Uncordon()
OPEN: Raw = {"unschedulable": False, "taints": []}
NOT_READY: Raw = {"conditions": [{"type": "Ready", "status": "Unknown"}]}


def refusals(node: Raw, *around: Raw) -> list[str]:
    return list(UNCORDON.refuses(sight(node, *around)))


def tainted(key: str) -> Raw:
    return a_node(spec={"taints": [{"key": FOLLOWER}, {"key": key, "effect": "NoSchedule"}]})


def annotated(name: str, value: str) -> Raw:
    return a_node(metadata={"annotations": {name: value}})


@pytest.mark.parametrize("by", ["kubectl", "kubectl-patch", "kubectl-edit"])
def test_uncordons_what_a_person_has_cordoned(by: str) -> None:
    assert [] == refusals(a_node(by=by), a_pod("web-1-a", a_deployment()))


def test_refuses_a_node_that_takes_pods() -> None:
    assert ["it is not cordoned"] == refusals(a_node(spec={"unschedulable": False}))


def test_refuses_what_is_not_there_any_more() -> None:
    assert ["it is not there any more"] == list(UNCORDON.refuses(sight(a_node(), gone=True)))


def test_refuses_a_node_that_is_being_deleted() -> None:
    going = a_node(metadata={"deletionTimestamp": "2026-01-01T11:59:00Z"})
    assert ["it is being deleted"] == refusals(going)


@pytest.mark.parametrize("role", ["control-plane", "master"])
def test_never_touches_the_control_plane(role: str) -> None:
    node = a_node(metadata={"labels": {f"node-role.kubernetes.io/{role}": ""}})
    assert ["it is a node of the control plane, which is never touched"] == refusals(node)


@pytest.mark.parametrize("status", [NOT_READY, {"conditions": []}])
def test_refuses_a_node_that_does_not_do_well(status: Raw) -> None:
    assert ["it is not Ready: pods would go where nothing runs them"] == refusals(
        a_node(status=status)
    )


@pytest.mark.parametrize("by", ["karpenter", "kured", "machine-config-controller", "kubectlish"])
def test_leaves_to_a_program_what_it_has_cordoned_itself(by: str) -> None:
    assert [f"{by} has cordoned it, and is to uncordon it"] == refusals(a_node(by=by))


def test_refuses_when_nobody_is_recorded_as_having_cordoned_it() -> None:
    node = a_node(metadata={"managedFields": []})
    assert ["nobody is recorded as having cordoned it"] == refusals(node)


def test_refuses_when_a_program_has_a_share_in_it() -> None:
    fields = (
        a_node()["metadata"]["managedFields"] + a_node(by="rancher")["metadata"]["managedFields"]
    )
    node = a_node(metadata={"managedFields": fields})
    assert ["rancher has cordoned it, and is to uncordon it"] == refusals(node)


@pytest.mark.parametrize(
    ("taint", "why"),
    [
        ("ToBeDeletedByClusterAutoscaler", "the cluster autoscaler is taking it away"),
        ("karpenter.sh/disrupted", "Karpenter is taking it away"),
        ("node.cloudprovider.kubernetes.io/shutdown", "its machine is shut down"),
    ],
)
def test_refuses_a_node_on_its_way_out(taint: str, why: str) -> None:
    assert [why] == refusals(tainted(taint))


def test_minds_no_taint_that_sorts_pods() -> None:
    assert [] == refusals(tainted("example.com/gpu"))


@pytest.mark.parametrize(
    ("name", "busy"),
    [
        ("machineconfiguration.openshift.io/state", "Working"),
        ("weave.works/kured-reboot-in-progress", "2026-01-01T11:59:00Z"),
    ],
)
def test_refuses_while_somebody_is_at_work_on_it(name: str, busy: str) -> None:
    says = f"its annotation {name} says that somebody is at work on it"
    assert [says] == refusals(annotated(name, busy))


def test_minds_no_upgrade_that_is_done() -> None:
    assert [] == refusals(annotated("machineconfiguration.openshift.io/state", "Done"))


def test_refuses_while_pods_are_sent_away_from_it_and_not_from_others() -> None:
    going = a_pod(
        "web-1-a",
        a_deployment(),
        metadata={"deletionTimestamp": "2026-01-01T11:59:00Z"},
    )
    says = "the pod web-1-a is being sent away from it: it may be in a drain"
    assert [says] == refusals(a_node(), going)
    assert [] == refusals(a_node(), changed_by(going, {"spec": {"nodeName": "node-2"}}))


def test_sets_one_field_and_sets_it_back() -> None:
    seen = sight(a_node())
    (step,), (undo,) = UNCORDON.steps(seen), UNCORDON.undo(seen)
    assert isinstance(step, Patch)
    assert isinstance(undo, Patch)
    assert (Set(path=UNSCHEDULABLE, value=None, was=True),) == step.sets
    assert (Set(path=UNSCHEDULABLE, value=True, was=None),) == undo.sets


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (a_node(spec=OPEN), State.WELL),
        (a_node(spec={"unschedulable": False}), State.WAITING),
        (a_node(spec=OPEN, status=NOT_READY), State.WAITING),
        (a_node(), State.ILL),
        (changed_by(a_node(spec=OPEN), {"metadata": {"uid": "another"}}), State.ILL),
    ],
    ids=["open", "the taint is left", "not ready", "cordoned again", "another"],
)
def test_has_recovered_when_it_takes_pods_and_is_ready(after: Raw, state: State) -> None:
    assert state is UNCORDON.recovery(sight(a_node()), sight(after)).state


@pytest.mark.parametrize(("after", "count"), [(None, 1), (False, 1), (True, 0)])
def test_is_what_a_patch_asks_for_that_lets_pods_in(after: bool | None, count: int) -> None:
    changed = [Uncordon.as_kept(Difference(path=UNSCHEDULABLE, before=True, after=after))]
    assert [UNCORDON] * count == list(Uncordon.that_changes(changed, sight(a_node())))
