"""Plays one pod's life without a cluster, second by second of a clock of the test's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from lab.kubelet import status
from lab.kubelet.life import Life, Said
from lab.kubelet.shapes import Json, Pod

HOST = "10.0.0.1"
IP = "10.128.0.2"


@dataclass(slots=True, kw_only=True)
class FakeWorld:
    """ConfigMaps and Secrets by name, and which images the node has."""

    objects: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    images: set[str] = field(default_factory=set)

    def keys(self, namespace: str, kind: str, name: str) -> frozenset[str] | None:
        return self.objects.get((kind, name)) if namespace == "shop" else None

    def has_image(self, node: str, image: str) -> bool:
        return image in self.images

    def keep_image(self, node: str, image: str) -> None:
        self.images.add(image)


@dataclass(slots=True, kw_only=True)
class Play:
    """A pod on a node, from second 0."""

    life: Life
    world: FakeWorld
    now: float = 0.0
    heard: list[tuple[float, Said]] = field(default_factory=list)

    def until(self, end: float) -> "Play":
        """Lives up to this second, from due time to due time as the player does."""
        for _ in range(10_000):
            self.heard += [(self.now, said) for said in self.life.advance(self.now, self.world)]
            due = self.life.next_due()
            if due > end:
                self.now = end
                return self
            assert due > self.now, "whatever was due is done, or the player would spin"
            self.now = due
        raise AssertionError("this life has no end")

    def change(self, pod: Pod) -> "Play":
        """The pod is changed in place."""
        self.heard += [(self.now, said) for said in self.life.repair(pod, self.now)]
        return self

    @property
    def status(self) -> Json:
        return status.render(self.life, host_ip=HOST, now=self.now)

    def container(self, name: str = "app") -> Json:
        found = self.status["containerStatuses"] + self.status.get("initContainerStatuses", [])
        return next(each for each in found if each["name"] == name)

    def condition(self, kind: str) -> Json:
        return next(each for each in self.status["conditions"] if each["type"] == kind)

    def reasons(self) -> list[str]:
        return [said.reason for _, said in self.heard]

    def times(self, reason: str) -> list[float]:
        return [at for at, said in self.heard if said.reason == reason]

    def message(self, reason: str) -> str:
        return next(said.message for _, said in self.heard if said.reason == reason)

    def messages(self) -> Iterator[str]:
        return (said.message for _, said in self.heard)


def a_container(name: str = "app", image: str = "registry.example/app:1", **more: Any) -> Json:
    return {"name": name, "image": image} | more


def shell(script: str, **more: Any) -> Json:
    return a_container(command=["sh", "-c", script], **more)


def a_pod(
    *containers: Json,
    annotations: Mapping[str, str] | None = None,
    owner: str = "ReplicaSet",
    **spec: Any,
) -> Pod:
    return msgspec.convert(
        {
            "metadata": {
                "name": "web-1",
                "namespace": "shop",
                "uid": "0c3f",
                "generation": 1,
                "annotations": dict(annotations or {}),
                "ownerReferences": [{"kind": owner, "name": "web"}],
            },
            "spec": {"nodeName": "node-0", "containers": list(containers) or [a_container()]}
            | spec,
        },
        Pod,
    )


def play(pod: Pod, world: FakeWorld | None = None, *, pace: float = 1.0) -> Play:
    life = Life.begin(pod, ip=IP, now=0.0, pace=pace)
    return Play(life=life, world=world or FakeWorld())
