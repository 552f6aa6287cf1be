"""Kubeconfigs for tests, written with the relevant part alone."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.adapters.kubernetes.kubeconfig import Connection, connect_to
from tests.adapters.kubernetes.certs import Authority


def in_place(text: bytes) -> str:
    """PEM text as the -data keys hold it."""
    return base64.b64encode(text).decode()


def a_kubeconfig(
    folder: Path,
    *,
    server: str = "https://127.0.0.1:6443",
    authority: Authority | None = None,
    cluster: Mapping[str, Any] | None = None,
    user: Mapping[str, Any] | None = None,
    context: Mapping[str, str] | None = None,
    current: str | None = "shop",
    name: str = "config",
) -> Path:
    """One cluster, one user, one context; JSON is YAML."""
    whole: dict[str, Any] = {"server": server}
    if authority is not None:
        whole["certificate-authority-data"] = in_place(authority.pem)
    tree: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "shop-cluster", "cluster": {**whole, **(cluster or {})}}],
        "users": [{"name": "ann", "user": dict(user or {})}],
        "contexts": [
            {
                "name": "shop",
                "context": {"cluster": "shop-cluster", "user": "ann", **(context or {})},
            }
        ],
    }
    if current is not None:
        tree["current-context"] = current
    path = folder / name
    path.write_text(json.dumps(tree))
    return path


def connect(path: Path, *, environ: Mapping[str, str] | None = None, **more: Any) -> Connection:
    """The connection of that kubeconfig, with nothing else around."""
    return connect_to(environ=environ or {}, kubeconfig=path, home=path.parent / "home", **more)
