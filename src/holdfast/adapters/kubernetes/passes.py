"""A kubeconfig that shows one token, and is good for as long as that is."""

import base64

import yaml

from holdfast.adapters.kubernetes.connection import Connection
from holdfast.adapters.kubernetes.tls import read


def kubeconfig_for(connection: Connection, user: str, token: str) -> bytes:
    """The same cluster, seen by that user."""
    trust = connection.trust
    cluster: dict[str, object] = {"server": connection.server}
    if trust.authority is not None:
        authority = read(trust.authority, "certificate authority")
        cluster["certificate-authority-data"] = base64.b64encode(authority).decode()
    if trust.insecure:
        cluster["insecure-skip-tls-verify"] = True
    if trust.server_name:
        cluster["tls-server-name"] = trust.server_name
    if connection.proxy:
        cluster["proxy-url"] = connection.proxy
    file = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": user,
        "clusters": [{"name": "cluster", "cluster": cluster}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": user, "context": {"cluster": "cluster", "user": user}}],
    }
    return yaml.safe_dump(file, sort_keys=False).encode()
