"""How a process is told to end: a first signal asks it to, a second one does not ask.

A process that was started by another one ends with it: it holds one end of a pipe, and hears when
the other end is gone, however the other process died.
"""

import asyncio
import os
import signal
import sys

from holdfast.errors import BadInput
from holdfast.ports import Log

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def ends_when_told(log: Log) -> asyncio.Event:
    """Set by SIGTERM or SIGINT; whoever sends another one wants the process gone at once."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def told() -> None:
        ended.set()
        for number in _SIGNALS:  # the next one is the system's to answer, whatever we wait for
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        log.tell("told to end")

    for number in _SIGNALS:
        loop.add_signal_handler(number, told)
    return ended


def ends_with_its_input(ended: asyncio.Event) -> None:
    """Set as well when standard input, a pipe, is closed at its other end."""
    loop = asyncio.get_running_loop()
    handle = sys.stdin.fileno()

    def heard() -> None:
        if not os.read(handle, 4096):
            loop.remove_reader(handle)
            ended.set()

    try:
        loop.add_reader(handle, heard)
    except PermissionError:
        raise BadInput(
            "Standard input is a file, of which nobody can hold the other end.",
            remedy="Start it without --until-input-ends, or give it a pipe.",
        ) from None
