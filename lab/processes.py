"""The lab's side of the supervisor: starts and ends parts, and knows who is still there."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.errors import DidNotStart

_SOURCE = Path(__file__).parent.parent


class Processes:
    """Parts by name; every log is `<folder>/logs/<name>.log`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changed = threading.Condition()
        self._pids: dict[str, int] = {}
        self._codes: dict[str, int] = {}
        (folder / "logs").mkdir()
        self._supervisor = subprocess.Popen(
            [sys.executable, "-m", "lab.supervisor", str(folder), str(os.getpid())],
            cwd=_SOURCE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def group(self) -> int:
        """The process group that holds the supervisor and everything that it started."""
        return self._supervisor.pid

    @property
    def pids(self) -> dict[str, int]:
        with self._changed:
            return dict(self._pids)

    def log(self, name: str) -> Path:
        return self._folder / "logs" / f"{name}.log"

    def start(
        self, name: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None
    ) -> None:
        with self._changed:
            self._codes.pop(name, None)
            self._tell(
                start={
                    "name": name,
                    "argv": [str(each) for each in argv],
                    "log": str(self.log(name)),
                    "env": dict(env or {}),
                }
            )
            if not self._changed.wait_for(lambda: name in self._pids or name in self._codes, 30):
                raise DidNotStart(f"The lab's supervisor did not start {name} within 30 s.")

    def end(self, name: str, how: signal.Signals = signal.SIGTERM, *, within: float = 30) -> None:
        """Asks, waits, and kills what has not ended by then."""
        with self._changed:
            if name not in self._pids:
                return
            self._tell(end={"name": name, "signal": int(how)})
            if self._changed.wait_for(lambda: name not in self._pids, within):
                return
            self._tell(end={"name": name, "signal": int(signal.SIGKILL)})
            self._changed.wait_for(lambda: name not in self._pids, 30)

    def end_all(self, *, keep_folder: bool) -> None:
        """Everything, at once; the supervisor removes the folder when all have ended."""
        if self._supervisor.stdin is None or self._supervisor.stdin.closed:
            return
        if keep_folder:
            self._tell(keep=True)
        self._supervisor.stdin.close()
        self._supervisor.wait()
        self._listener.join()
        if self._supervisor.stdout is not None:
            self._supervisor.stdout.close()

    def check(self, names: Sequence[str]) -> None:
        """Raises, with the end of its log, when one of these has ended."""
        with self._changed:
            ended = {name: self._codes[name] for name in names if name in self._codes}
        for name, code in ended.items():
            raise DidNotStart(f"The lab's {name} ended with {code}. {self.last_words(name)}")

    def wait_for_an_end(self) -> None:
        """Until a part has ended that nobody asked to end; then as `check`."""
        with self._changed:
            while not self._codes:
                self._changed.wait(3600)
        self.check(list(self._codes))

    def last_words(self, name: str, lines: int = 15) -> str:
        try:
            said = self.log(name).read_text(errors="replace").strip().splitlines()
        except FileNotFoundError:
            said = []
        if not said:
            return "It wrote no log."
        return f"The end of {self.log(name)}:\n" + "\n".join(f"  {each}" for each in said[-lines:])

    def _tell(self, **order: object) -> None:
        pipe = self._supervisor.stdin
        if pipe is None or pipe.closed:
            raise DidNotStart("The lab has been stopped.")
        pipe.write(json.dumps(order).encode() + b"\n")
        pipe.flush()

    def _listen(self) -> None:
        if self._supervisor.stdout is None:
            return
        for line in self._supervisor.stdout:
            said = json.loads(line)
            with self._changed:
                if "pid" in said:
                    self._pids[said["name"]] = said["pid"]
                else:
                    self._pids.pop(said["name"], None)
                    self._codes[said["name"]] = said["code"]
                self._changed.notify_all()
