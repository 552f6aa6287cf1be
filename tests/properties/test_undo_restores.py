"""What was done to an object by the dice, and taken back, leaves it as it was: by real requests.

In between, somebody else may have changed what the action does not touch: that stays. Whoever has
changed what it touches is not overruled.
"""

import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import pytest

from holdfast.actions.delete_resource_quota import DeleteResourceQuota
from holdfast.actions.patch_probe import FIELDS, PROBES, PatchProbe
from holdfast.actions.rollout_undo import RolloutUndo
from holdfast.actions.scale_workload import ScaleWorkload
from holdfast.actions.uncordon import Uncordon
from holdfast.adapters.kubernetes.connection import Connection, Token
from holdfast.adapters.kubernetes.hands import KubernetesHands
from holdfast.execution.undoing import refuses_undo, restored
from holdfast.model.documents import Document
from holdfast.model.repairs import Action, Sight
from holdfast.model.snapshot import Snapshot
from holdfast.model.steps import Step
from holdfast.ports import Done, How
from holdfast.testing.manifests import manifest
from holdfast.testing.server import SimulatedServer
from holdfast.testing.simulated import SimulatedCluster
from tests.properties.leashes import Dice
from tests.tally import Count, Tally

type Raw = dict[str, Any]

SEED = 62
WORDS = ("a", "web", "ü/~1\"'", "1", "true", "null", "{}", "line\nline", "x" * 60, "東京")
PLAIN = ("a", "web", "1", "true", "null", "")
KEYS = ("a", "example.com/a", "example.com/b_1.c", "b.c/d_e")
TIMES: Mapping[str, tuple[int, int]] = {
    "period_seconds": (1, 120),
    "timeout_seconds": (1, 60),
    "failure_threshold": (1, 30),
    "initial_delay_seconds": (0, 600),
}


def _some(dice: Dice, among: Sequence[str] = WORDS) -> dict[str, str]:
    return {key: dice.choice(among) for key in dice.sample(KEYS, dice.randrange(4))}


def _probe(dice: Dice) -> Raw:
    times = {FIELDS[name]: dice.randint(*bounds) for name, bounds in TIMES.items()}
    return {"httpGet": {"path": "/", "port": dice.choice([80, "http"])}, **times}


def _container(dice: Dice, name: str) -> Raw:
    env = [{"name": f"V{n}", "value": dice.choice(WORDS)} for n in range(dice.randrange(3))]
    more: Raw = {
        "env": env,
        "args": dice.choices(WORDS, k=dice.randrange(3)),
        "resources": {"limits": {"memory": dice.choice(["1Gi", "64Mi"])}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "securityContext": {"runAsUser": dice.randrange(9), "capabilities": {"drop": ["ALL"]}},
        **{f"{each}Probe": _probe(dice) for each in PROBES},
    }
    kept = {key: value for key, value in more.items() if dice.random() < 0.6}
    return {"name": name, "image": f"web:{dice.randrange(9)}", **kept}


def _template(dice: Dice) -> Raw:
    names = dice.sample(["web", "sidecar", "agent"], dice.randint(1, 3))
    pod: Raw = {"containers": [_container(dice, name) for name in names]}
    if dice.random() < 0.5:
        pod["volumes"] = [{"name": "data", "emptyDir": {}}]
    if dice.random() < 0.5:
        pod["nodeSelector"] = _some(dice, PLAIN)
    metadata: Raw = {"labels": {"app": "web", **_some(dice, PLAIN)}}
    if dice.random() < 0.7:
        metadata["annotations"] = _some(dice)
    return {"metadata": metadata, "spec": pod}


def _deployment(dice: Dice, name: str) -> Raw:
    spec = {
        "replicas": dice.randrange(1, 9),
        "selector": {"matchLabels": {"app": "web"}},
        "template": _template(dice),
    }
    metadata = {"labels": _some(dice, PLAIN)}
    return manifest("apps/v1", "Deployment", name, spec=spec, metadata=metadata)


def _probed(dice: Dice, name: str) -> Raw:
    made = _deployment(dice, name)
    made["spec"]["template"]["spec"]["containers"][0]["livenessProbe"] = _probe(dice)
    return made


def _quota(dice: Dice, name: str) -> Raw:
    hard = {each: str(dice.randrange(9)) for each in dice.sample(["pods", "cpu", "secrets"], 2)}
    metadata: Raw = {"labels": _some(dice, PLAIN)}
    if dice.random() < 0.5:
        metadata["annotations"] = _some(dice)
    spec: Raw = {"hard": hard} | ({"scopes": ["NotBestEffort"]} if dice.random() < 0.5 else {})
    return manifest("v1", "ResourceQuota", name, spec=spec, metadata=metadata)


def _node(dice: Dice, name: str) -> Raw:
    taints = [{"key": key, "effect": "NoSchedule"} for key in dice.sample(KEYS, dice.randrange(3))]
    spec: Raw = {"unschedulable": True, **({"taints": taints} if taints else {})}
    return manifest(
        "v1", "Node", name, namespace=None, spec=spec, metadata={"annotations": _some(dice)}
    )


def _rollback(dice: Dice, there: Document) -> tuple[Action, tuple[Document, ...]]:
    metadata = {"name": "web-1", "namespace": there.ref.namespace, "uid": "rs-1"}
    head: Raw = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata}
    revision = Document(value={**head, "spec": {"template": _template(dice)}})
    return RolloutUndo(replica_set="web-1", uid="rs-1"), (revision,)


