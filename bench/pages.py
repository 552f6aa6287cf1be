"""Pages of pods, encoded once, and a server in a process of its own that sends them.

python -m bench.pages write FOLDER COUNT SEED    pages of 500 into a folder; says how big pods are
python -m bench.pages serve FOLDER               on a free port of the loopback, which it prints

The server does nothing but send, so that what is measured is the reader. It ends with its standard
input: when whoever started it is done with it, or gone. It has no TLS; a real API server has.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import batched
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from bench.pods import pods

PER_PAGE = 500
PODS = "/api/v1/pods"


def pages(items: Iterable[dict[str, Any]], count: int) -> Iterator[bytes]:
    """What an API server would answer a list of that many objects with, page by page."""
    sent = 0
    for number, batch in enumerate(batched(items, PER_PAGE), 1):
        sent += len(batch)
        metadata: dict[str, Any] = {"resourceVersion": "48151623"}
        if sent < count:
            metadata |= {"continue": str(number), "remainingItemCount": count - sent}
        page = {"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": batch}
        yield msgspec.json.encode(page)


def write(folder: Path, count: int, seed: int) -> dict[str, int]:
    """Write pages into a folder; returns how many pods, their bytes, and the smallest's."""
    smallest = sys.maxsize

    def weighed() -> Iterator[dict[str, Any]]:
        nonlocal smallest
        for pod in pods(count, seed):
            smallest = min(smallest, len(msgspec.json.encode(pod)))
            yield pod

    total = 0
    for number, page in enumerate(pages(weighed(), count)):
        (folder / f"{number:04}.json").write_bytes(page)
        total += len(page)
    return {"pods": count, "bytes": total, "smallest": smallest}


def written(folder: Path) -> list[Path]:
    """The pages in a folder, in their order."""
    return sorted(folder.glob("*.json"))


def serve(folder: Path) -> None:
    """Serve the pages of a folder until standard input ends."""
    ready = [_answer(200, path.read_bytes()) for path in written(folder)]
    missing = _answer(404, b'{"kind":"Status","apiVersion":"v1","code":404,"message":"not here"}')

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            page = int(parse_qs(asked.query).get("continue", ["0"])[0])
            there = asked.path == PODS and page < len(ready)
            self.wfile.write(ready[page] if there else missing)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        sys.stdin.read()
        server.shutdown()


def _answer(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", folder, count, seed]:
            print(json.dumps(write(Path(folder), int(count), int(seed))))
        case ["serve", folder]:
            serve(Path(folder))
        case _:
            sys.exit(__doc__)
