"""Ports for the lab's servers, chosen so that nobody takes them while a server restarts."""

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack

# Below the range from which Linux lends ports to clients: a port from that range could be lent out
# between our look and the server's bind, or while the API server restarts on it.
_FROM, _TO = 20_000, 32_000


def free_ports(count: int) -> list[int]:
    """This many different ports that nobody listens on."""
    with ExitStack() as held:
        found = []
        for port in _candidates():
            probe = held.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                return found
    raise OSError(f"no {count} free ports between {_FROM} and {_TO}")


def _candidates() -> Iterator[int]:
    yield from random.SystemRandom().sample(range(_FROM, _TO), 500)
