"""Keep what containers that are not well said last: `logs/<namespace>/<pod>/<container>.log`.

Logs hold whatever programs write into them, so they are kept only where somebody asks for them.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from holdfast.adapters.kubernetes.reader import Reader
from holdfast.model.kinds import Pod
from holdfast.model.kinds.pods import ContainerStatus

MOST = 200  # containers; a cluster in flames has more, and the first ones say the same
_NAME = re.compile(
    r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
)  # as Kubernetes allows: no way out of a folder


async def write_logs(reader: Reader, pods: Iterable[Pod], folder: Path) -> int:
    """Write the last lines of each; returns of how many containers there were some."""
    written = 0
    for pod in pods:
        for status in pod.statuses:
            names = (pod.metadata.namespace, pod.metadata.name, status.name)
            if written == MOST or _well(status) or not all(map(_NAME.fullmatch, names)):
                continue
            text = await reader.log(pod, status.name, previous=status.state.running is None)
            if text:
                path = folder / "logs" / names[0] / names[1] / f"{names[2]}.log"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text)
                written += 1
    return written


def _well(status: ContainerStatus) -> bool:
    ended = status.state.terminated
    return status.ready or (ended is not None and ended.exit_code == 0)
