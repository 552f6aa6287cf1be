"""A keeper of one's own: a process, as in earnest, that is set to nothing by whoever runs it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from holdfast import settings
from holdfast.errors import NotReady

PATIENCE = 60.0  # seconds for it to start


def set_to(ours: Mapping[str, object]) -> Mapping[str, str]:
    """An environment with these settings of Holdfast, and no other; nor an agent with keys."""
    others = {
        name: value
        for name, value in settings.environment().items()
        if not name.startswith(settings.PREFIX) and name != "SSH_AUTH_SOCK"
    }
    return {**others, **{f"{settings.PREFIX}{name}": str(value) for name, value in ours.items()}}


def holdfast(arguments: Sequence[str]) -> Sequence[str]:
    """The words that run us."""
    return [sys.executable, "-m", "holdfast", *arguments]


@contextmanager
def at_work(log: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """With the keeper, once it is on the leash; it ends with us, however we end."""
    with log.open("wb") as told:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            holdfast(["keeper", "--until-input-ends"]),
            env=environ,
            stdin=subprocess.PIPE,
            stdout=told,
            stderr=told,
        )
    try:
        _await_leash(process, log)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()


def _await_leash(process: subprocess.Popen[bytes], log: Path) -> None:
    waited = threading.Event()
    for _ in range(int(PATIENCE / 0.1)):
        if "on the leash" in log.read_text(errors="replace"):
            return
        if process.poll() is not None:
            break
        waited.wait(0.1)
    last = log.read_text(errors="replace").strip().splitlines()[-3:]
    raise NotReady(f"The keeper did not start: {' '.join(last)}", remedy=f"Read {log}.")
