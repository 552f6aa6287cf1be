"""Lists of a made-up cluster, encoded once, and a server in a process of its own that sends them.

python -m bench.pages write FOLDER PODS SEED    pages of 500 into a folder; says what is in them
python -m bench.pages serve FOLDER              on a free port of the loopback, which it prints

The server does nothing but send, so that what is measured is the reader. It ends with its standard
input: when whoever started it is done with it, or gone. It has no TLS; a real API server has. Its
clock stands still at the moment for which the cluster was made.
"""

import json
import sys
from collections import Counter
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import msgspec

from bench.cluster import objects
from bench.pods import NOW
from holdfast.model.kinds import KINDS
from holdfast.model.objects import Object

PER_PAGE = 500
PODS = "/api/v1/pods"


class Book:
    """The pages of one list, written as they fill."""

    def __init__(self, folder: Path, kind: type[Object]) -> None:
        self._folder = folder
        self._kind = kind
        self._items: list[msgspec.Raw] = []
        self._pages = 0
        folder.mkdir()

    def add(self, item: bytes) -> None:
        """One more object."""
        if len(self._items) == PER_PAGE:
            self._turn(last=False)
        self._items.append(msgspec.Raw(item))

    def close(self) -> None:
        """Nothing more comes."""
        self._turn(last=True)

    def _turn(self, *, last: bool) -> None:
        self._pages += 1
        token = {} if last else {"continue": str(self._pages)}
        bare = self._kind.api.metadata_only
        page = {
            "kind": "PartialObjectMetadataList" if bare else f"{self._kind.api.kind}List",
            "apiVersion": "meta.k8s.io/v1" if bare else self._kind.api.api_version,
            "metadata": {"resourceVersion": "48151623"} | token,
            "items": self._items,
        }
        path = self._folder / f"{self._pages - 1:04}.json"
        path.write_bytes(msgspec.json.encode(page))
        self._items = []


def write(folder: Path, pods: int, seed: int) -> dict[str, Any]:
    """Write a cluster into a folder; returns how many of what, all their bytes, and pods' least."""
    kinds = {where(kind): kind for kind in KINDS}
    books: dict[str, Book] = {}
    count: Counter[str] = Counter()
    total, of_pods, smallest = 0, 0, sys.maxsize
    for path, thing in objects(pods, seed):
        if path not in books:
            books[path] = Book(folder / quote(path, safe=""), kinds[path])
        raw = msgspec.json.encode(thing)
        books[path].add(raw)
        count[kinds[path].api.plural] += 1
        total += len(raw)
        if path == PODS:
            smallest = min(smallest, len(raw))
            of_pods += len(raw)
    for book in books.values():
        book.close()
    return {"count": dict(count), "bytes": total, "podBytes": of_pods, "smallest": smallest}


def where(kind: type[Object]) -> str:
    """The path at which an API server lists that kind, in the version that we prefer."""
    api = kind.api
    root = f"/apis/{api.api_version}" if api.group else f"/api/{api.api_version}"
    return f"{root}/{api.plural}"


def written(folder: Path, path: str = PODS) -> list[Path]:
    """The pages of one list, in their order."""
    return sorted((folder / quote(path, safe="")).glob("*.json"))


def answers(folder: Path) -> dict[tuple[str, int], bytes]:
    """Every answer that the server will give, by path and page."""
    ready = {
        (unquote(book.name), number): _answer(200, page.read_bytes())
        for book in folder.iterdir()
        for number, page in enumerate(written(folder, unquote(book.name)))
    }
    ready["/version", 0] = _answer(200, b'{"gitVersion":"v1.36.3"}')
    itself = {"kind": "Namespace", "metadata": {"name": "kube-system", "uid": "made-up"}}
    ready["/api/v1/namespaces/kube-system", 0] = _answer(200, msgspec.json.encode(itself))
    return ready


def serve(folder: Path) -> None:
    """Serve the pages of a folder until standard input ends."""
    ready = answers(folder)
    missing = _answer(404, b'{"kind":"Status","apiVersion":"v1","code":404,"message":"not here"}')

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            page = int(parse_qs(asked.query).get("continue", ["0"])[0])
            self.wfile.write(ready.get((asked.path, page), missing))

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        sys.stdin.read()
        server.shutdown()


def _answer(status: int, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\n"
        f"Date: {format_datetime(NOW, usegmt=True)}\r\nContent-Length: {len(body)}"
    )
    return f"{head}\r\n\r\n".encode() + body


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", folder, count, seed]:
            print(json.dumps(write(Path(folder), int(count), int(seed))))
        case ["serve", folder]:
            serve(Path(folder))
        case _:
            sys.exit(__doc__)
