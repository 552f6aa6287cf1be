"""The pods that are measured look like what a cluster holds, and are the same for the same seed."""

from collections import Counter

import msgspec
import pytest

from bench.cluster import objects, pods
from bench.made import SMALLEST
from bench.pods import App

pytestmark = pytest.mark.slow

COUNT = 1_200


def test_each_pod_has_at_least_six_kilobytes() -> None:
    assert min(len(msgspec.json.encode(pod)) for pod in pods(COUNT, 1)) >= SMALLEST >= 6_000


def test_the_same_seed_gives_the_same_pods() -> None:
    assert [*pods(50, 7)] == [*pods(50, 7)]
    assert [*pods(50, 7)] != [*pods(50, 8)]


def test_no_two_objects_are_the_same() -> None:
    made = [(path, thing["metadata"]) for path, thing in objects(COUNT, 1)]
    names = Counter((path, each["namespace"], each["name"]) for path, each in made)
    uids = Counter((path, each["uid"]) for path, each in made)
    assert [] == [each for each, times in (names | uids).items() if times > 1]


@pytest.mark.slow
def test_a_cluster_has_everything_in_proportion() -> None:
    count = Counter(path.rpartition("/")[2] for path, _ in objects(2_000, 1))
    assert 2_000 == count["pods"]
    assert 200 == count["deployments"] == count["services"]
    assert 500 == count["events"]
    assert 20 <= count["namespaces"] < 30
    assert 600 == count["replicasets"]
    assert 40 == count["nodes"] == count["leases"]


def test_an_app_is_the_same_whatever_was_made_before_it() -> None:
    last = [app for path, app in objects(COUNT, 1) if path.endswith("/deployments")][-1]
    again = App(1, COUNT // 10 - 1, last["metadata"]["namespace"], 1, COUNT // 50)
    assert last["metadata"]["uid"] == again.uid


def test_most_pods_run_and_a_few_do_not() -> None:
    phases = Counter(pod["status"]["phase"] for pod in pods(COUNT, 1))
    assert phases["Running"] > 0.9 * COUNT
    assert {"Running", "Pending"} == {*phases}


def test_a_pod_carries_what_the_reader_has_to_skip() -> None:
    (pod,) = pods(1, 1)
    managers = [each["manager"] for each in pod["metadata"]["managedFields"]]
    assert ["kube-controller-manager", "kubelet"] == managers
    main = pod["spec"]["containers"][0]
    assert {"env", "livenessProbe", "readinessProbe", "resources", "volumeMounts"} <= {*main}
