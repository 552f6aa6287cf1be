"""From kubeconfig files, or from inside a pod, to one `Connection`."""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from holdfast.adapters.kubernetes.connection import (
    Basic,
    Certificate,
    Connection,
    Impersonation,
    Pem,
    Plugin,
    Showing,
    Token,
    TokenFile,
    Trust,
)
from holdfast.adapters.kubernetes.in_pod import SERVICE_ACCOUNT, inside_a_pod
from holdfast.adapters.kubernetes.kubefile import (
    ClusterEntry,
    ExecEntry,
    Merged,
    Placed,
    UserEntry,
    broken,
    files_named,
    merge,
)
from holdfast.adapters.kubernetes.proxies import proxy_for
from holdfast.adapters.kubernetes.usable import fault_of, without_newline
from holdfast.errors import BadKubeconfig

__all__ = ["Connection", "connect_to"]

PLUGIN_VERSIONS = (
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
)
CLUSTER_CONFIG = "client.authentication.k8s.io/exec"  # the extension that plugins may ask for


def connect_to(
    *,
    environ: Mapping[str, str],
    kubeconfig: Path | None = None,
    context: str | None = None,
    home: Path,
    terminal: bool = False,
    service_account: Path = SERVICE_ACCOUNT,
) -> Connection:
    """The connection that kubectl would choose; `terminal` says that a person can answer a plugin.

    Asked for are, in this order: the file named, the files in KUBECONFIG, ~/.kube/config, the
    service account of the pod that we run in.
    """
    files = files_named(environ, kubeconfig, home)
    readable = any(os.access(file, os.R_OK) for file in files)  # the HOME of an image may not be
    asked_for = kubeconfig is not None or bool(environ.get("KUBECONFIG") and files)
    if context is None and not asked_for and not readable:
        inside = inside_a_pod(environ, service_account)
        if inside is not None:
            return inside
    merged = merge(files, environ, home)
    chosen = _choose(merged, context)
    connection = _sound(merged, _connection(merged, chosen, terminal))
    proxy = connection.proxy or proxy_for(connection.server, environ)
    return _sound(merged, replace(connection, proxy=proxy, environment=dict(environ)))


def _choose(merged: Merged, wanted: str | None) -> str:
    name = wanted or merged.current
    there = ", ".join(sorted(merged.contexts)) or "none"
    if not name:
        raise BadKubeconfig(
            f"The kubeconfig {merged.where} has no current context.",
            remedy=f"Choose one with --context or `kubectl config use-context`; there are: "
            f"{there}.",
        )
    if name not in merged.contexts:
        raise BadKubeconfig(
            f"The kubeconfig {merged.where} has no context {name!r}.",
            remedy=f"Choose another with --context; there are: {there}.",
        )
    return name


def _connection(merged: Merged, name: str, terminal: bool) -> Connection:
    context = merged.contexts[name]
    cluster = merged.clusters.get(context.cluster or "")
    if cluster is None:
        raise broken(merged, f"its context {name!r} names no cluster that it defines")
    user = merged.users.get(context.user or "")
    if user is None:
        if context.user:
            raise broken(merged, f"its context {name!r} names no user that it defines")
        user = Placed("", UserEntry(), Path())
    if not cluster.entry.server:
        raise broken(merged, f"its cluster {cluster.name!r} has no server")
    trust = _trust(merged, cluster)
    certificate = _certificate(merged, user)
    server = cluster.entry.server
    if "://" not in server:  # as kubectl reads it: TLS as soon as anything speaks of TLS
        server = f"{'https' if trust != Trust() or certificate else 'http'}://{server}"
    server = server.rstrip("/")
    return Connection(
        name=name,
        server=server,
        user=user.name,
        namespace=context.namespace or "default",
        trust=trust,
        showing=_showing(merged, user, cluster, terminal),
        certificate=certificate,
        impersonation=_impersonation(merged, user),
        proxy=cluster.entry.proxy_url or "",
    )


def _sound(merged: Merged, connection: Connection) -> Connection:
    if wrong := fault_of(connection):
        raise broken(merged, wrong)
    return connection


