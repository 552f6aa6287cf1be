"""Why a pod finds no node: the one constraint that, if it were lifted, would let it start.

The scheduler names, for each node, only the first filter that turned it down, and sorts by
text: its first clause is often not the binding one. Where nodes are seen, each is judged again:
a constraint binds when a node fails that one alone. Of several such, the one that says least
about where the pod is meant to be goes first: room on a node that is meant for it, then ports
and rules between pods, a taint on a node that it asks for, a node that is out of service, a
request that no node could ever meet, the selector, the place of its volume, and last the control
plane's taint. The scheduler must agree: a constraint that its message does not name never binds.
Where nodes are not seen, or pods of more makes wait than can be judged in good time, the clause
of the filter that nodes reach last decides.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import msgspec

from holdfast.model.kinds import Claim, Node, PersistentVolume, Pod
from holdfast.model.kinds.core import Taint
from holdfast.model.kinds.pods import Toleration
from holdfast.model.objects import Object
from holdfast.model.rules import Found
from holdfast.model.snapshot import Snapshot
from holdfast.topology.room import (
    Amounts,
    HostPort,
    Used,
    allocatable,
    clash,
    host_ports,
    requested,
    used,
)
from holdfast.topology.scheduler_words import Obstacle, Words, class_of_taint, words

READS: tuple[type[Object], ...] = (Pod, Node, Claim, PersistentVolume)
"""What a rule about scheduling reads; all read the same, so that pods are judged once."""

BINDING = (
    Obstacle.ROOM,
    Obstacle.PORT,
    Obstacle.APART,
    Obstacle.OTHER,
    Obstacle.TAINT,
    Obstacle.OUT,
    Obstacle.TOO_BIG,
    Obstacle.SELECTOR,
    Obstacle.VOLUME,
    Obstacle.RESERVED,
)
BY_WORDS = (
    Obstacle.ROOM,
    Obstacle.PORT,
    Obstacle.APART,
    Obstacle.OTHER,
    Obstacle.VOLUME,
    Obstacle.SELECTOR,
    Obstacle.TAINT,
    Obstacle.OUT,
    Obstacle.RESERVED,
)
SPOKEN: Mapping[Obstacle, tuple[Obstacle, ...]] = {
    # How the scheduler may have counted what we know more closely.
    Obstacle.TOO_BIG: (Obstacle.ROOM,),
    Obstacle.OUT: (Obstacle.OUT, Obstacle.TAINT),
    Obstacle.RESERVED: (Obstacle.RESERVED, Obstacle.TAINT),
}
JUDGED = 200_000  # pairs of a make of pod and a node, which is about half a second
ZONES = (
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
)


class Stuck(msgspec.Struct, frozen=True, kw_only=True):
    """A pod that found no node."""

    pod: Pod
    obstacle: Obstacle
    since: datetime
    reason: str
    message: str
    said: Words
    nodes: tuple[Node, ...] = ()  # those that this obstacle alone keeps from it, as far as seen
    make: int = 0  # pods of one make want the same and were told the same

    @property
    def seen(self) -> dict[str, str]:
        """What the scheduler says of it."""
        spoken = {"PodScheduled": self.reason, "message": self.message}
        return {key: value for key, value in spoken.items() if value}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule says of pods of one make."""

    says: str
    seen: Mapping[str, str] = MappingProxyType({})
    next_step: str | None = None


def stuck(
    cluster: Snapshot, tell: Callable[[Stuck], Told], *obstacles: Obstacle
) -> Iterator[Found]:
    """The fact, in those words, that one of those keeps a pod from every node.

    A thousand replicas of one make are looked at once: words may need every node.
    """
    told: dict[int, Told] = {}
    for each in cluster.once(_stuck):
        if each.obstacle not in obstacles:
            continue
        if each.make not in told:
            told[each.make] = tell(each)
        said = told[each.make]
        yield Found(
            about=each.pod.ref,
            since=each.since,
            says=said.says,
            seen={**{key: value for key, value in said.seen.items() if value}, **each.seen},
            next_step=said.next_step,
        )


def kept_by(cluster: Snapshot, obstacle: Obstacle) -> Iterator[Stuck]:
    """The pods that this one keeps from every node."""
    judged = cluster.narrowed(READS).once(_stuck)  # as the rules had them judged
    return (each for each in judged if each.obstacle is obstacle)


def gated(pod: Pod) -> bool:
    """Somebody asked that it not be scheduled yet."""
    return bool(pod.spec.scheduling_gates)


def untolerated(pod: Pod, node: Node) -> Sequence[Taint]:
    """The taints of a node that keep a pod off it."""
    return [
        taint
        for taint in node.spec.taints
        if taint.effect in ("NoSchedule", "NoExecute")
        and not any(_tolerates(t, taint) for t in pod.spec.tolerations)
    ]


def selects(pod: Pod, node: Node) -> bool:
    """Whether the pod's node selector and required node affinity mean that node."""
    labels = node.metadata.labels
    if any(labels.get(key) != value for key, value in pod.spec.node_selector.items()):
        return False
    required = pod.spec.affinity.node_affinity.required
    return required is None or required.matches(labels, node.metadata.name)


