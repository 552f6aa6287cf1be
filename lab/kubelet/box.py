"""What a kubelet knows about one container: its state, its past, its back-off."""

import hashlib
import math
from dataclasses import dataclass, field

from lab.kubelet.probing import Kind
from lab.kubelet.says import Ends
from lab.kubelet.shapes import Container

NEVER = math.inf
_FIRST, _LONGEST = 10.0, 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    code: int
    reason: str
    started: float
    finished: float
    container_id: str
    message: str = ""
    log: str = ""  # the last thing that the process wrote, where its end has a reason of its own


State = Waiting | Running | Ended


@dataclass(slots=True, kw_only=True)
class Backoff:
    """10 s, 20 s, 40 s up to 5 min, forgotten after 10 quiet minutes.

    client-go's flowcontrol.Backoff as a kubelet of Kubernetes 1.36 sets it up (kubelet.go).
    """

    nominal: float = 0.0
    updated: float = -NEVER

    def grow(self, since: float, now: float, pace: float) -> None:
        forgotten = not self.nominal or self._expired(since, pace)
        self.nominal = _FIRST if forgotten else min(self.nominal * 2, _LONGEST)
        self.updated = now

    def until(self, since: float, pace: float) -> float:
        """When the wait that began then is over."""
        if not self.nominal or self._expired(since, pace):
            return -NEVER
        return since + self.nominal * pace

    def _expired(self, since: float, pace: float) -> bool:
        return since - self.updated > 2 * _LONGEST * pace


@dataclass(slots=True, kw_only=True)
class Box:
    """One container of one pod."""

    spec: Container
    path: str
    is_init: bool
    state: State
    last: Ended | None = None
    restarts: int = -1  # before it first started
    container_id: str = ""
    variables: frozenset[str] = frozenset()
    started: bool = False
    ready: bool = False
    due: float = 0.0
    ends: Ends | None = None
    crash: Backoff = field(default_factory=Backoff)
    pull: Backoff = field(default_factory=Backoff)
    pull_error: str = ""
    pulled_at: float | None = None  # while a pull takes its time
    failures: dict[Kind, int] = field(default_factory=dict)
    probes: dict[Kind, float] = field(default_factory=dict)

    @property
    def next_due(self) -> float:
        return min((self.due, *self.probes.values()))

    @property
    def is_sidecar(self) -> bool:
        return self.is_init and self.spec.is_sidecar

    @property
    def initialized(self) -> bool:
        """Of an init container: what comes after it may start."""
        if self.is_sidecar:
            return self.started
        return isinstance(self.state, Ended) and self.state.code == 0

    def wait(self, reason: str, message: str, until: float) -> None:
        self.state = Waiting(reason=reason, message=message)
        self.due = until

    def end(self, now: float, how: Ends, *, message: str = "") -> None:
        if not isinstance(self.state, Running):
            return
        self.state = Ended(
            code=how.code,
            reason=how.reason,
            started=self.state.since,
            finished=now,
            container_id=self.container_id,
            message=message,
            log=how.log,
        )
        self.started = self.ready = False
        self.probes = {}
        self.failures = {}


def container_id(uid: str, name: str, restarts: int) -> str:
    """Another one for each run, and the same in each look at it."""
    digest = hashlib.sha256(f"{uid}/{name}/{restarts}".encode()).hexdigest()
    return f"containerd://{digest}"


def go_duration(seconds: float) -> str:
    """As Go prints it: 10s, 1m20s, 5m0s."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
