"""What `kubectl logs` shows of a played container: recorded text, else something plausible.

Recorded text comes from the pod's annotations: `lab.holdfast.dev/log.<container>` or
`lab.holdfast.dev/log` for the run that is shown, and the same with `previous-log` for the run
before; or, where annotations are too small, from the keys `<container>.log` and
`<container>.previous.log` of the ConfigMap that `lab.holdfast.dev/logs-from` names.
"""

from lab.kubelet.box import Box, Ended, Running
from lab.kubelet.says import PREFIX, Ends
from lab.kubelet.shapes import Container, Pod

LOGS_FROM = f"{PREFIX}logs-from"
_TAIL_LINES, _TAIL_BYTES = 80, 2048  # what a termination message takes from the log

_PANIC = """\
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x4a3f1c]

goroutine 1 [running]:
main.(*server).listen(0x0)
\t/src/main.go:57 +0x1c
main.main()
\t/src/main.go:21 +0x9e
"""


class NoLogError(Exception):
    """There is no such run to show, in a kubelet's words."""


def last_words(pod: Pod, container: Container, how: Ends | Ended) -> str:
    """The end of the log of a run that ended like this."""
    text = recorded(pod, container.name) or _by_end(how)
    return "\n".join(text.splitlines()[-_TAIL_LINES:])[-_TAIL_BYTES:]


def recorded(pod: Pod, container: str, *, previous: bool = False) -> str | None:
    """What the annotations hold for this run."""
    annotations = pod.metadata.annotations
    for word in ("previous-log", "log") if previous else ("log",):
        for key in (f"{PREFIX}{word}.{container}", f"{PREFIX}{word}"):
            if key in annotations:
                return annotations[key]
    return None


def run_shown(pod: Pod, box: Box, *, previous: bool) -> Ended | None:
    """The ended run that is asked for, or None for the one in progress; NoLogError without any.

    The order and the sentences of validateContainerLogStatus in pkg/kubelet/kubelet_pods.go, 1.36.
    """
    name, pod_name = box.spec.name, pod.metadata.name
    if previous:
        if box.last is None:
            raise NoLogError(
                f'previous terminated container "{name}" in pod "{pod_name}" not found'
            )
        return box.last
    if isinstance(box.state, Running):
        return None
    if isinstance(box.state, Ended):
        return box.state
    if box.last is not None:
        return box.last
    match box.state.reason:
        case "ErrImagePull":
            why = ": image can't be pulled"
        case "ImagePullBackOff":
            why = ": trying and failing to pull image"
        case reason:
            why = f": {reason}"
    raise NoLogError(f'container "{name}" in pod "{pod_name}" is waiting to start{why}')


def plausible(container: Container, end: Ended | None) -> str:
    """For a run without recorded text."""
    begun = f"{container.name}: starting\n{container.name}: configuration read\n"
    if end is None:
        return f"{begun}{container.name}: ready\n"
    return begun + _by_end(end)


def _by_end(how: Ends | Ended) -> str:
    if how.log:
        return how.log + "\n"
    match how.code, how.reason:
        case 0, _:
            return "done\n"
        case _, "OOMKilled":
            return "loading everything into memory\n"  # the kernel lets nobody say goodbye
        case ((2 | 139), _):
            return _PANIC
        case 143, _:
            return "received SIGTERM, shutting down\n"
        case code, _:
            return f"fatal: cannot continue (exit code {code})\n"
