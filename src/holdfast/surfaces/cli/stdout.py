"""Standard output that nobody can be told anything by: what is left is dropped, without a noise.

What stays in the buffer is tried once more when Python ends, and its failure would be a traceback
and an exit code of Python's own.
"""

import os
import sys


def let_go() -> None:
    """Whatever is left, or said from now on, goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def end() -> None:
    """Write what is left, or let it go."""
    try:
        sys.stdout.flush()
    except OSError:
        let_go()
