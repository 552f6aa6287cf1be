"""Starts the lab's processes and sees to it that none outlives the lab.

A process of its own, spoken to in lines of JSON over its standard input and output:

- It ends everything and removes the lab's folder when its input closes or the process that started
  it is gone, however that ended. It watches that process itself, not only the pipe, whose other
  end a forked child may hold open.
- Should it be killed itself, the kernel kills its children: each asked for that at its start.
- Everything it starts is in its own session, so one look at the process group finds it all.

Asked: {"start": {"name", "argv", "log", "env"}}, {"end": {"name", "signal"}}, {"keep": true}
Says:  {"name", "pid"} when started, {"name", "code"} when ended
"""

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1


class Supervisor:
    """The children by name, and what to do when the parent is gone."""

    def __init__(self, folder: Path, parent: int) -> None:
        self._folder = folder
        self._parent = parent
        self._keep_folder = False
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._unread = b""

    def run(self) -> None:
        wakes, woken = os.pipe()
        os.set_blocking(woken, False)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, signal.SIG_IGN)  # Ctrl-C is the parent's to hear
        watched = [sys.stdin.fileno(), wakes]
        try:
            watched.append(os.pidfd_open(self._parent))
        except OSError:  # it is gone already
            self._end_all()
            return
        while True:
            readable, _, _ = select.select(watched, [], [])
            if wakes in readable:
                os.read(wakes, 4096)
                self._report_ended()
            if watched[2] in readable or (watched[0] in readable and not self._hear()):
                self._end_all()
                return

    def _hear(self) -> bool:
        """False when nobody will say anything any more."""
        heard = os.read(sys.stdin.fileno(), 1 << 16)
        *lines, self._unread = (self._unread + heard).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))
        return bool(heard)

    def _obey(self, order: dict[str, Any]) -> None:
        match order:
            case {"start": {"name": name, "argv": argv, "log": log, "env": env}}:
                with Path(log).open("ab") as output:
                    child = subprocess.Popen(
                        argv,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        env=os.environ | env,
                        preexec_fn=_die_with_parent,  # noqa: PLW1509  (there is one thread here)
                    )
                self._children[name] = child
                _say(name=name, pid=child.pid)
            case {"end": {"name": name, "signal": number}}:
                if name in self._children:
                    self._children[name].send_signal(number)
            case {"keep": keep}:
                self._keep_folder = keep

    def _report_ended(self) -> None:
        for name, child in list(self._children.items()):
            code = child.poll()
            if code is not None:
                del self._children[name]
                _say(name=name, code=code)

    def _end_all(self) -> None:
        """At once: the data is thrown away with the folder, so nobody needs to tidy up."""
        for child in self._children.values():
            child.kill()
        for child in self._children.values():
            child.wait()
        if not self._keep_folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def _die_with_parent() -> None:
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_DFL)  # what we ignore would be inherited
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _say(**words: str | int) -> None:
    try:
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # nobody listens any more; the closed input will say so as well


if __name__ == "__main__":
    Supervisor(Path(sys.argv[1]), int(sys.argv[2])).run()
