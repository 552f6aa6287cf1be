"""The entry point of `holdfast`, `kubectl holdfast` and `python -m holdfast`.

Asking for the overview or the version loads nothing but this file and a text: importing the
command line takes ten times as long as starting Python.
"""

import sys
from io import TextIOWrapper


def main() -> None:
    """Answer the two cheap questions here, and leave the rest to the wiring."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # None when somebody has closed it
            stream.reconfigure(errors="replace")
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130  # 128 + SIGINT, as shells count
    sys.exit(code)


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
        return 141  # 128 + SIGPIPE
    return 0


if __name__ == "__main__":
    main()
