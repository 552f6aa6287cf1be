"""The port of the played kubelets, where the API server fetches logs for `kubectl logs`."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from lab.kubelet.logtext import NoLogError

# Namespace, pod, container and whether the previous run is meant; its text, or NoLogError.
Text = Callable[[str, str, str, bool], str]


def serve_logs(port: int, certificate: Path, key: Path, text: Text) -> None:
    """For ever, on 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            match parts.path.strip("/").split("/"):
                case ["containerLogs", namespace, pod, container]:
                    self._show(namespace, pod, container, parse_qs(parts.query))
                case _:
                    self._answer(404, "404 page not found\n")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Requests are in the API server's audit log already."""

        def _show(
            self, namespace: str, pod: str, container: str, query: dict[str, list[str]]
        ) -> None:
            asked = {name: values[-1] for name, values in query.items()}
            try:
                said = text(namespace, pod, container, asked.get("previous") == "true")
            except NoLogError as none:
                self._answer(400, str(none))
                return
            self._answer(200, _as_asked(said, asked))

        def _answer(self, code: int, said: str) -> None:
            body = said.encode()
            self.send_response(code)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


def _as_asked(text: str, asked: dict[str, str]) -> str:
    lines = text.splitlines(keepends=True)
    if asked.get("tailLines", "").isdigit():
        wanted = int(asked["tailLines"])
        lines = lines[-wanted:] if wanted else []
    if asked.get("timestamps") == "true":
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        lines = [f"{now} {line}" for line in lines]
    shown = "".join(lines)
    if asked.get("limitBytes", "").isdigit():
        shown = shown.encode()[: int(asked["limitBytes"])].decode(errors="ignore")
    return shown
