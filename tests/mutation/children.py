"""Work in processes of their own: forked, capped in time and memory, and waited for.

A mutant may loop for ever or fill the memory. Both end its process and nothing else, and both are
told: whoever runs its tests would notice. None outlives the process that asked for it, however
that ends.
"""

import contextlib
import ctypes
import math
import os
import resource
import selectors
import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

BROKEN = 70  # what a child ends with that could not do its work
MEMORY = 4 << 30  # bytes of addresses: ten times what the tests take
CPU = 120  # seconds of computing, whatever else the machine does meanwhile
IDLE = 120.0  # seconds by the clock without computing: it waits for what does not come
FULL = 71  # what one ends with that found no more memory
TIME, SPACE = "the time that it takes", "the memory that it takes"
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class _Child[Job]:
    job: Job
    pid: int
    reading: int
    parts: list[bytes] = field(default_factory=list)
    computed: int = 0
    since: float = field(default_factory=time.monotonic)

    def idles(self, seconds: float) -> bool:
        """Whether it computes nothing any more. On a busy machine all take long by the clock."""
        state, *told = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        computed = sum(map(int, told[10:14]))  # utime to cstime, of proc_pid_stat(5)
        if computed != self.computed or state == "R":  # what is ready to run has only to wait
            self.computed, self.since = computed, time.monotonic()
        return time.monotonic() - self.since > seconds

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def ended(self) -> str:
        """What it said, once it has closed its end."""
        os.close(self.reading)
        _, status = os.waitpid(self.pid, 0)
        code, said = os.waitstatus_to_exitcode(status), b"".join(self.parts).decode()
        if code in (-signal.SIGKILL, -signal.SIGXCPU):
            return TIME
        if code == FULL:
            return SPACE
        if code:
            raise RuntimeError(f"the work on {self.job} ended with {code}:\n{said}")
        return said


def forked[Job](
    jobs: Iterable[Job], work: Callable[[Job], str], *, at_once: int = 1, idle: float = IDLE
) -> Iterator[tuple[Job, str]]:
    """What the work on each says, in the order in which they are through."""
    waiting, running = iter(jobs), dict[int, _Child[Job]]()
    with selectors.DefaultSelector() as speaking:
        try:
            while True:
                for job in islice(waiting, at_once - len(running)):
                    child = _begun(job, work)
                    running[child.reading] = child
                    speaking.register(child.reading, selectors.EVENT_READ)
                if not running:
                    return
                for key, _ in speaking.select(timeout=1.0):
                    child = running[key.fd]
                    if part := os.read(key.fd, 1 << 16):
                        child.parts.append(part)
                        continue
                    speaking.unregister(key.fd)
                    del running[key.fd]
                    yield child.job, child.ended()
                for child in running.values():
                    if child.idles(idle):
                        child.kill()
        finally:
            for child in running.values():
                child.kill()
                os.waitpid(child.pid, 0)


def capped(seconds: float) -> None:
    """From here on this process may compute for so long, and no longer."""
    until = math.ceil(time.process_time() + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def end_with(parent: int) -> None:
    """From here on this process ends when that one does, even if nobody can tell it to."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(BROKEN)


def _begun[Job](job: Job, work: Callable[[Job], str]) -> _Child[Job]:
    reading, writing = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        os.close(writing)
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)  # also done by the child: whoever comes first
        return _Child(job, pid, reading)
    code = BROKEN
    try:
        end_with(parent)
        os.setpgid(0, 0)
        os.close(reading)
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        capped(CPU)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        _write(writing, work(job))
        code = 0
    except MemoryError:
        code = FULL
    finally:
        if code == BROKEN:
            _write(writing, traceback.format_exc())
        os._exit(code)


def _write(writing: int, text: str) -> None:
    with os.fdopen(os.dup(writing), "wb") as out:
        out.write(text.encode())