def _scale(dice: Dice, there: Document) -> tuple[Action, tuple[Document, ...]]:
    now = there.at("spec", "replicas")
    assert isinstance(now, int)
    return ScaleWorkload(replicas=now + dice.randint(1, 5), now=now), ()


def _patience(dice: Dice, there: Document) -> tuple[Action, tuple[Document, ...]]:
    containers: Any = there.at("spec", "template", "spec", "containers")
    times = {each: dice.randint(*bounds) for each, bounds in TIMES.items()}
    return PatchProbe(container=containers[0]["name"], probe="liveness", **times), ()


type Made = Callable[[Dice, str], Raw]
type Meant = Callable[[Dice, Document], tuple[Action, tuple[Document, ...]]]

KINDS: Mapping[str, tuple[str, Made, Meant]] = {
    "RolloutUndo": ("deployments.apps", _deployment, _rollback),
    "ScaleWorkload": ("deployments.apps", _deployment, _scale),
    "PatchProbe": ("deployments.apps", _probed, _patience),
    "Uncordon": ("nodes", _node, lambda _d, _t: (Uncordon(), ())),
    "DeleteResourceQuota": ("resourcequotas", _quota, lambda _d, _t: (DeleteResourceQuota(), ())),
}


class Ground:
    """One cluster, and an administrator's hands."""

    def __init__(self, cluster: SimulatedCluster, hands: KubernetesHands) -> None:
        self.cluster = cluster
        self.hands = hands

    def read(self, resource: str, name: str) -> Document:
        return Document(value=self.cluster.fetch(resource, name, namespace="shop"))

    async def send(self, step: Step, fresh: Document | None) -> None:
        outcome = await self.hands.send(step, fresh, How.ACT)
        assert isinstance(outcome, Done), (step, outcome)

    async def acted_on(self, dice: Dice, kind: str, name: str) -> tuple[Action, Document, Step]:
        """A fresh object to which that was done: the action, what there was, the way back."""
        resource, made, meant = KINDS[kind]
        self.cluster.create(made(dice, name))
        before = self.read(resource, name)
        action, beside = meant(dice, before)
        around = Snapshot(now=self.cluster.clock.now(), captures=[])
        seen = Sight(document=before, around=around, beside=beside)
        (step,), (back,) = action.steps(seen), action.undo(seen)
        await self.send(step, before)
        return action, before, back

    async def back_and_forth(self, dice: Dice, kind: str, name: str) -> str:
        """What is not as it was; empty if all of it is."""
        resource = KINDS[kind][0]
        action, before, back = await self.acted_on(dice, kind, name)
        if kind == "DeleteResourceQuota":
            await self.send(back, None)
            return _unlike(before.asked(), self.read(resource, name).asked())
        done = self.read(resource, name)
        if "" != (why := "; ".join(refuses_undo(action.kind, (back,), done))):
            return f"what is as we left it is not taken back: {why}"
        note = {"metadata": {"labels": {"somebody": "else"}}, "spec": {"paused": True}}
        if others := dice.random() < 0.5:
            self.cluster.patch(resource, name, note, namespace="shop")
        await self.send(back, self.read(resource, name))
        after = self.read(resource, name)
        if others:
            assert after.at("metadata", "labels", "somebody") == "else"
            assert after.at("spec", "paused") is True
            return ", ".join(restored(action.kind, before, after))
        return _unlike(before.asked(), after.asked())

    async def overruled(self, dice: Dice, kind: str, name: str) -> bool:
        """Whether what somebody else has set since would be taken back."""
        resource, made, _ = KINDS[kind]
        action, _, back = await self.acted_on(dice, kind, name)
        other = {**made(dice, name)["spec"], "replicas": 50}
        self.cluster.patch(resource, name, {"spec": other}, namespace="shop")
        return not [*refuses_undo(action.kind, (back,), self.read(resource, name))]


def _unlike(was: object, now: object) -> str:
    return "" if was == now else f"{was} became {now}"


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    cluster = SimulatedCluster()
    cluster.create(manifest("v1", "Namespace", "shop", namespace=None))
    async with SimulatedServer(cluster) as server:
        token = server.admit(cluster.user.name)
        admin = Connection(name="admin", server=server.url, showing=Token(value=token))
        async with KubernetesHands(admin, clock=cluster.clock) as hands:
            yield Ground(cluster, hands)


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_what_is_taken_back_is_as_it_was(ground: Ground, prove: bool, tally: Tally) -> None:
    dice, n = random.Random(SEED), 1_000 if prove else 60
    wrong = []
    for number in range(n):
        kind = [*KINDS][number % len(KINDS)]
        if why := await ground.back_and_forth(dice, kind, f"x-{number}"):
            wrong.append(f"{kind} {number}: {why}")
    tally(Count("undo: random specs, as they were", n, len(wrong), SEED))
    assert wrong == []


@pytest.mark.timeout(1800)
async def test_what_somebody_else_has_set_since_is_not_taken_back(
    ground: Ground, prove: bool, tally: Tally
) -> None:
    dice, n = random.Random(SEED), 1_000 if prove else 30
    kinds = [kind for kind in KINDS if kind != "DeleteResourceQuota"]  # a new one is in its way
    wrong = []
    for number in range(n):
        kind = kinds[number % len(kinds)]
        if await ground.overruled(dice, kind, f"x-{number}"):
            wrong.append(f"{kind} {number}")
    tally(Count("undo: random specs that somebody else has set since", n, len(wrong), SEED))
    assert wrong == []
