"""A private PostgreSQL server for tests: a folder and a port of its own, gone with its starter.

PostgreSQL refuses to run as root; root starts it as the user `postgres`. Nothing is synced to the
disk: what a test needs is that a transaction is whole, not that it survives a power cut.

python -m lab.postgres PARENT USER PROGRAM ...    becomes that program, and ends with its parent
"""

import contextlib
import ctypes
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from lab.errors import DidNotStart, NotBuilt
from lab.ports import hold_ports

OWNER = "holdfast"  # the server's superuser
_UNPRIVILEGED = "postgres"
_SOURCE = Path(__file__).parent.parent
_PR_SET_PDEATHSIG = 1


class Postgres:
    """A running server. Whoever connects is believed: nobody else knows its port for long."""

    def __init__(self, programs: Path, folder: Path, port: int) -> None:
        self._programs = programs
        self._folder = folder
        self.port = port
        self._server: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator["Postgres"]:
        """A new server, removed in the end."""
        programs = find_programs()
        folder = Path(tempfile.mkdtemp(prefix="holdfast-postgres-"))
        try:
            with hold_ports(1) as held:
                server = cls(programs, folder, *held.numbers)
                server._make()
                server.start()
                yield server
                server.stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def url(self, database: str, user: str = OWNER) -> str:
        """The address of one of its databases."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = self._folder / "log"
        with log.open("ab") as output:
            self._server = subprocess.Popen(
                self._as_its_user("postgres", "-D", self._data, "-p", str(self.port)),
                cwd=_SOURCE,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        ready = str(self._programs / "pg_isready")
        asking = [ready, "-q", "-h", "127.0.0.1", "-p", str(self.port), "-d", "postgres"]
        until = time.monotonic() + 60
        while subprocess.run(asking, check=False).returncode != 0:
            if self._server.poll() is not None or time.monotonic() > until:
                raise DidNotStart(f"PostgreSQL did not start: {log.read_text()[-1500:]}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it: SIGQUIT at once, SIGINT in order, SIGKILL as a crash."""
        if self._server is not None:
            self._server.send_signal(how)
            self._server.wait(60)
            self._server = None

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _make(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self._folder, _UNPRIVILEGED)
        asked = ("-D", self._data, "-U", OWNER, "--auth=trust", "-E", "UTF8", "--no-sync")
        made = subprocess.run(
            self._as_its_user("initdb", *asked, "--locale=C"),
            cwd=_SOURCE,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise DidNotStart(f"initdb ended with {made.returncode}: {made.stderr.strip()}")
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"listen_addresses = '127.0.0.1'\nunix_socket_directories = '{self._folder}'\n"
                "fsync = off\nfull_page_writes = off\nshared_buffers = '32MB'\n"
                "max_connections = 200\nlog_line_prefix = '%m %d %u '\n"
            )

    def _as_its_user(self, program: str, *arguments: str | Path) -> Sequence[str | Path]:
        user = _UNPRIVILEGED if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        wrapped = (sys.executable, "-m", "lab.postgres", str(os.getpid()), user)
        return [*wrapped, self._programs / program, *arguments]


def find_programs() -> Path:
    """The folder with the newest `initdb` of this machine."""
    packaged = glob.glob("/usr/lib/postgresql/*/bin/initdb")  # noqa: PTH207  (an absolute pattern)
    newest = sorted(packaged, key=lambda each: int(Path(each).parts[-3]), reverse=True)
    on_path = shutil.which("initdb")
    for each in [*newest, *([on_path] if on_path else [])]:
        folder = Path(each).resolve().parent
        if (folder / "postgres").exists():
            return folder
    raise NotBuilt(
        "There is no PostgreSQL on this machine: install it (Debian: apt-get install postgresql), "
        "or put its initdb and postgres on the PATH."
    )


def _become(parent: int, user: str, argv: list[str]) -> None:
    if os.geteuid() == 0:
        who = pwd.getpwnam(user)
        os.initgroups(user, who.pw_gid)
        os.setgid(who.pw_gid)
        os.setuid(who.pw_uid)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
    if os.getppid() != parent:
        sys.exit("The process that started this one has ended.")
    os.chdir("/")
    os.execv(argv[0], argv)  # noqa: S606  (no shell is what we want)


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
