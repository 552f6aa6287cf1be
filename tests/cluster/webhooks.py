"""Mutating webhooks of the tests' own on a lab: they change whatever is updated in a namespace that
carries their label.
"""

import base64
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from lab.client import MERGE, Client
from lab.control_plane import Lab

type Raw = dict[str, Any]

LABEL = "example.com/webhook"
SIDECAR, REPLICAS, NO_DRY_RUN = "sidecar", "replicas", "no-dry-run"
QUOTING = "quoting"  # it changes nothing, but says no, and quotes all of what it was shown
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
STORED = "/registry/mutatingwebhookconfigurations"
_SIDECAR = {"name": "sidecar", "image": "registry.example/sidecar:1"}
_PATCHES: Mapping[str, Raw] = {
    SIDECAR: {"op": "add", "path": "/spec/template/spec/containers/-", "value": _SIDECAR},
    REPLICAS: {"op": "replace", "path": "/spec/replicas", "value": 7},
    NO_DRY_RUN: {"op": "add", "path": "/metadata/annotations/seen", "value": "yes"},
}


class _Changing(BaseHTTPRequestHandler):
    """Changes what it is shown, once."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
        answer: Raw = {"uid": asked["uid"], "allowed": True}
        what = urlsplit(self.path).path.strip("/")
        if what == QUOTING:
            quoted = json.dumps([asked["object"], asked["oldObject"]])
            answer |= {"allowed": False, "status": {"code": 403, "message": quoted}}
        elif not _changed(asked["object"], what):
            patch = json.dumps([_PATCHES[what]]).encode()
            answer |= {"patchType": "JSONPatch", "patch": base64.b64encode(patch).decode()}
        body = json.dumps(
            {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's word
        """Nobody reads it."""


def _changed(there: Raw, what: str) -> bool:
    if what == SIDECAR:
        return _SIDECAR["name"] in [
            c["name"] for c in there["spec"]["template"]["spec"]["containers"]
        ]
    return what == NO_DRY_RUN and "annotations" not in there["metadata"]


class Webhooks:
    """Those that a lab has, and the namespaces that they change."""

    def __init__(self, lab: Lab, admin: Client, url: str) -> None:
        self._lab = lab
        self._admin = admin
        self._url = url

    def install(self) -> None:
        """Have the API server ask those that know dry runs."""
        for what in (SIDECAR, REPLICAS, QUOTING):
            done = self._admin.send("POST", CONFIGURATIONS, body=self._configuration(what))
            assert done.ok, done.body

    def install_old(self) -> None:
        """One that knows no dry run. No API server takes a new one of that sort: it stands in the
        database since the days when they did.
        """
        old = self._configuration(NO_DRY_RUN)
        old["webhooks"][0]["sideEffects"] = "Some"
        old["metadata"] |= {
            "uid": "0b5a1c52-7c1d-4b8e-9a36-2f5d8c7b6a10",
            "creationTimestamp": "2020-01-01T00:00:00Z",
        }
        key = base64.b64encode(f"{STORED}/{NO_DRY_RUN}".encode()).decode()
        value = base64.b64encode(json.dumps(old).encode()).decode()
        connection = HTTPConnection("127.0.0.1", self._lab.ports.etcd, timeout=30)
        try:
            connection.request("POST", "/v3/kv/put", json.dumps({"key": key, "value": value}))
            assert connection.getresponse().status == 200
        finally:
            connection.close()

    def remove(self) -> None:
        """Whoever comes next has none of them."""
        for what in (*_PATCHES, QUOTING):
            self._admin.send("DELETE", f"{CONFIGURATIONS}/{what}")

    def begin(self, namespace: str, what: str) -> None:
        """From now on it changes what is updated there."""
        body = {"metadata": {"labels": {LABEL: what}}}
        done = self._admin.send("PATCH", f"/api/v1/namespaces/{namespace}", body=body, kind=MERGE)
        assert done.ok, done.body

    def _configuration(self, what: str) -> Raw:
        bundle = base64.b64encode(self._lab.ca_file.read_bytes()).decode()
        rule = {
            "apiGroups": ["apps"],
            "apiVersions": ["v1"],
            "operations": ["UPDATE"],
            "resources": ["deployments"] + (["deployments/scale"] if what == REPLICAS else []),
            "scope": "*",
        }
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": what},
            "webhooks": [
                {
                    "name": f"{what}.example.com",
                    "admissionReviewVersions": ["v1"],
                    "clientConfig": {"url": f"{self._url}/{what}", "caBundle": bundle},
                    "failurePolicy": "Fail",
                    "matchPolicy": "Equivalent",
                    "namespaceSelector": {"matchLabels": {LABEL: what}},
                    "objectSelector": {},
                    "reinvocationPolicy": "Never",
                    "rules": [rule],
                    "sideEffects": "None",
                    "timeoutSeconds": 10,
                }
            ],
        }


@contextmanager
def webhooks(lab: Lab) -> Iterator[Webhooks]:
    """A server beside the lab, and what the lab knows of it, for as long."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Changing)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pair = lab.server_certificate
    context.load_cert_chain(pair.certificate, pair.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    admin = lab.client()
    made = Webhooks(lab, admin, f"https://127.0.0.1:{server.server_port}")
    try:
        made.install()
        yield made
    finally:
        made.remove()
        admin.close_all()
        server.shutdown()
        server.server_close()
        thread.join()
