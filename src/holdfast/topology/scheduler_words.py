"""What the scheduler says of a pod that it could not place, in classes.

Its message counts nodes by the first filter that turned each of them down: `0/5 nodes are
available: 2 Insufficient cpu, 3 node(s) had untolerated taint {key: value}. preemption: ...`.
A word that stands before any count is about the pod as a whole. What is not known is *other*.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

import msgspec


class Obstacle(StrEnum):
    """What keeps a pod off a node."""

    ROOM = "room"  # others use what it asks for
    TOO_BIG = "too big"  # the node never had what it asks for
    PORT = "port"
    APART = "apart"  # rules between pods: affinity, anti-affinity, spread
    TAINT = "taint"
    RESERVED = "reserved"  # the taint of control planes, which nobody means to tolerate
    OUT = "out of service"  # cordoned, not ready, under pressure, not there
    SELECTOR = "selector"
    VOLUME = "volume"  # its volume is elsewhere
    OTHER = "other"


CONTROL_PLANE = frozenset(
    {"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}
)
OUT_OF_SERVICE = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
"""Taints that say how a node is, not whom it is for."""

_STARTS = ("node.cloudprovider.kubernetes.io/uninitialized", "karpenter.sh/unregistered")
_OF_AN_AGENT = "/agent-not-ready"  # of networks and of drivers of disks
_LONGEST = 32_768  # the API server's own limit for a condition's message
_COUNTED = re.compile(r"(\d{1,7}) (.+)", re.DOTALL)
_AVAILABLE = re.compile(r"0/\d{1,7} nodes are available: ")

_WORDS: tuple[tuple[str, Obstacle], ...] = (
    ("Insufficient ", Obstacle.ROOM),
    ("Too many pods", Obstacle.ROOM),
    ("node(s) didn't have free ports", Obstacle.PORT),
    ("node(s) didn't match pod affinity", Obstacle.APART),
    ("node(s) didn't match pod anti-affinity", Obstacle.APART),
    ("node(s) didn't satisfy existing pods anti-affinity", Obstacle.APART),
    ("node(s) didn't match pod topology spread", Obstacle.APART),
    ("node(s) were unschedulable", Obstacle.OUT),
    ("node(s) didn't match Pod's node affinity", Obstacle.SELECTOR),
    ("node(s) didn't match node selector", Obstacle.SELECTOR),
    ("node(s) didn't match node affinity", Obstacle.SELECTOR),
    ("node(s) didn't match scheduler-enforced node affinity", Obstacle.SELECTOR),
    ("node(s) didn't match the requested node name", Obstacle.SELECTOR),
    ("node(s) didn't satisfy plugin(s) [NodeAffinity]", Obstacle.SELECTOR),
    ("pod affinity terms conflict", Obstacle.SELECTOR),
    ("node(s) had volume node affinity conflict", Obstacle.VOLUME),
    ("node(s) didn't match PersistentVolume's node affinity", Obstacle.VOLUME),
    ("node(s) had no available volume zone", Obstacle.VOLUME),
    ("node(s) didn't satisfy plugin(s) [VolumeBinding]", Obstacle.VOLUME),
)
_TAINTED = ("node(s) had untolerated taint", "node(s) had taint")


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """A scheduler's message, taken apart."""

    counts: Mapping[Obstacle, int] = {}
    lacking: tuple[str, ...] = ()  # the resources of which there is not enough
    of_the_pod: Obstacle | None = None  # no node was looked at: the pod itself is the obstacle


@lru_cache(maxsize=4096)
def words(message: str) -> Words:
    """Take a message apart. What a scheduler of another make says is other."""
    if message.startswith("no nodes available"):
        return Words(of_the_pod=Obstacle.OUT)
    opening = _AVAILABLE.match(message[:_LONGEST])
    if opening is None:
        return Words(of_the_pod=Obstacle.OTHER)
    # A filter's message ends with a full stop; what follows says what preemption came to.
    body = message[opening.end() : _LONGEST].partition(". ")[0].rstrip(". ")
    counts: dict[Obstacle, int] = {}
    lacking: list[str] = []
    for clause in body.split(", "):
        counted = _COUNTED.fullmatch(clause)
        if counted is None:
            if not counts:
                return Words(of_the_pod=_class(body))
            continue  # "..., that the pod didn't tolerate": the end of the clause before
        obstacle = _class(counted[2])
        counts[obstacle] = counts.get(obstacle, 0) + int(counted[1])
        if obstacle is Obstacle.ROOM:
            lacking.append(counted[2].removeprefix("Insufficient ").replace("Too many ", ""))
    return Words(counts=counts, lacking=tuple(lacking))


def class_of_taint(key: str) -> Obstacle:
    """What a taint of that key means to a pod that does not tolerate it."""
    if key in CONTROL_PLANE:
        return Obstacle.RESERVED
    out = key.startswith(OUT_OF_SERVICE) or of_a_start(key)
    return Obstacle.OUT if out else Obstacle.TAINT


def of_a_start(key: str) -> bool:
    """Whether a node has that taint until its cloud, its fleet or an agent has set it up."""
    return key in _STARTS or key.endswith(_OF_AN_AGENT)


def _class(reason: str) -> Obstacle:
    if reason.startswith(_TAINTED):
        # Older schedulers name the taint: `{key: value}`; newer ones do not.
        return class_of_taint(reason.partition("{")[2].partition(":")[0].strip())
    return next((o for start, o in _WORDS if reason.startswith(start)), Obstacle.OTHER)
