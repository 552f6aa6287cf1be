"""A wire to PostgreSQL that breaks at a COMMIT: before it arrives there, or before the answer does.

A client of it is told the same both times, and cannot know whether what it wrote is kept.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from sqlalchemy.engine import URL

CHUNK = 65536
COMMIT = b"COMMIT"


class Wire:
    """Passes everything on, but for one point: 2n - 1 is the n-th COMMIT, 2n the answer to it."""

    def __init__(self, url: URL, number: int) -> None:
        self._server = (url.host or "", url.port or 5432)
        self._url = url
        self._commit = (number + 1) // 2
        self._arrives = number % 2 == 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._guard = threading.Lock()
        self._accepting = threading.Thread(target=self._accept)
        self._connections: list[_Connection] = []
        self.seen = 0

    @property
    def url(self) -> URL:
        """The same database, through here."""
        return self._url.set(host="127.0.0.1", port=self._listening.getsockname()[1])

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listening.close()
        for each in self._connections:
            each.end()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:  # it is over
                return
            server = socket.create_connection(self._server)
            self._connections.append(_Connection(self, client, server))

    def breaks(self, data: bytes) -> bool:
        """Whether this is the one that it breaks at."""
        if COMMIT not in data:
            return False
        with self._guard:
            self.seen += 1
            return self.seen == self._commit

    @property
    def arrives(self) -> bool:
        """Whether the server gets it, and only its answer is lost."""
        return self._arrives


class _Connection:
    """One client's, both ways."""

    def __init__(self, wire: Wire, client: socket.socket, server: socket.socket) -> None:
        self._wire = wire
        self._client = client
        self._server = server
        self._mute = threading.Event()  # the next that the server says is the answer that is lost
        self._ways = [
            threading.Thread(target=self._until_it_ends, args=(way,))
            for way in (self._there, self._back)
        ]
        for each in self._ways:
            each.start()

    def end(self) -> None:
        """Cut it, and leave nothing open."""
        self._cut()
        for each in self._ways:
            each.join()
        self._client.close()
        self._server.close()

    def _until_it_ends(self, way: Callable[[], bool]) -> None:
        with suppress(OSError):  # the other way may have ended it
            while way():
                continue
        self._cut()

    def _cut(self) -> None:
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _there(self) -> bool:
        data = self._client.recv(CHUNK)
        if self._wire.breaks(data):
            if not self._wire.arrives:
                return False
            self._mute.set()
        self._server.sendall(data)
        return bool(data)

    def _back(self) -> bool:
        data = self._server.recv(CHUNK)
        if self._mute.is_set():
            return False
        self._client.sendall(data)
        return bool(data)
