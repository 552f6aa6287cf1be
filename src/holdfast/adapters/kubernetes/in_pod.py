"""From inside a pod: the API server in the environment, and the service account's files."""

from collections.abc import Mapping
from pathlib import Path

from holdfast.adapters.kubernetes.connection import Connection, Pem, TokenFile, Trust

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def inside_a_pod(environ: Mapping[str, str], folder: Path) -> Connection | None:
    """As the pod's service account. Its token rotates, so it is named and not read."""
    host = environ.get("KUBERNETES_SERVICE_HOST", "")
    port = environ.get("KUBERNETES_SERVICE_PORT", "")
    token = folder / "token"
    if not host or not port or not token.is_file():
        return None
    if ":" in host:
        host = f"[{host}]"
    namespace = folder / "namespace"
    return Connection(
        name="in-cluster",
        server=f"https://{host}:{port}",
        user="the pod's service account",
        namespace=namespace.read_text().strip() if namespace.is_file() else "default",
        trust=Trust(authority=Pem(path=folder / "ca.crt")),
        showing=TokenFile(path=token),
        environment=dict(environ),
    )
