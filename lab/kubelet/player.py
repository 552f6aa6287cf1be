"""Plays the pods of all nodes: sees them, lets `life` decide, writes what it says.

A node that is not ready does nothing with its pods, as a kubelet whose runtime is down: they do
not start, heal or go away until it is ready again.
"""

import contextlib
import itertools
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import quote

import msgspec

from lab.client import MERGE, STRATEGIC, Answer, Client, Unreachable
from lab.kubelet import references, status
from lab.kubelet.agenda import Agenda
from lab.kubelet.box import NEVER
from lab.kubelet.eventlog import EventLog, Write
from lab.kubelet.following import Follow
from lab.kubelet.life import Life, Said
from lab.kubelet.logtext import LOGS_FROM, NoLogError, plausible, recorded, run_shown
from lab.kubelet.shapes import Json, Node, Pod
from lab.nodes import SILENT

_WORKERS = 8
_AGAIN = 0.5  # seconds, after a request that the server could not answer
# What a node says of itself in events when a condition changes (pkg/kubelet/nodestatus/setters.go).
_NODE_SAYS = {
    ("Ready", "True"): "NodeReady",
    ("Ready", "False"): "NodeNotReady",
    ("MemoryPressure", "True"): "NodeHasInsufficientMemory",
    ("MemoryPressure", "False"): "NodeHasSufficientMemory",
    ("DiskPressure", "True"): "NodeHasDiskPressure",
    ("DiskPressure", "False"): "NodeHasNoDiskPressure",
    ("PIDPressure", "True"): "NodeHasInsufficientPID",
    ("PIDPressure", "False"): "NodeHasSufficientPID",
}


@dataclass(slots=True, kw_only=True)
class _Played:
    """One pod: its life, its events, and what still has to be written."""

    life: Life
    events: EventLog
    unwritten: list[Write] = field(default_factory=list)
    sent: Json | None = None


@dataclass(slots=True, kw_only=True)
class _NodeSeen:
    ip: str
    ready: bool
    conditions: dict[str, str]
    events: EventLog


class _TryAgainError(Exception):
    """The server could not answer just now."""


_LATER: tuple[type[Exception], ...] = (*Unreachable, _TryAgainError)


