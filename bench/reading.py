"""What is measured, each in a process of its own: decoding pages, and looking at a server.

python -m bench.reading ours FOLDER      decode every page into partial pods, and keep them
python -m bench.reading plain FOLDER     json.loads every page, and keep what comes out
python -m bench.reading frugal FOLDER    the same with the garbage collector off
python -m bench.reading look URL         read what a scan reads, and judge it

Each prints JSON: how many pods, CPU seconds and bytes of memory.
"""

import asyncio
import gc
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from bench.pages import written
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.decode import page
from holdfast.adapters.kubernetes.reader import Reader
from holdfast.adapters.kubernetes.sharing import Sharer
from holdfast.diagnosis.survey import survey
from holdfast.facts import kinds_read
from holdfast.model.kinds import Pod
from holdfast.workflow.look import look


def decode(load: Callable[[list[bytes]], int], folder: Path) -> dict[str, float]:
    """What decoding takes beyond the raw bytes, which are all there before and after.

    The peak is the process's, the baseline what it holds just before: if anything, that counts too
    much.
    """
    raw = [path.read_bytes() for path in written(folder)]
    baseline = _resident()
    began = _cpu()
    count = load(raw)
    return {"pods": count, "cpu": _cpu() - began, "memory": _peak() - baseline}


def ours(raw: list[bytes]) -> int:
    """As a list of the reader does it."""
    share = Sharer()
    kept: list[Pod] = []
    for body in raw:
        kept += page(Pod, body, share).objects
    return len(kept)


def plain(raw: list[bytes]) -> int:
    """As anybody would do it."""
    kept = [json.loads(body) for body in raw]
    return sum(len(page["items"]) for page in kept)


def frugal(raw: list[bytes]) -> int:
    """As somebody would do it who knows what the garbage collector costs here."""
    gc.disable()
    return plain(raw)


async def look_at(url: str) -> dict[str, float]:
    """Look and judge, as a scan does; what comes before the first request does not count."""
    began = _cpu()
    async with Reader(Connection(name="bench", server=url), clock=SystemClock()) as reader:
        snapshot = await look(reader, kinds=kinds_read())
    looked = _cpu()
    findings = survey(snapshot).findings
    return {
        "pods": len(snapshot.all(Pod)),
        "look": looked - began,
        "judge": _cpu() - looked,
        "findings": len(findings),
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["ours", folder]:
            print(json.dumps(decode(ours, Path(folder))))
        case ["plain", folder]:
            print(json.dumps(decode(plain, Path(folder))))
        case ["frugal", folder]:
            print(json.dumps(decode(frugal, Path(folder))))
        case ["look", url]:
            print(json.dumps(asyncio.run(look_at(url))))
        case _:
            sys.exit(__doc__)
