"""The life of one pod on its node, as a kubelet of Kubernetes 1.36 would lead it.

Pure: it is told the time and what the cluster holds, changes only its own record, and returns the
events to write. `status` renders the record, `player` sends both.

Durations are nominal seconds times the pace; messages name the nominal ones. Reasons, messages and
their order are those of pkg/kubelet: kuberuntime/kuberuntime_container.go (startContainer),
kuberuntime_manager.go (doBackOff, computePodActions), images/image_manager.go, prober/prober.go.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from lab.kubelet import images, references
from lab.kubelet.box import NEVER, Box, Ended, Running, Waiting, container_id, go_duration
from lab.kubelet.logtext import last_words
from lab.kubelet.probing import Kind, probe_of, why_failing
from lab.kubelet.says import (
    AFTER,
    MESSAGE,
    PREFIX,
    Ends,
    duration,
    fault_of,
    how_it_ends,
    slow_start_of,
    why_evicted,
)
from lab.kubelet.shapes import Container, Pod

_RETRY = 12.0  # a sync that failed comes again after 10 to 15 s (pod_workers.go)
_RESYNC = 60.0  # and any pod's after a minute or so
_SHOWN = 1.0  # how long an end is seen before what follows it; a kubelet notices within a second
_PULL_SHOWN = 5.0  # how long ErrImagePull is seen before ImagePullBackOff
_LONGEST_MOUNT_RETRY = 122.0  # pkg/util/goroutinemap/exponentialbackoff
_KILLED = Ends(after=0, code=137, reason="Error")
_TERMINATED = Ends(after=0, code=143, reason="Error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One occurrence of an event; `path` names the container that it is about, if any."""

    reason: str
    message: str
    path: str | None = None
    warning: bool = False


class World(Protocol):
    """What a kubelet asks the API server and its runtime."""

    def keys(self, namespace: str, kind: str, name: str) -> frozenset[str] | None:
        """Of a ConfigMap or a Secret; None when there is no such object."""

    def has_image(self, node: str, image: str) -> bool: ...

    def keep_image(self, node: str, image: str) -> None: ...


