"""The entry point of `holdfast`, `kubectl holdfast` and `python -m holdfast`.

Asking for the overview or the version loads nothing but this file and a text: importing the
command line takes ten times as long as starting Python.
"""

import gc
import os
import signal
import sys
from io import TextIOWrapper
from types import FrameType

from holdfast.surfaces.cli import stdout
from holdfast.surfaces.cli.exits import COULD_NOT_LOOK, INTERRUPTED, NOBODY_READS, TERMINATED

SELDOM = 50_000  # new objects until Python looks for garbage; loading alone makes 90,000 that stay


def main() -> None:
    """Answer the two cheap questions here, and leave the rest to the wiring."""
    if sys.stderr is None:  # closed: what is said there goes nowhere, and not into our own files
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stdout is None:
        sys.exit(_refused("Standard output is closed", "Redirect it, be it to /dev/null."))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # what is left to do is Python's
    sys.exit(code)


def _terminate(_: int, __: FrameType | None) -> None:
    """End as an interruption ends: what was begun is cleaned up, drafts included."""
    sys.exit(TERMINATED)


def _run(arguments: list[str]) -> int:
    if arguments in ([], ["--help"], ["-h"]):
        from holdfast.surfaces.cli.overview import OVERVIEW

        return _tell(OVERVIEW)
    if arguments == ["--version"]:
        from holdfast import __version__

        return _tell(f"{__version__}\n")

    gc.set_threshold(SELDOM)
    from holdfast.wiring import main as run

    return run(arguments)


def _tell(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        stdout.let_go()
        return NOBODY_READS
    except OSError as failed:
        stdout.let_go()
        return _refused(f"Standard output cannot be written: {failed.strerror}", "Redirect it.")
    return 0


def _refused(wrong: str, remedy: str) -> int:
    print(f"holdfast: {wrong}.\n  {remedy}", file=sys.stderr)
    return COULD_NOT_LOOK


if __name__ == "__main__":
    main()
