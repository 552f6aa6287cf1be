import time

import pytest

from holdfast.topology.scheduler_words import Obstacle, words

PREEMPTION = " preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling."


def test_each_clause_counts_nodes_of_its_class() -> None:
    said = words(
        "0/5 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 2 node(s) didn't match"
        " Pod's node affinity/selector, 2 node(s) had untolerated taint {dedicated: gpu}."
        + PREEMPTION
    )

    assert said.counts == {Obstacle.ROOM: 2, Obstacle.SELECTOR: 2, Obstacle.TAINT: 2}
    assert said.lacking == ("cpu", "memory")
    assert said.of_the_pod is None


@pytest.mark.parametrize(
    ("clause", "obstacle"),
    [
        ("Insufficient example.com/gpu", Obstacle.ROOM),
        ("Too many pods", Obstacle.ROOM),
        ("node(s) had untolerated taint(s)", Obstacle.TAINT),
        ("node(s) had taint {dedicated: gpu}, that the pod didn't tolerate", Obstacle.TAINT),
        ("node(s) had untolerated taint {node-role.kubernetes.io/master: }", Obstacle.RESERVED),
        ("node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }", Obstacle.OUT),
        ("node(s) were unschedulable", Obstacle.OUT),
        ("node(s) didn't match node selector", Obstacle.SELECTOR),
        ("node(s) didn't satisfy plugin(s) [NodeAffinity]", Obstacle.SELECTOR),
        ("node(s) didn't match pod affinity/anti-affinity rules", Obstacle.APART),
        ("node(s) didn't match pod topology spread constraints", Obstacle.APART),
        ("node(s) had volume node affinity conflict", Obstacle.VOLUME),
        ("node(s) had no available volume zone", Obstacle.VOLUME),
        ("node(s) didn't find available persistent volumes to bind", Obstacle.OTHER),
        ("node(s) exceed max volume count", Obstacle.OTHER),
        ("cannot allocate all claims", Obstacle.OTHER),
    ],
)
def test_a_clause_has_one_class(clause: str, obstacle: Obstacle) -> None:
    assert words(f"0/5 nodes are available: 5 {clause}.{PREEMPTION}").counts == {obstacle: 5}


@pytest.mark.parametrize(
    ("message", "obstacle"),
    [
        ("no nodes available to schedule pods", Obstacle.OUT),
        (
            "0/5 nodes are available: pod has unbound immediate PersistentVolumeClaims."
            + PREEMPTION,
            Obstacle.OTHER,
        ),
        ("0/5 nodes are available: pod affinity terms conflict." + PREEMPTION, Obstacle.SELECTOR),
        ('pod group "a" is not ready', Obstacle.OTHER),
        ("0/5 nodes are available:", Obstacle.OTHER),
    ],
)
def test_some_words_are_about_the_pod_as_a_whole(message: str, obstacle: Obstacle) -> None:
    assert words(message).of_the_pod is obstacle


def test_a_message_at_its_limit_is_read_in_no_time() -> None:
    began = time.perf_counter()
    for message in ("0/5 nodes are available: " + "1 , " * 8000, "0/5 " * 8000, "1" * 32_768):
        words(message)
    assert time.perf_counter() - began < 0.5
