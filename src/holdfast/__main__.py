"""The entry point of `holdfast`, `kubectl holdfast` and `python -m holdfast`.

Asking for the overview or the version loads nothing but this file and a text: importing the
command line takes ten times as long as starting Python.
"""

import sys


def main() -> None:
    """Answer the two cheap questions here, and leave the rest to the wiring."""
    arguments = sys.argv[1:]
    if arguments in ([], ["--help"], ["-h"]):
        from holdfast.surfaces.cli.overview import OVERVIEW

        print(OVERVIEW, end="")
        sys.exit(0)
    if arguments == ["--version"]:
        from holdfast import __version__

        print(__version__)
        sys.exit(0)

    from holdfast.wiring import main as run

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