class _Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a pod wants of a node. Pods that want the same meet the same obstacle."""

    said: Words
    pod: Pod
    asks: Amounts
    ports: tuple[HostPort, ...]
    volumes: tuple[PersistentVolume, ...]
    goes_to_cordoned: bool


def _stuck(cluster: Snapshot) -> Sequence[Stuck]:
    known: dict[tuple[object, ...], tuple[Obstacle, tuple[Node, ...], int]] = {}
    found: list[Stuck] = []
    nodes = cluster.all(Node) if cluster.sees(Node) else ()
    most = JUDGED // max(1, len(nodes))
    for pod in cluster.all(Pod):
        if pod.over or pod.spec.node_name or pod.status.phase not in ("", "Pending") or gated(pod):
            continue  # healthy, or nobody has asked a scheduler yet
        if pod.unmade:
            continue  # no scheduler looks at it before: another fact
        scheduled = pod.condition("PodScheduled")
        if scheduled is not None and scheduled.status == "True":
            continue
        message = scheduled.message if scheduled else ""
        wish = _wish(cluster, pod, message)
        alike = (
            scheduled.reason if scheduled else "",
            message,
            tuple(sorted(wish.asks.items())),
            wish.ports,
            tuple(v.metadata.name for v in wish.volumes),
            tuple(sorted(pod.spec.node_selector.items())),
            pod.spec.affinity,
            pod.spec.topology_spread_constraints,
            pod.spec.tolerations,
            pod.spec.scheduler_name,
            pod.spec.resource_claims,
        )
        if alike not in known:
            binding = _binding(cluster, wish, nodes if len(known) < most else ())
            known[alike] = (*binding, len(known))
        obstacle, kept, make = known[alike]
        found.append(
            Stuck(
                pod=pod,
                obstacle=obstacle,
                since=(scheduled.last_transition_time if scheduled else None) or pod.born,
                reason=scheduled.reason if scheduled else "",
                message=message,
                said=wish.said,
                nodes=kept,
                make=make,
            )
        )
    return found


def _wish(cluster: Snapshot, pod: Pod, message: str) -> _Wish:
    cordon = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule")
    return _Wish(
        said=words(message) if message else Words(of_the_pod=Obstacle.OTHER),
        pod=pod,
        asks=requested(pod.spec),
        ports=tuple(host_ports(pod.spec)),
        volumes=tuple(volumes(cluster, pod)),
        goes_to_cordoned=any(_tolerates(t, cordon) for t in pod.spec.tolerations),
    )


def _binding(
    cluster: Snapshot, wish: _Wish, nodes: Sequence[Node]
) -> tuple[Obstacle, tuple[Node, ...]]:
    said = wish.said
    if said.of_the_pod is not None:
        return said.of_the_pod, ()
    alone: dict[Obstacle, list[Node]] = {}
    taken = used(cluster)
    hidden = [o for o in _hidden(cluster, wish.pod) if o in said.counts]
    for node in nodes:
        failing = _failing(wish, node, taken)
        if len(failing) == 1:
            alone.setdefault(failing.pop(), []).append(node)
        elif not failing:  # the scheduler turned it down for what we cannot judge
            for obstacle in hidden:
                alone.setdefault(obstacle, []).append(node)
    for obstacle in BINDING:
        if obstacle in alone and any(
            spoken in said.counts for spoken in SPOKEN.get(obstacle, (obstacle,))
        ):
            return obstacle, tuple(alone[obstacle])
    return next((o for o in BY_WORDS if o in said.counts), Obstacle.OTHER), ()


def _hidden(cluster: Snapshot, pod: Pod) -> Sequence[Obstacle]:
    """What cannot be judged from here: rules between pods, and what was not seen."""
    hidden = [Obstacle.APART, Obstacle.OTHER]
    if used(cluster) is None:
        hidden += [Obstacle.ROOM, Obstacle.PORT]
    if pod.claims and not (cluster.sees(Claim) and cluster.sees(PersistentVolume)):
        hidden.append(Obstacle.VOLUME)
    return hidden


def _failing(wish: _Wish, node: Node, taken: Mapping[str, Used] | None) -> set[Obstacle]:
    failing = {class_of_taint(taint.key) for taint in untolerated(wish.pod, node)}
    if node.spec.unschedulable and not wish.goes_to_cordoned:
        failing.add(Obstacle.OUT)
    if not selects(wish.pod, node):
        failing.add(Obstacle.SELECTOR)
    if not all(reaches(volume, node) for volume in wish.volumes):
        failing.add(Obstacle.VOLUME)
    has = allocatable(node)
    there = taken.get(node.metadata.name) if taken is not None else None
    if any(amount > has.get(name, 0) for name, amount in wish.asks.items()):
        failing.add(Obstacle.TOO_BIG)
    elif there is not None:
        if not _fits(wish.asks, has, there.amounts):
            failing.add(Obstacle.ROOM)
        if wish.ports and clash(wish.ports, there.ports):
            failing.add(Obstacle.PORT)
    return failing


def _fits(asks: Amounts, has: Amounts, taken: Amounts) -> bool:
    if "pods" in has and taken.get("pods", 0) + 1000 > has["pods"]:
        return False
    return all(has.get(name, 0) - taken.get(name, 0) >= amount for name, amount in asks.items())


def volumes(cluster: Snapshot, pod: Pod) -> Sequence[PersistentVolume]:
    """The volumes that its claims are bound to, as far as they are seen."""
    claims = (cluster.find(Claim, pod.metadata.namespace, name) for name in pod.claims)
    found = (
        cluster.find(PersistentVolume, "", claim.spec.volume_name)
        for claim in claims
        if claim is not None and claim.spec.volume_name
    )
    return [volume for volume in found if volume is not None]


def reaches(volume: PersistentVolume, node: Node) -> bool:
    """Whether that volume can be had on that node."""
    required = volume.spec.node_affinity.required
    labels = node.metadata.labels
    if required is not None and not required.matches(labels, node.metadata.name):
        return False
    return all(
        labels[key] in volume.metadata.labels[key].split("__")
        for key in ZONES
        if key in volume.metadata.labels and key in labels
    )


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator == "Exists":
        return True
    return bool(toleration.key) and toleration.value == taint.value
