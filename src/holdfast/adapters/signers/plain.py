"""Open a file that is one: a pipe that nobody writes into would be waited for without an end."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def plain(path: Path) -> BinaryIO:
    """The file, to be read; raises what the system raises for what is none."""
    # Without O_NONBLOCK, opening a pipe would wait for somebody to write into it.
    opened = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")
    if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
        opened.close()
        raise OSError(errno.EINVAL, "it is no regular file")
    return opened