@dataclass(slots=True, kw_only=True)
class Life:
    """One pod from the moment its node sees it."""

    pod: Pod
    ip: str
    began: float
    pace: float
    inits: list[Box]
    boxes: list[Box]
    mounted: bool = False
    mount_retry: float = 0.5
    due: float = 0.0
    evicted: str | None = None
    disrupted: bool = False  # evicted because the node ran short, not for a limit of its own
    stopped: bool = False
    shown: dict[str, tuple[str, float]] = field(default_factory=dict)  # conditions, since when

    @classmethod
    def begin(cls, pod: Pod, *, ip: str, now: float, pace: float) -> "Life":
        waits = "PodInitializing" if pod.spec.init_containers else "ContainerCreating"

        def box(spec: Container, kind: str) -> Box:
            return Box(
                spec=spec,
                path=f"spec.{kind}{{{spec.name}}}",
                is_init=kind == "initContainers",
                state=Waiting(reason=waits),
            )

        return cls(
            pod=pod,
            ip=ip,
            began=now,
            pace=pace,
            inits=[box(each, "initContainers") for each in pod.spec.init_containers],
            boxes=[box(each, "containers") for each in pod.spec.containers],
        )

    @property
    def initialized(self) -> bool:
        return all(box.initialized for box in self.inits)

    @property
    def over(self) -> bool:
        """Nothing more will happen: evicted, stopped, or every container has ended for good."""
        ended_for_good = [self._ended_for_good(box) for box in self.boxes]
        hopeless = any(self._ended_for_good(box) and not box.initialized for box in self.inits)
        return self.stopped or hopeless or all(ended_for_good)

    def next_due(self) -> float:
        if self.over:
            return NEVER
        if not self.mounted:
            return self.due
        return min([self.due, *(box.next_due for box in self._active())])

    def advance(self, now: float, world: World) -> Iterator[Said]:
        """Everything that is due by now."""
        if not self.mounted:
            yield from self._mount(now, world)
        if not self.mounted:
            return
        # One thing leads to another at the same moment: an init container's end to the next start.
        for _ in range(4 + 2 * len(self.inits)):
            due = [] if self.over else [box for box in self._active() if box.next_due <= now]
            for box in due:
                yield from self._step(box, now, world)
            if not due:
                break
        yield from self._evict_in_time(now)

    def repair(self, pod: Pod, now: float) -> Iterator[Said]:
        """The pod was changed in place, an image or an annotation of ours: look again."""
        ours_changed = _ours(pod) != _ours(self.pod)
        self.pod = pod
        specs = (*pod.spec.init_containers, *pod.spec.containers)
        for box, spec in zip((*self.inits, *self.boxes), specs, strict=True):
            image_changed = box.spec.image != spec.image
            box.spec = spec
            if not image_changed and not ours_changed:
                continue
            box.crash.nominal = box.pull.nominal = 0.0  # the back-off's key holds the image
            box.pulled_at = None
            if isinstance(box.state, Running) and not image_changed:
                box.ends = how_it_ends(pod, spec, box.variables)
                self._watch(box, now)
                continue
            if isinstance(box.state, Running):
                yield _killing(box, f"Container {spec.name} definition changed, will be restarted")
                self._end(box, now, _TERMINATED)
            box.due = now
        if not self.mounted:
            self.due = now

    def stop(self, now: float) -> Iterator[Said]:
        """The pod is to be deleted: its containers are asked to end, and do."""
        for box in (*self.inits, *self.boxes):
            if isinstance(box.state, Running):
                yield _killing(box, f"Stopping container {box.spec.name}")
                self._end(box, now, _TERMINATED)
        self.stopped = True

    def _active(self) -> list[Box]:
        """What may change now: the first init container that is not done, or all the others."""
        sidecars: list[Box] = []
        for box in self.inits:
            if not box.initialized:
                return [*sidecars, box]
            if box.is_sidecar:
                sidecars.append(box)
        return [*sidecars, *self.boxes]

    def _mount(self, now: float, world: World) -> Iterator[Said]:
        if self.due > now:
            return
        missing = references.unmountable(self.pod, self._keys(world))
        if missing is None:
            self.mounted, self.due = True, NEVER
            return
        yield Said(reason="FailedMount", message=missing, warning=True)
        self.due = now + self.mount_retry * self.pace
        self.mount_retry = min(self.mount_retry * 2, _LONGEST_MOUNT_RETRY)

    def _step(self, box: Box, now: float, world: World) -> Iterator[Said]:
        match box.state:
            case Running() if box.ends is not None and box.due <= now:
                self._end(box, now, box.ends)
            case Running():
                yield from self._probe(box, now)
            case Ended() if self._ended_for_good(box):
                box.due = NEVER
            case Ended() as end:
                box.last = end
                yield from self._restart(box, end, now, world)
            case Waiting(reason="CrashLoopBackOff") if box.last is not None:
                yield from self._restart(box, box.last, now, world)
            case Waiting():
                yield from self._start(box, now, world)

    def _restart(self, box: Box, end: Ended, now: float, world: World) -> Iterator[Said]:
        until = box.crash.until(end.finished, self.pace)
        if now >= until:
            box.crash.grow(end.finished, now, self.pace)
            yield from self._start(box, now, world)
            return
        name, pod = box.spec.name, self.pod.full_name
        what = f"Back-off restarting failed container {name} in pod {pod}"
        yield Said(reason="BackOff", message=what, path=box.path, warning=True)
        nominal = go_duration(box.crash.nominal)
        why = f"back-off {nominal} restarting failed container={name} pod={pod}"
        box.wait("CrashLoopBackOff", why, min(until, now + _RESYNC * self.pace))

    def _start(self, box: Box, now: float, world: World) -> Iterator[Said]:
        there = yield from self._pull(box, now, world)
        if not there:
            return
        missing = None
        try:
            box.variables = references.environment(self.pod, box.spec, self._keys(world))
        except references.MissingError as error:
            missing = str(error)
        if fault_of(self.pod, box.spec) == "config-error":
            said = 'configmap "lab-does-not-exist" not found'
            missing = self.pod.metadata.annotations.get(MESSAGE, said)
        if missing is not None:
            yield _failed(box, f"Error: {missing}")
            box.wait("CreateContainerConfigError", missing, now + _RETRY * self.pace)
            return
        box.restarts += 1
        box.container_id = container_id(self.pod.metadata.uid, box.spec.name, box.restarts)
        yield Said(reason="Created", message="Container created", path=box.path)
        yield Said(reason="Started", message="Container started", path=box.path)
        box.state = Running(since=now)
        box.ends = how_it_ends(self.pod, box.spec, box.variables)
        self._watch(box, now)

    def _pull(self, box: Box, now: float, world: World) -> Generator[Said, None, bool]:
        image, node = box.spec.image, self.pod.spec.node_name
        if (misnamed := images.why_misnamed(image)) is not None:
            yield Said(reason="InspectFailed", message=misnamed, path=box.path, warning=True)
            yield _failed(box, "Error: InvalidImageName")
            box.wait("InvalidImageName", misnamed, now + _RETRY * self.pace)
            return False
        error = images.why_unpullable(
            self.pod,
            box.spec,
            lambda name: self._keys(world)(references.SECRET, name) is not None,
        )
        # Where no probe would see a slow start, it is the first pull that takes its time.
        takes = 0.0 if box.restarts >= 0 or _is_probed(box.spec) else slow_start_of(self.pod)
        always = box.spec.image_pull_policy == "Always"
        if error is None and not takes and not always and world.has_image(node, image):
            there = "already present on machine and can be accessed by the pod"
            yield Said(reason="Pulled", message=f'Container image "{image}" {there}', path=box.path)
            return True
        if box.pulled_at is None:
            until = box.pull.until(box.pull.updated, self.pace)
            if now < until and box.pull_error:
                backing_off = f'Back-off pulling image "{image}"'
                yield Said(reason="BackOff", message=backing_off, path=box.path)
                yield _failed(box, "Error: ImagePullBackOff")
                again = min(until, now + _RETRY * self.pace)
                box.wait("ImagePullBackOff", f"{backing_off}: {box.pull_error}", again)
                return False
            yield Said(reason="Pulling", message=f'Pulling image "{image}"', path=box.path)
            box.pulled_at = now + takes * self.pace
        if now < box.pulled_at:
            box.due = box.pulled_at
            return False
        box.pulled_at = None
        if error is not None:
            yield _failed(box, f'Failed to pull image "{image}": {error}')
            yield _failed(box, "Error: ErrImagePull")
            box.pull.grow(now, now, self.pace)
            box.pull_error = f"ErrImagePull: {error}"
            box.wait("ErrImagePull", error, now + _PULL_SHOWN * self.pace)
            return False
        box.pull_error = ""
        world.keep_image(node, image)
        took = f"{takes or 1.2:g}s"
        pulled = (
            f'Successfully pulled image "{image}" in {took} ({took} including waiting). '
            f"Image size: {images.image_size(image)} bytes."
        )
        yield Said(reason="Pulled", message=pulled, path=box.path)
        return True

    def _watch(self, box: Box, now: float) -> None:
        """Sets when a running container ends by itself and when it is probed next."""
        if not isinstance(box.state, Running):
            return
        since = box.state.since
        box.due = NEVER if box.ends is None else max(now, since + box.ends.after * self.pace)
        box.started = box.started or box.spec.startup_probe is None
        kinds = (Kind.LIVENESS, Kind.READINESS) if box.started else (Kind.STARTUP,)
        box.probes = {}
        for kind in kinds:
            probe = probe_of(box.spec, kind)
            if probe is not None:
                box.probes[kind] = max(now, since + probe.initial_delay_seconds * self.pace)
        if box.started and box.spec.readiness_probe is None:
            box.ready = True

    def _probe(self, box: Box, now: float) -> Iterator[Said]:
        if not isinstance(box.state, Running):
            return
        slow = slow_start_of(self.pod)
        answers = now >= box.state.since + slow * self.pace
        for kind in [kind for kind, at in box.probes.items() if at <= now]:
            probe = probe_of(box.spec, kind)
            if probe is None:
                continue
            why = why_failing(self.pod, box.spec, kind, ip=self.ip, answers=answers)
            if why is None:
                self._succeeded(box, kind, now)
                continue
            yield Said(reason="Unhealthy", message=why, path=box.path, warning=True)
            box.probes[kind] = now + probe.period_seconds * self.pace
            box.failures[kind] = box.failures.get(kind, 0) + 1
            if box.failures[kind] < probe.failure_threshold:
                continue
            if kind is Kind.READINESS:
                box.ready = False
                continue
            restarts = self.pod.spec.restart_policy != "Never" or box.is_sidecar
            then = ", will be restarted" if restarts else ""
            yield _killing(box, f"Container {box.spec.name} failed {kind.lower()} probe{then}")
            self._end(box, now, _TERMINATED)
            return

    def _succeeded(self, box: Box, kind: Kind, now: float) -> None:
        box.failures.pop(kind, None)
        box.probes[kind] = NEVER  # and so it will go on, until the spec says otherwise
        if kind is Kind.READINESS:
            box.ready = True
        if kind is Kind.STARTUP:
            box.started = True
            self._watch(box, now)

    def _evict_in_time(self, now: float) -> Iterator[Said]:
        """A pod uses up what it may before it is evicted: it has run for a while by then."""
        self.due = NEVER
        why = why_evicted(self.pod)
        running = [box.state.since for box in self.boxes if isinstance(box.state, Running)]
        if why is None or not running or self.over:
            return
        after = duration(self.pod.metadata.annotations.get(AFTER, ""), 2.0)
        self.due = min(running) + after * self.pace
        if now < self.due:
            return
        self.evicted, self.disrupted = why
        yield Said(reason="Evicted", message=self.evicted, warning=True)
        for box in (*self.inits, *self.boxes):
            if isinstance(box.state, Running):
                yield _killing(box, f"Stopping container {box.spec.name}")
                self._end(box, now, _KILLED)
        self.stopped = True

    def _end(self, box: Box, now: float, how: Ends) -> None:
        falls_back = box.spec.termination_message_policy == "FallbackToLogsOnError"
        message = last_words(self.pod, box.spec, how) if falls_back and how.code else ""
        box.end(now, how, message=message)
        box.due = now + _SHOWN * self.pace

    def _ended_for_good(self, box: Box) -> bool:
        if not isinstance(box.state, Ended):
            return False
        if box.is_sidecar:
            return self.stopped
        match self.pod.spec.restart_policy:
            case "Never":
                return True
            case "OnFailure":
                return box.state.code == 0
        return box.is_init and box.state.code == 0

    def _keys(self, world: World) -> references.Keys:
        namespace = self.pod.metadata.namespace
        return lambda kind, name: world.keys(namespace, kind, name)


def _ours(pod: Pod) -> dict[str, str]:
    return {key: value for key, value in pod.metadata.annotations.items() if key.startswith(PREFIX)}


def _is_probed(spec: Container) -> bool:
    return any(probe_of(spec, kind) is not None for kind in Kind)


def _failed(box: Box, message: str) -> Said:
    return Said(reason="Failed", message=message, path=box.path, warning=True)


def _killing(box: Box, message: str) -> Said:
    return Said(reason="Killing", message=message, path=box.path)
