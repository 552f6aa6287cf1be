"""Which rooms are judged, by which tests, and how these are run."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "holdfast"

ROOMS: dict[str, tuple[str, ...]] = {
    "policy": ("tests/policy",),
    "approvals": ("tests/approvals",),
    "audit": ("tests/audit",),
    "execution": ("tests/execution",),
}
"""Each room, and the tests that must notice a change in it."""

FILES: dict[str, tuple[str, ...]] = {"execution": ("states.py",)}
"""Of a room that is not judged whole, the modules that are."""


def files(room: str) -> list[Path]:
    """The modules of a room that are judged."""
    folder, named = SOURCES / room, FILES.get(room)
    return [folder / name for name in named] if named else sorted(folder.glob("*.py"))


def nearest(room: str, file: str) -> Path | None:
    """The tests of that very module, if there is a file of them: likely the first to notice."""
    path = ROOT / "tests" / room / f"test_{Path(file).name}"
    return path if path.exists() else None


def options() -> list[str]:
    """How pytest runs them: each time alike, and leaving nothing behind."""
    without = ("cacheprovider", "randomly", "xdist")
    return [
        # How a failure is printed does not matter, and how long it takes by the clock says nothing.
        *(
            "-q",
            "-s",
            "--no-header",
            "--tb=native",
            "--timeout=0",
            "-m",
            "not lab",
            "--hypothesis-profile=mutants",
        ),
        *("-p", "tests.mutation.profile", "-W", "ignore::pytest.PytestAssertRewriteWarning"),
        *(word for plugin in without for word in ("-p", f"no:{plugin}")),
        *(f"--rootdir={ROOT}", f"--confcutdir={ROOT}"),
    ]


@contextmanager
def as_they_always_run() -> Iterator[None]:
    """Tests run at the N of every run, whoever asks, and what they leave goes away with us."""
    os.environ.pop("HOLDFAST_PROVE", None)
    # Bytecode is kept, whatever the shell says: each mutant that is judged plainly loads all anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    with tempfile.TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as folder:
        os.environ["TMPDIR"] = folder
        tempfile.tempdir = None
        yield
