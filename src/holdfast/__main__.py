"""The entry point of `holdfast`, `kubectl holdfast` and `python -m holdfast`.

Asking for the overview or the version loads nothing but this file and a text: importing the
command line takes ten times as long as starting Python.
"""

import signal
import sys
from io import TextIOWrapper
from types import FrameType

from holdfast.surfaces.cli.exits import INTERRUPTED, NOBODY_READS, TERMINATED


def main() -> None:
    """Answer the two cheap questions here, and leave the rest to the wiring."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # None when somebody has closed it
            stream.reconfigure(errors="replace")
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
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

    from holdfast.wiring import main as run

    return run(arguments)


def _tell(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = None  # nobody reads: nothing is left to be flushed
        return NOBODY_READS
    return 0


if __name__ == "__main__":
    main()
