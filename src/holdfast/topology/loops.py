"""Containers that end again and again: since when, how, and at whose hand.

Counters of restarts run for a pod's whole life and never count. What counts is recent: the
kubelet backs off, or it has just started a container again that it had backed off from. The
kubelet forgets its back-off when a container has run for ten minutes, and so do we.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from holdfast.model.events import events_of_container
from holdfast.model.kinds import Event, Pod
from holdfast.model.kinds.pods import ContainerStatus, Terminated
from holdfast.model.rules import Found
from holdfast.model.snapshot import Snapshot
from holdfast.model.times import in_words, moved
from holdfast.topology.waiting import NEVER_RAN, its_turn, runs_first

RESET = timedelta(minutes=10)  # a run that long is a success to the kubelet
FIRST = timedelta(seconds=10)  # the first back-off; each is twice the one before
LONGEST = timedelta(hours=1)  # no kubelet backs off for longer, whatever a message says

_BACK_OFF = re.compile(r"back-off (?:(\d{1,3})h)?(?:(\d{1,3})m)?(?:(\d{1,3})(?:\.\d{1,9})?s)? ")
_SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    15: "SIGTERM",
}
_CODES = {
    126: "exit code 126, its command cannot be executed",
    127: "exit code 127, its command was not found",
}


class Hand(StrEnum):
    """Who ended the container."""

    ITSELF = "itself"
    LIVENESS = "liveness"
    STARTUP = "startup"
    RUNTIME = "runtime"  # which could not start it at all


_PROBES = ((Hand.STARTUP, "startup"), (Hand.LIVENESS, "liveness"))


class Loop(msgspec.Struct, frozen=True, kw_only=True):
    """A container that keeps ending."""

    pod: Pod
    status: ContainerStatus
    first: bool  # an init container, which must end well before others start
    ended: Terminated | None
    hand: Hand
    since: datetime
    back_off: timedelta | None

    @property
    def seen(self) -> dict[str, str]:
        """What the kubelet says of it."""
        waiting = self.status.state.waiting
        seen = {
            "reason": waiting.reason if waiting else "",
            "message": waiting.message if waiting else "",
            "image": self.status.image,
        }
        if self.ended is not None:
            seen["last end"] = how_it_ended(self.ended)
            seen["last message"] = self.ended.message
        return {key: value for key, value in seen.items() if value}

    @property
    def mostly_down(self) -> bool:
        """Whether it is held back for longer than it runs: in a moment in which it runs as well."""
        run = _run(self.ended) if self.ended else None
        held = self.back_off
        again, before = self.status.state.terminated, self.status.last_state.terminated
        if held is None and again and before and again.started_at and before.finished_at:
            held = again.started_at - before.finished_at
        return run is not None and held is not None and run < held

    @property
    def how(self) -> str:
        """How it ended last and after how long, to be said after other words."""
        return f": {how_it_ended(self.ended)}{_lasted(self.ended)}" if self.ended else ""

    def found(self, says: str) -> Found:
        """The fact that it keeps ending, in those words."""
        return Found(
            about=self.pod.ref,
            part=self.status.name,
            since=self.since,
            says=f"container {self.status.name} {says}",
            seen=self.seen,
        )


def loops(cluster: Snapshot) -> Sequence[Loop]:
    """Every container, init container and sidecar that keeps ending."""
    return cluster.once(_loops)


def how_it_ended(ended: Terminated) -> str:
    """Its exit code or signal, in words."""
    code = ended.exit_code
    signal = ended.signal or (code - 128 if 128 < code < 160 else 0)
    if code == 0 and not signal:
        words = "exit code 0"
    elif signal:
        words = f"{_SIGNALS.get(signal, f'signal {signal}')} (exit code {code})"
    else:
        words = _CODES.get(code, f"exit code {code}")
    named = ended.reason and ended.reason not in ("Error", "Completed")
    return f"{ended.reason}, {words}" if named else words


def _lasted(ended: Terminated) -> str:
    run = _run(ended)
    return f" after {in_words(run)}" if run is not None else ""


def killed_for(
    cluster: Snapshot,
    pod: Pod,
    status: ContainerStatus,
    ended: Terminated,
    *,
    began: datetime | None = None,
) -> Hand:
    """Whether the kubelet ended it for a probe, by the last event of about that time that says so.

    The kubelet says that it kills, and for which probe; where that event is gone, a container
    that ended by the kubelet's own signals while the probe failed will do. `began` is when the loop
    that it is in began: what ends by those signals in it ends for what was told in it.
    """
    if ended.reason in NEVER_RAN:
        return Hand.RUNTIME
    if ended.reason == "OOMKilled" or ended.finished_at is None:
        return Hand.ITSELF
    grace = timedelta(seconds=max(0, min(pod.spec.termination_grace_period_seconds, 3600)))
    for event in reversed(events_of_container(cluster, pod, status.name)):
        # The kubelet stops telling every one of many alike: the last that it told will do. And it
        # tells of the next one in the same event, a while before that has ended.
        after = ended.finished_at - event.last_seen
        in_loop = began is not None and event.last_seen >= began and _by_kubelet(ended)
        told_before = event.first_seen <= moved(ended.finished_at, timedelta(seconds=10))
        if told_before and (after <= RESET + grace or in_loop):
            for hand, sign in _PROBES:
                if kills_for(event, sign) or _failed(event, sign, ended):
                    return hand
    return Hand.ITSELF


def kills_for(event: Event, probe: str) -> bool:
    """Whether an event says that the kubelet kills the container for that probe."""
    return event.reason == "Killing" and f"failed {probe} probe" in event.message


def _failed(event: Event, probe: str, ended: Terminated) -> bool:
    said = event.message.startswith(f"{probe.capitalize()} probe ")
    return _by_kubelet(ended) and event.reason == "Unhealthy" and said


def _by_kubelet(ended: Terminated) -> bool:
    """Whether it ended by a signal that the kubelet sends: SIGKILL, SIGTERM."""
    return ended.exit_code in (137, 143)


def _loops(cluster: Snapshot) -> Sequence[Loop]:
    found: list[Loop] = []
    for pod in cluster.all(Pod):
        if pod.over:
            continue
        for status in pod.statuses:
            state = status.state
            if state.waiting is None and status.last_state.terminated is None:
                continue  # healthy: it has not ended since it was made
            last = status.last_state.terminated
            if state.waiting is not None and (
                state.waiting.reason == "CrashLoopBackOff"
                or (state.waiting.reason == "RunContainerError" and last is not None)
            ):
                found.append(_loop(cluster, pod, status, last))
            elif _starts_again(cluster, pod, status) or _ends_again(pod, status):
                found.append(_loop(cluster, pod, status, state.terminated or last))
    return found


def _starts_again(cluster: Snapshot, pod: Pod, status: ContainerStatus) -> bool:
    """It runs, but no longer than runs that ended: the loop goes on until it has."""
    running, ended = status.state.running, status.last_state.terminated
    if running is None or running.started_at is None or ended is None or not ended.finished_at:
        return False
    run = _run(ended)
    if run is None or run >= RESET:
        return False  # healthy: that run was a success to the kubelet
    if cluster.now - running.started_at > min(RESET, 2 * run + FIRST):
        return False  # healthy: it runs on where it used to end
    backed_off = running.started_at - ended.finished_at >= FIRST
    return (
        backed_off
        or _told(cluster, pod, status, since=moved(ended.finished_at, -RESET)) is not None
    )


def _ends_again(pod: Pod, status: ContainerStatus) -> bool:
    """It has ended, as it had shortly before, and will be started again."""
    now, before = status.state.terminated, status.last_state.terminated
    if now is None or before is None or now.finished_at is None or before.finished_at is None:
        return False
    first = runs_first(pod, status.name)
    if now.exit_code == 0 and (first or pod.spec.restart_policy != "Always"):
        return False  # healthy: done
    run = _run(now)
    return run is not None and run < RESET and now.finished_at - before.finished_at < 2 * RESET


def _loop(cluster: Snapshot, pod: Pod, status: ContainerStatus, ended: Terminated | None) -> Loop:
    back_off = _back_off(status)
    since = _since(cluster, pod, status, ended, back_off)
    return Loop(
        pod=pod,
        status=status,
        first=runs_first(pod, status.name),
        ended=ended,
        hand=killed_for(cluster, pod, status, ended, began=since) if ended else Hand.ITSELF,
        since=since,
        back_off=back_off,
    )


def _since(
    cluster: Snapshot,
    pod: Pod,
    status: ContainerStatus,
    ended: Terminated | None,
    back_off: timedelta | None,
) -> datetime:
    """When the loop began, at the latest: what it has run and been held back since then is known
    from below, and the kubelet's event may know of an earlier back-off.
    """
    turn = its_turn(pod, status)
    last = ended.finished_at if ended else None
    if ended is None or last is None:
        return turn
    began = last
    run = _run(ended)
    if back_off is not None and run is not None and run < RESET:
        held = run
        while (back_off := back_off / 2) >= FIRST:
            held += back_off
        began = moved(last, -held)
    told = _told(cluster, pod, status, since=moved(last, -RESET))
    if told is not None:
        began = min(began, told.first_seen)
    return max(turn, began)


def _told(cluster: Snapshot, pod: Pod, status: ContainerStatus, *, since: datetime) -> Event | None:
    """The kubelet's event of backing off from that container, if it is of this loop."""
    for event in reversed(events_of_container(cluster, pod, status.name)):
        crashed = event.reason == "BackOff" and event.message.startswith("Back-off restarting")
        if crashed and event.last_seen >= since:
            return event
    return None


def _back_off(status: ContainerStatus) -> timedelta | None:
    """How long the kubelet holds it back, or did before the run that goes on."""
    waiting, running = status.state.waiting, status.state.running
    if waiting is not None:
        written = _BACK_OFF.match(waiting.message)
        if written is None:
            return None
        hours, minutes, seconds = (int(n or 0) for n in written.groups())
        return min(LONGEST, timedelta(hours=hours, minutes=minutes, seconds=seconds))
    before = status.last_state.terminated
    if running is None or running.started_at is None or before is None or not before.finished_at:
        return None
    return min(LONGEST, running.started_at - before.finished_at)


def _run(ended: Terminated) -> timedelta | None:
    if ended.started_at is None or ended.finished_at is None:
        return None
    return max(timedelta(), ended.finished_at - ended.started_at)
