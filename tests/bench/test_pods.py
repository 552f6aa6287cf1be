"""The pods that are measured look like what a cluster holds, and are the same for the same seed."""

from collections import Counter
from itertools import islice

import msgspec

from bench.decode import SMALLEST
from bench.pages import PER_PAGE, pages
from bench.pods import pods
from holdfast.adapters.kubernetes import decode
from holdfast.model.kinds import Pod

COUNT = 1_200


def listed(count: int = COUNT, seed: int = 1) -> list[decode.Listed[Pod]]:
    """Pages as the reader decodes them."""
    share = decode.Sharer()
    return [decode.page(Pod, body, share) for body in pages(pods(count, seed), count)]


def test_each_pod_has_at_least_six_kilobytes() -> None:
    assert min(len(msgspec.json.encode(pod)) for pod in pods(COUNT, 1)) >= SMALLEST >= 6_000


def test_the_same_seed_gives_the_same_pods() -> None:
    assert [*pods(50, 7)] == [*pods(50, 7)]
    assert [*pods(50, 7)] != [*pods(50, 8)]


def test_no_two_pods_are_the_same() -> None:
    read = [pod for page in listed() for pod in page.objects]
    assert COUNT == len({pod.metadata.uid for pod in read})
    assert COUNT == len({(pod.metadata.namespace, pod.metadata.name) for pod in read})


def test_pages_hold_five_hundred_and_name_the_next() -> None:
    sizes = [(len(page.objects), page.continue_token) for page in listed()]
    assert [(PER_PAGE, "1"), (PER_PAGE, "2"), (200, "")] == sizes


def test_the_reader_understands_every_pod_in_one_step() -> None:
    assert [()] * 3 == [page.unreadable for page in listed()]


def test_most_pods_run_and_a_few_do_not() -> None:
    phases = Counter(pod.status.phase for page in listed() for pod in page.objects)
    assert phases["Running"] > 0.9 * COUNT
    assert {"Running", "Pending", "Succeeded"} == {*phases}


def test_a_pod_carries_what_the_reader_has_to_skip() -> None:
    pod = next(islice(pods(1, 1), 1))
    managers = [each["manager"] for each in pod["metadata"]["managedFields"]]
    assert ["kube-controller-manager", "kubelet"] == managers
    main = pod["spec"]["containers"][0]
    assert {"env", "livenessProbe", "readinessProbe", "resources", "volumeMounts"} <= {*main}
