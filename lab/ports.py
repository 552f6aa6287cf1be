"""Ports for the lab's servers, held for as long as the lab lives, listened on or not.

A lab whose etcd finds its port taken would otherwise talk to the etcd that has it: when that is
another lab's, the two are one cluster, and see each other's objects.
"""

import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Self

# Below the range from which Linux lends ports to clients: a port from that range could be lent out
# between our look and the server's bind, or while the API server restarts on it.
_RANGE = range(20_000, 32_000)


class HeldPorts:
    """Ports that no other lab of this user gets until they are released."""

    def __init__(self, numbers: Sequence[int], held: ExitStack) -> None:
        self.numbers = tuple(numbers)
        self._held = held

    def release(self) -> None:
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def hold_ports(count: int, among: Sequence[int] = _RANGE) -> HeldPorts:
    """This many different ports that nobody listens on and nobody holds."""
    folder = Path(tempfile.gettempdir()) / f"holdfast-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found: list[int] = []
    with ExitStack() as held:
        for port in random.SystemRandom().sample(among, min(len(among), 500)):
            lock = held.enter_context((folder / str(port)).open("w"))
            if _free(port) and _locked(lock):
                found.append(port)
                if len(found) == count:
                    return HeldPorts(found, held.pop_all())
            else:
                lock.close()
    raise OSError(f"no {count} free ports between {among[0]} and {among[-1]}")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _locked(file: IO[str]) -> bool:
    """The kernel gives it back when the lab's process ends, however that ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
