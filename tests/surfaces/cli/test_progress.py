"""Whoever waits at a terminal sees how far a look is."""

from holdfast.model.kinds import ConfigMap, Deployment, Node, Pod, Secret
from holdfast.model.objects import Object
from holdfast.model.snapshot import Capture
from holdfast.surfaces.cli.progress import Progress


def test_the_line_moves_with_every_page_and_every_kind() -> None:
    said: list[str] = []
    far = Progress(3, said.append)

    far.arriving(Pod, 500)
    far.arriving(Pod, 500)
    far.arriving(Node, 12)
    far.seen(Capture(kind=Node))
    far.arriving(Pod, 40)
    far.seen(Capture(kind=Pod))

    assert said == [
        "Looking: 0 of 3 kinds, 500 objects; reading 500 pods",
        "Looking: 0 of 3 kinds, 1,000 objects; reading 1,000 pods",
        "Looking: 0 of 3 kinds, 1,012 objects; reading 1,000 pods, 12 nodes",
        "Looking: 1 of 3 kinds, 1,012 objects; reading 1,000 pods",
        "Looking: 1 of 3 kinds, 1,052 objects; reading 1,040 pods",
        "Looking: 2 of 3 kinds, 1,052 objects",
    ]


def test_the_line_names_the_biggest_and_stays_short() -> None:
    far = Progress(9, lambda _: None)
    kinds: tuple[type[Object], ...] = (ConfigMap, Deployment, Node, Pod, Secret)
    for count, kind in enumerate(kinds):
        far.arriving(kind, count)

    assert far.line().endswith("; reading 4 secrets, 3 pods, 2 nodes")


def test_a_kind_without_objects_is_seen_all_the_same() -> None:
    far = Progress(1, lambda _: None)
    far.seen(Capture(kind=Pod))

    assert far.line() == "Looking: 1 of 1 kinds, 0 objects"