class Player:
    """The kubelets of a whole lab."""

    def __init__(self, client: Client, *, pace: float, quiet: bool) -> None:
        self._client = client
        self._pace = pace
        self._quiet = quiet
        self._agenda = Agenda()
        self._inbox: dict[str, Pod | None] = {}  # None: the pod is gone
        self._played: dict[str, _Played] = {}
        self._uids: dict[tuple[str, str], str] = {}
        self._nodes: dict[str, _NodeSeen] = {}
        self._images: set[tuple[str, str]] = set()
        self._numbers = itertools.count(1)

    def start(self) -> None:
        pods = Follow(
            client=self._client,
            path="/api/v1/pods",
            selector="spec.nodeName!=",
            shape=Pod,
            uid=lambda pod: pod.metadata.uid,
            seen=self._see,
            gone=lambda pod: self._put(pod.metadata.uid, None),
        )
        nodes = Follow(
            client=self._client,
            path="/api/v1/nodes",
            shape=Node,
            uid=lambda node: node.metadata.name,
            seen=self._see_node,
            gone=lambda node: self._nodes.pop(node.metadata.name, None),
        )
        for target in (nodes.run, pods.run, *[self._work] * _WORKERS):
            threading.Thread(target=target, daemon=True).start()

    def log_text(self, namespace: str, name: str, container: str, *, previous: bool) -> str:
        """For `kubectl logs`; NoLogError where a kubelet has none."""
        played = self._played.get(self._uids.get((namespace, name), ""))
        boxes = (*played.life.inits, *played.life.boxes) if played else ()
        box = next((each for each in boxes if each.spec.name == container), None)
        if played is None or box is None:
            raise NoLogError(f'container "{container}" in pod "{name}" is not available')
        pod = played.life.pod
        shown = run_shown(pod, box, previous=previous)
        text = recorded(pod, container, previous=previous)
        if text is None and LOGS_FROM in pod.metadata.annotations:
            text = self._text_from_map(pod, container, previous=previous)
        return plausible(box.spec, shown) if text is None else text

    def keys(self, namespace: str, kind: str, name: str) -> frozenset[str] | None:
        """Part of `World`."""
        found = self._get(namespace, kind, name)
        if found is None:
            return None
        return frozenset((found.get("data") or {}).keys() | (found.get("binaryData") or {}).keys())

    def has_image(self, node: str, image: str) -> bool:
        """Part of `World`."""
        return (node, image) in self._images

    def keep_image(self, node: str, image: str) -> None:
        """Part of `World`."""
        self._images.add((node, image))

    def _see(self, pod: Pod) -> None:
        self._put(pod.metadata.uid, pod)

    def _put(self, uid: str, pod: Pod | None) -> None:
        self._inbox[uid] = pod
        self._agenda.put(uid)

    def _see_node(self, node: Node) -> None:
        name = node.metadata.name
        conditions = {each.type: each.status for each in node.status.conditions}
        seen = self._nodes.get(name)
        before = seen.conditions if seen else {}
        events = seen.events if seen else EventLog.of_node(name)
        label, value = SILENT
        silent = node.metadata.labels.get(label) == value
        ready = conditions.get("Ready") == "True" and not silent
        now = time.time()
        for each in conditions.items():
            # Of a condition that the node controller wrote for a lost node, the node says nothing.
            changed = before.get(each[0]) not in {None, "Unknown", each[1]}
            if changed and each in _NODE_SAYS and not silent:
                what = f"Node {name} status is now: {_NODE_SAYS[each]}"
                written = events.record(Said(reason=_NODE_SAYS[each], message=what), now)
                if written is not None:
                    # A kubelet's events are best effort, and this thread has nobody to ask again.
                    with contextlib.suppress(_TryAgainError):
                        self._write_event(written)
        self._nodes[name] = _NodeSeen(ip=node.ip, ready=ready, conditions=conditions, events=events)
        if ready and not (seen and seen.ready):
            for uid in list(self._inbox.keys() | self._played.keys()):
                self._agenda.put(uid)

    def _work(self) -> None:
        while True:
            uid = self._agenda.take()
            try:
                due = self._look(uid)
            except _LATER:
                self._client.close()
                due = time.time() + _AGAIN
            if due < NEVER:
                self._agenda.put(uid, due)
            self._agenda.done(uid)

    def _look(self, uid: str) -> float:
        """Brings one pod up to now; when it wants to be looked at again."""
        news = uid in self._inbox
        pod = self._inbox.pop(uid, None)
        if news and pod is None:
            self._forget(uid)
            return NEVER
        now = time.time()
        played = self._played.get(uid)
        if played is None:
            if pod is None or (_has_ended(pod) and not _is_deleted(pod)):
                return NEVER
            played = self._begin(pod, now)
        seen = pod or played.life.pod
        node = self._nodes.get(seen.spec.node_name)
        if node is None or not node.ready:
            self._inbox.setdefault(uid, seen)
            return NEVER if node else now + _AGAIN
        try:
            return self._sync(played, seen, node, now)
        except _LATER:
            self._inbox.setdefault(uid, seen)
            played.sent = None
            raise

    def _sync(self, played: _Played, pod: Pod, node: _NodeSeen, now: float) -> float:
        life = played.life
        said: list[Said] = []
        if pod is not life.pod:
            said += life.repair(pod, now)
        deleted = _is_deleted(pod)
        if deleted:
            said += life.stop(now)
        else:
            said += life.advance(now, self)
        for each in said:
            if self._quiet and not each.warning:
                continue
            written = played.events.record(each, now)
            if written is not None:
                played.unwritten.append(written)
        while played.unwritten:
            self._write_event(played.unwritten[0])
            played.unwritten.pop(0)
        shown = status.render(life, host_ip=node.ip, now=now)
        # The node controller marks pods of a lost node as not ready; their kubelet knows better.
        contradicted = pod.status.says("Ready") not in {"", life.shown["Ready"][0]}
        if shown != played.sent or contradicted:
            self._checked(
                self._client.send(
                    "PATCH",
                    f"{_path(pod)}/status",
                    body={"metadata": {"uid": pod.metadata.uid}, "status": shown},
                    kind=STRATEGIC,
                )
            )
            played.sent = shown
        if deleted and pod.metadata.deletion_grace_period_seconds != 0:
            now_or_never = {
                "gracePeriodSeconds": 0,
                "preconditions": {"uid": pod.metadata.uid},
            }
            self._checked(self._client.send("DELETE", _path(pod), body=now_or_never))
        return life.next_due()

    def _begin(self, pod: Pod, now: float) -> _Played:
        number = next(self._numbers)
        ip = f"10.{128 + number // 64000 % 64}.{number // 250 % 256}.{number % 250 + 2}"
        life = Life.begin(pod, ip=ip, now=now, pace=self._pace)
        played = _Played(life=life, events=EventLog.of_pod(pod, self._pace))
        self._played[pod.metadata.uid] = played
        self._uids[pod.metadata.namespace, pod.metadata.name] = pod.metadata.uid
        return played

    def _forget(self, uid: str) -> None:
        played = self._played.pop(uid, None)
        if played is None:
            return
        meta = played.life.pod.metadata
        if self._uids.get((meta.namespace, meta.name)) == uid:
            del self._uids[meta.namespace, meta.name]

    def _write_event(self, write: Write) -> None:
        path = f"/api/v1/namespaces/{write.namespace}/events"
        if write.is_new:
            answer = self._client.send("POST", path, body=write.body)
        else:
            answer = self._client.send("PATCH", f"{path}/{write.name}", body=write.body, kind=MERGE)
        if answer.code != 422:  # of a pod whose name leaves no room for the event's
            self._checked(answer)

    def _checked(self, answer: Answer) -> Answer:
        """An object that is gone, replaced or in a dying namespace needs nothing written."""
        if answer.ok or answer.code in {403, 404, 409}:
            return answer
        if answer.code == 429 or answer.code >= 500:
            raise _TryAgainError
        raise RuntimeError(f"the API server refused what a kubelet wrote: {answer.body!r}")

    def _get(self, namespace: str, kind: str, name: str) -> Json | None:
        plural = "secrets" if kind == references.SECRET else "configmaps"
        path = f"/api/v1/namespaces/{quote(namespace)}/{plural}/{quote(name)}"
        answer = self._client.get(path)
        if answer.code == 404:
            return None
        return msgspec.json.decode(self._checked(answer).body, type=Json)

    def _text_from_map(self, pod: Pod, container: str, *, previous: bool) -> str | None:
        name = pod.metadata.annotations[LOGS_FROM]
        found = self._get(pod.metadata.namespace, references.CONFIG_MAP, name)
        data = (found or {}).get("data") or {}
        keys = (f"{container}.previous.log", f"{container}.log")
        return next((data[key] for key in (keys if previous else keys[1:]) if key in data), None)


def _path(pod: Pod) -> str:
    return f"/api/v1/namespaces/{pod.metadata.namespace}/pods/{pod.metadata.name}"


def _has_ended(pod: Pod) -> bool:
    return pod.status.phase in {"Succeeded", "Failed"}


def _is_deleted(pod: Pod) -> bool:
    return pod.metadata.deletion_timestamp is not None
