"""Events as client-go's recorder writes them for a kubelet: counted, and throttled.

Kubernetes 1.36, client-go/tools/record/events_cache.go: the same event again raises the count of
the one that is there; per object and type, 25 go through at once and one more every 5 minutes.
"""

import secrets
import time
from dataclasses import dataclass, field

from lab.kubelet.life import Said
from lab.kubelet.shapes import Json, Pod
from lab.kubelet.status import timestamp

_BURST = 25
_REFILL = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One request: a new event, or a count that went up."""

    namespace: str
    name: str
    body: Json
    is_new: bool


@dataclass(slots=True)
class _Bucket:
    tokens: float = _BURST
    at: float = 0.0


@dataclass(slots=True)
class _Seen:
    name: str
    first: float
    count: int = 1


@dataclass(slots=True, kw_only=True)
class EventLog:
    """Of one object: what was said about it so far."""

    about: Json
    host: str
    pace: float
    _seen: dict[Said, _Seen] = field(default_factory=dict)
    _buckets: dict[bool, _Bucket] = field(default_factory=dict)

    @classmethod
    def of_pod(cls, pod: Pod, pace: float) -> "EventLog":
        meta = pod.metadata
        about = {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": meta.namespace,
            "name": meta.name,
            "uid": meta.uid,
            "resourceVersion": meta.resource_version,
        }
        return cls(about=about, host=pod.spec.node_name, pace=pace)

    @classmethod
    def of_node(cls, name: str) -> "EventLog":
        """A kubelet names its node by the name in place of the uid (kubelet.go, nodeRef)."""
        return cls(about={"kind": "Node", "name": name, "uid": name}, host=name, pace=1.0)

    def record(self, said: Said, now: float) -> Write | None:
        """None for one that the recorder would drop."""
        if not self._goes_through(said.warning, now):
            return None
        namespace = self.about.get("namespace", "default")
        seen = self._seen.get(said)
        if seen is not None:
            seen.count += 1
            body: Json = {"count": seen.count, "lastTimestamp": timestamp(now)}
            return Write(namespace=namespace, name=seen.name, body=body, is_new=False)
        name = f"{self.about['name']}.{time.time_ns():x}{secrets.token_hex(1)}"
        self._seen[said] = _Seen(name, now)
        path = {"fieldPath": said.path} if said.path else {}
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": self.about | path,
            "reason": said.reason,
            "message": said.message,
            "source": {"component": "kubelet", "host": self.host},
            "firstTimestamp": timestamp(now),
            "lastTimestamp": timestamp(now),
            "count": 1,
            "type": "Warning" if said.warning else "Normal",
            "eventTime": None,
            "reportingComponent": "kubelet",
            "reportingInstance": self.host,
        }
        return Write(namespace=namespace, name=name, body=body, is_new=True)

    def _goes_through(self, warning: bool, now: float) -> bool:
        bucket = self._buckets.setdefault(warning, _Bucket(at=now))
        refill = (now - bucket.at) / (_REFILL * self.pace)
        bucket.tokens, bucket.at = min(_BURST, bucket.tokens + refill), now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True
