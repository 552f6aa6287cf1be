"""A world that keeps account: an act is accepted only at the version that it expects.

It shares no code with the product. Each target has a version, as an object of a cluster has; an act
moves it on by one. Some targets are blind: nobody can look at them. Some replies are lost after the
act was done, chosen by the seed.
"""

import json
import random
import socketserver
import threading
from collections import Counter
from typing import NamedTuple

FIRST = 1


class Act(NamedTuple):
    """One that was accepted."""

    target: str
    attempt: int
    by: str


class Recorder:
    """The state of that world."""

    def __init__(self, seed: int, blind: float = 0.1, lost: float = 0.05) -> None:
        self._seed = seed
        self._blind = blind
        self._lost = lost
        self._guard = threading.Lock()
        self.versions: dict[str, int] = {}
        self.acts: list[Act] = []
        self.refused: list[Act] = []
        self.replies_lost: set[str] = set()

    def is_blind(self, target: str) -> bool:
        """Whether nobody can look at it."""
        return self._dice(target, "blind") < self._blind

    def look(self, target: str) -> dict[str, object]:
        """What is to be seen of it."""
        if self.is_blind(target):
            return {"blind": True}
        with self._guard:
            return {"version": self.versions.get(target, FIRST)}

    def act(self, target: str, expects: int, attempt: int, by: str) -> dict[str, object] | None:
        """Do it, if it is as expected; None: it was done, and nobody hears of it."""
        asked = Act(target, attempt, by)
        with self._guard:
            version = self.versions.get(target, FIRST)
            if version != expects:
                self.refused.append(asked)
                return {"conflict": version}
            self.versions[target] = version + 1
            self.acts.append(asked)
            if self._dice(target, "lost") < self._lost:
                self.replies_lost.add(target)
                return None
        return {"done": version + 1}

    def twice(self) -> list[str]:
        """What was done more than once."""
        return [
            target for target, times in Counter(a.target for a in self.acts).items() if times > 1
        ]

    def _dice(self, target: str, what: str) -> float:
        return random.Random(f"{self._seed} {target} {what}").random()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    recorder: Recorder


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        asked = json.loads(self.rfile.readline() or b"{}")
        if not asked:
            return
        told: dict[str, object] | None
        if asked.pop("op") == "look":
            told = self.server.recorder.look(**asked)
        else:
            told = self.server.recorder.act(**asked)
        if told is not None:
            self.wfile.write(json.dumps(told).encode() + b"\n")


class Listening:
    """The world, at a port of this machine."""

    def __init__(self, recorder: Recorder) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.recorder = recorder
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> int:
        self._thread.start()
        return int(self._server.server_address[1])

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
