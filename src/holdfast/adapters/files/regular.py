"""Read a file that is one: no pipe that nobody writes into, no device without an end.

What is wrong is raised as what the system raises, so that it is said like any other failure.
"""

import errno
import os
import stat
from pathlib import Path


def read(path: Path, most: int) -> bytes:
    """All of a file of at most that many bytes; links are followed."""
    return _read(path, most, os.O_RDONLY)


def read_own(path: Path, most: int) -> bytes:
    """All of a file that only we write: a link in its place is somebody else's, not followed."""
    try:
        return _read(path, most, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as failed:
        if failed.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a link, which is not followed") from None
        raise


def _read(path: Path, most: int, flags: int) -> bytes:
    # Without O_NONBLOCK, opening a pipe would wait for somebody to write into it.
    with os.fdopen(os.open(path, flags | os.O_NONBLOCK), "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, f"it is {_sort(mode)}, and no regular file")
        body = file.read(most + 1)
    if len(body) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MiB")
    return body


def _sort(mode: int) -> str:
    return "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
