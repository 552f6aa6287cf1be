"""From inside a pod: the API server in the environment, and the service account's files."""

import os
from collections.abc import Mapping
from pathlib import Path

from holdfast.adapters.kubernetes.connection import Connection, Pem, TokenFile, Trust
from holdfast.adapters.kubernetes.usable import fault_of
from holdfast.errors import BadKubeconfig

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def inside_a_pod(environ: Mapping[str, str], folder: Path) -> Connection | None:
    """As the pod's service account. Its token rotates, so it is named and not read."""
    host = environ.get("KUBERNETES_SERVICE_HOST", "")
    port = environ.get("KUBERNETES_SERVICE_PORT", "")
    token = folder / "token"
    if not host or not port or not os.access(token, os.R_OK):  # which may not be ours to see
        return None
    if ":" in host:
        host = f"[{host}]"
    connection = Connection(
        name="in-cluster",
        server=f"https://{host}:{port}",
        user="the pod's service account",
        namespace=_namespace(folder / "namespace"),
        trust=Trust(authority=Pem(path=folder / "ca.crt")),
        showing=TokenFile(path=token),
        environment=dict(environ),
    )
    if wrong := fault_of(connection):
        raise BadKubeconfig(
            f"The pod's service account cannot be used: {wrong}.",
            remedy="Check KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT in the environment.",
        )
    return connection


def _namespace(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return "default"