def _trust(merged: Merged, cluster: Placed[ClusterEntry]) -> Trust:
    entry = cluster.entry
    insecure = bool(entry.insecure_skip_tls_verify)
    authority = None
    if entry.certificate_authority_data:
        what = f"certificate-authority-data of its cluster {cluster.name!r}"
        authority = Pem(data=_decoded(merged, what, entry.certificate_authority_data))
    elif entry.certificate_authority:
        authority = Pem(path=cluster.path(entry.certificate_authority))
    if insecure and authority is not None:
        raise broken(
            merged,
            f"its cluster {cluster.name!r} names an authority and asks not to verify, which "
            f"contradict each other",
        )
    return Trust(authority=authority, insecure=insecure, server_name=entry.tls_server_name or "")


def _certificate(merged: Merged, user: Placed[UserEntry]) -> Certificate | None:
    chain = _pem(merged, user, "client-certificate")
    key = _pem(merged, user, "client-key")
    if chain is None and key is None:
        return None
    if chain is None or key is None:
        missing = "client-certificate" if chain is None else "client-key"
        raise broken(merged, f"its user {user.name!r} has half a certificate: no {missing}")
    return Certificate(chain=chain, key=key)


def _pem(merged: Merged, user: Placed[UserEntry], name: str) -> Pem | None:
    entry = user.entry
    certificate = name == "client-certificate"
    data = entry.client_certificate_data if certificate else entry.client_key_data
    path = entry.client_certificate if certificate else entry.client_key
    if data:
        return Pem(data=_decoded(merged, f"{name}-data of its user {user.name!r}", data))
    return Pem(path=user.path(path)) if path else None


def _showing(
    merged: Merged, user: Placed[UserEntry], cluster: Placed[ClusterEntry], terminal: bool
) -> Showing | None:
    entry = user.entry
    token = entry.token or entry.token_file
    if entry.auth_provider is not None:
        raise BadKubeconfig(
            f"The user {user.name!r} of the kubeconfig {merged.where} logs in by an auth-provider, "
            f"which Kubernetes removed in 1.26.",
            remedy="Log in again with the provider's current tool, which writes an exec plugin.",
        )
    if token and (entry.username or entry.password):
        raise broken(merged, f"its user {user.name!r} has both a token and a password")
    if entry.token_file:
        return TokenFile(path=user.path(entry.token_file))
    if entry.token:
        return Token(value=without_newline(entry.token))
    if entry.username or entry.password:
        return Basic(username=entry.username or "", password=entry.password or "")
    if entry.exec is not None:
        return _plugin(merged, user, cluster, terminal)
    return None


def _plugin(
    merged: Merged, user: Placed[UserEntry], cluster: Placed[ClusterEntry], terminal: bool
) -> Plugin:
    written = user.entry.exec or ExecEntry()
    if not written.command:
        raise broken(merged, f"the exec plugin of its user {user.name!r} has no command")
    if written.api_version not in PLUGIN_VERSIONS:
        raise broken(
            merged,
            f"the exec plugin of its user {user.name!r} speaks {written.api_version or 'nothing'}, "
            f"and Holdfast speaks {' and '.join(PLUGIN_VERSIONS)}",
        )
    mode = written.interactive_mode
    if mode is None and written.api_version == PLUGIN_VERSIONS[0]:
        raise broken(merged, f"the exec plugin of its user {user.name!r} has no interactiveMode")
    if mode not in (None, "Never", "IfAvailable", "Always"):
        raise broken(
            merged,
            f"the interactiveMode of its user {user.name!r} is not Never, IfAvailable or Always",
        )
    command = written.command
    if "/" in command:
        command = str(user.path(command))
    configs = (e.extension for e in cluster.entry.extensions or () if e.name == CLUSTER_CONFIG)
    return Plugin(
        api_version=written.api_version,
        command=command,
        arguments=tuple(written.args or ()),
        environment={v.name: v.value or "" for v in written.env or ()},
        install_hint=(written.install_hint or "").strip(),
        wants_cluster=bool(written.provide_cluster_info),
        cluster_config=next(configs, None),
        wants_terminal=mode == "Always",
        may_ask=terminal and mode != "Never",
    )


def _impersonation(merged: Merged, user: Placed[UserEntry]) -> Impersonation | None:
    entry = user.entry
    if not entry.as_user:
        if entry.as_uid or entry.as_groups or entry.as_user_extra:
            raise broken(merged, f"its user {user.name!r} impersonates groups without a user")
        return None
    return Impersonation(
        user=entry.as_user,
        uid=entry.as_uid or "",
        groups=tuple(entry.as_groups or ()),
        extra=tuple((k, tuple(v)) for k, v in (entry.as_user_extra or {}).items()),
    )


def _decoded(merged: Merged, what: str, text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise broken(merged, f"the {what} is not base64") from None
