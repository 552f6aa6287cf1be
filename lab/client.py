"""Plain HTTPS to the lab's API server, independent of the code under test.

One connection per thread, kept open. A request on a connection that the server has closed meanwhile
is sent once more: what the lab writes is idempotent or has a name of its own.
"""

import http.client
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
# What a request raises when the server is not there, or goes away in the middle of an answer.
Unreachable: tuple[type[Exception], ...] = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status code and the bytes that came with it."""

    code: int
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.code < 300

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Client:
    """Speaks as one identity."""

    def __init__(self, url: str, ca: Path, token: str, *, agent: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 443
        self._tls = ssl.create_default_context(cafile=ca)
        self._headers = {
            "Authorization": f"Bearer {token}",
            "User-Agent": agent,
            "Accept": "application/json",
        }
        self._mine = threading.local()
        self._every: list[http.client.HTTPSConnection] = []

    def get(self, path: str, **query: str | int) -> Answer:
        return self.send("GET", path, query=query)

    def send(
        self,
        method: str,
        path: str,
        *,
        body: object | None = None,
        kind: str = "application/json",
        query: dict[str, str | int] | None = None,
    ) -> Answer:
        """One request; a bytes body is sent as it is, anything else as JSON."""
        data = body if isinstance(body, bytes | None) else msgspec.json.encode(body)
        if query:
            path = f"{path}?{urlencode(query)}"
        headers = self._headers if data is None else self._headers | {"Content-Type": kind}
        fresh = self._connection() is None
        while True:
            connection = self._connection() or self._connect()
            try:
                connection.request(method, path, data, headers)
                response = connection.getresponse()
                return Answer(code=response.status, body=response.read())
            except Unreachable:
                self.close()
                if fresh:
                    raise
                fresh = True  # the kept connection was stale; a new one decides

    def watch(
        self, path: str, *, query: dict[str, str] | None = None, seconds: int = 300
    ) -> Iterator[bytes]:
        """Lines of a watch on a connection of its own, until the server ends it."""
        connection = self._new(timeout=seconds + 30)
        try:
            asked = urlencode((query or {}) | {"watch": "1", "timeoutSeconds": str(seconds)})
            connection.request("GET", f"{path}?{asked}", headers=self._headers)
            response = connection.getresponse()
            if response.status != 200:
                yield json.dumps({"type": "ERROR", "object": {"code": response.status}}).encode()
                return
            yield from response
        finally:
            connection.close()

    def close(self) -> None:
        """Closes this thread's connection."""
        connection = self._connection()
        if connection is not None:
            connection.close()
            self._mine.connection = None

    def close_all(self) -> None:
        """Closes every thread's connection; for when the threads have ended."""
        while self._every:
            self._every.pop().close()

    def _connection(self) -> http.client.HTTPSConnection | None:
        return getattr(self._mine, "connection", None)

    def _connect(self) -> http.client.HTTPSConnection:
        self._mine.connection = self._new(timeout=60)
        self._every.append(self._mine.connection)
        return self._mine.connection  # type: ignore[no-any-return]

    def _new(self, timeout: float) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=timeout, context=self._tls
        )
