"""A process of ours, as people start it, with its log as a test reads it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 240  # seconds, on a machine where much else runs


class Running:
    """One process, to its end."""

    def __init__(self, log: Path, *words: str, **settings: str) -> None:
        self._log = log
        with log.open("wb") as opened:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "holdfast", *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=opened,
                env=environment(settings),
            )

    def until(self, event: str, times: int = 1) -> Mapping[str, str | int]:
        """What it told of that, once it has told it so often."""
        return self._when(lambda: [e for e in self.told() if e["event"] == event], times)

    def _when(
        self, look: Callable[[], list[dict[str, str | int]]], times: int
    ) -> Mapping[str, str | int]:
        until = time.monotonic() + PATIENCE
        while len(found := look()) < times:
            assert time.monotonic() < until, self.said
            assert self.process.poll() is None or len(look()) >= times, self.said
            time.sleep(0.02)
        return found[times - 1]

    def told(self) -> list[dict[str, str | int]]:
        """The lines of its log, and of those whom it started."""
        lines = self.said.splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    @property
    def said(self) -> str:
        """Everything that it wrote."""
        return self._log.read_text()

    def ended(self) -> int:
        """Its exit code."""
        return self.process.wait(PATIENCE)


@contextmanager
def running(log: Path, *words: str, **settings: str) -> Iterator[Running]:
    """A process, gone in the end whatever happens; what it started hears that and goes too."""
    started = Running(log, *words, **settings)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.wait()
        assert started.process.stdin is not None
        started.process.stdin.close()


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Those settings of ours, and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
    ours = {f"HOLDFAST_{name.upper()}": value for name, value in settings.items()}
    return {**kept, "HOLDFAST_LOG_FORMAT": "json", "HOLDFAST_LISTEN": "127.0.0.1:0", **ours}
