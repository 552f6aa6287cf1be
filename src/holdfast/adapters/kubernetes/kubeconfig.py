"""From kubeconfig files, or from inside a pod, to one `Connection`.

Merged as kubectl merges: in KUBECONFIG the first file that names an entry wins, whole entries at
a time; relative paths belong to the file that they stand in; files that are missing are passed
over unless all are. What a file says is never quoted in an error, because it holds secrets.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import yaml

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
from holdfast.adapters.kubernetes.proxies import proxy_for
from holdfast.errors import BadKubeconfig

__all__ = ["Connection", "connect_to"]

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
PLUGIN_VERSIONS = (
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
)
CLUSTER_CONFIG = "client.authentication.k8s.io/exec"  # the extension that plugins may ask for


class _Entry(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """A piece of a kubeconfig. Keys that we do not know are other programs' business."""


class _Extension(_Entry, frozen=True, kw_only=True):
    name: str = ""
    extension: Any = None


class _Cluster(_Entry, frozen=True, kw_only=True):
    server: str | None = None
    tls_server_name: str | None = None
    insecure_skip_tls_verify: bool | None = None
    certificate_authority: str | None = None
    certificate_authority_data: str | None = None
    proxy_url: str | None = None
    extensions: list[_Extension] | None = None


class _Variable(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    value: str | None = None


class _Exec(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    api_version: str | None = None
    command: str | None = None
    args: list[str] | None = None
    env: list[_Variable] | None = None
    install_hint: str | None = None
    provide_cluster_info: bool | None = None
    interactive_mode: str | None = None


class _User(_Entry, frozen=True, kw_only=True):
    token: str | None = None
    token_file: str | None = msgspec.field(name="tokenFile", default=None)
    username: str | None = None
    password: str | None = None
    client_certificate: str | None = None
    client_certificate_data: str | None = None
    client_key: str | None = None
    client_key_data: str | None = None
    as_user: str | None = msgspec.field(name="as", default=None)
    as_uid: str | None = None
    as_groups: list[str] | None = None
    as_user_extra: dict[str, list[str]] | None = None
    exec: _Exec | None = None
    auth_provider: Any = None


class _Context(_Entry, frozen=True, kw_only=True):
    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None


class _NamedCluster(_Entry, frozen=True, kw_only=True):
    name: str
    cluster: _Cluster | None = None


class _NamedUser(_Entry, frozen=True, kw_only=True):
    name: str
    user: _User | None = None


class _NamedContext(_Entry, frozen=True, kw_only=True):
    name: str
    context: _Context | None = None


class _File(_Entry, frozen=True, kw_only=True):
    current_context: str | None = None
    clusters: list[_NamedCluster] | None = None
    users: list[_NamedUser] | None = None
    contexts: list[_NamedContext] | None = None


class _Loader(yaml.CSafeLoader):
    """YAML in which a token of digits stays text: only nulls and booleans are guessed."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # the name that PyYAML reads
        first: [r for r in resolvers if r[0].endswith((":null", ":bool", ":merge"))]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True, slots=True)
class _Placed[E]:
    """An entry, its name, and the folder that its relative paths start from."""

    name: str
    entry: E
    folder: Path

    def path(self, written: str) -> Path:
        return self.folder / written


@dataclass(frozen=True, slots=True, kw_only=True)
class _Merged:
    where: str
    current: str
    clusters: dict[str, _Placed[_Cluster]]
    users: dict[str, _Placed[_User]]
    contexts: dict[str, _Context]


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
    inside = _inside_a_pod(environ, service_account)
    files = _files(environ, kubeconfig, home)
    if not files and inside is not None and context is None:
        return inside
    merged = _merge(files, environ, home)
    chosen = _choose(merged, context)
    connection = _connection(merged, chosen, terminal)
    proxy = connection.proxy or proxy_for(connection.server, environ)
    return replace(connection, proxy=proxy, environment=dict(environ))


def _files(environ: Mapping[str, str], named: Path | None, home: Path) -> list[Path]:
    if named is not None:
        if not named.is_file():
            raise BadKubeconfig(
                f"There is no kubeconfig at {named}.",
                remedy="Check the path given to --kubeconfig.",
            )
        return [named]
    listed = [Path(part) for part in environ.get("KUBECONFIG", "").split(":") if part]
    return [path for path in listed or [home / ".kube" / "config"] if path.is_file()]


def _merge(files: list[Path], environ: Mapping[str, str], home: Path) -> _Merged:
    if not files:
        sought = environ.get("KUBECONFIG") or home / ".kube" / "config"
        raise BadKubeconfig(
            f"There is no kubeconfig at {sought}, and this is not a pod with a service account.",
            remedy="Name one with --kubeconfig or in KUBECONFIG, or try `holdfast demo`, which "
            "needs no cluster.",
        )
    current = ""
    clusters: dict[str, _Placed[_Cluster]] = {}
    users: dict[str, _Placed[_User]] = {}
    contexts: dict[str, _Context] = {}
    for path in files:
        read = _read(path)
        folder = path.absolute().parent
        current = current or read.current_context or ""
        for c in read.clusters or ():
            clusters.setdefault(c.name, _Placed(c.name, c.cluster or _Cluster(), folder))
        for u in read.users or ():
            users.setdefault(u.name, _Placed(u.name, u.user or _User(), folder))
        for x in read.contexts or ():
            contexts.setdefault(x.name, x.context or _Context())
    return _Merged(
        where=", ".join(map(str, files)),
        current=current,
        clusters=clusters,
        users=users,
        contexts=contexts,
    )


def _read(path: Path) -> _File:
    remedy = "Repair the file, or name another with --kubeconfig."
    try:
        text = path.read_bytes()
    except OSError as refused:
        raise BadKubeconfig(
            f"The kubeconfig {path} cannot be read ({refused.strerror}).", remedy=remedy
        ) from None
    try:
        tree = yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader that guesses less
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        line = f" (line {mark.line + 1})" if mark else ""
        raise BadKubeconfig(
            f"The kubeconfig {path} is not valid YAML{line}.", remedy=remedy
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise BadKubeconfig(f"The kubeconfig {path} is not text in YAML.", remedy=remedy) from None
    if tree is None:
        return _File()  # kubectl takes an empty file for one without entries
    try:
        return msgspec.convert(tree, _File)
    except msgspec.ValidationError as misfit:
        raise BadKubeconfig(
            f"The kubeconfig {path} is not of the form of one: {misfit}.", remedy=remedy
        ) from None


def _choose(merged: _Merged, wanted: str | None) -> str:
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


def _connection(merged: _Merged, name: str, terminal: bool) -> Connection:
    context = merged.contexts[name]
    cluster = merged.clusters.get(context.cluster or "")
    if cluster is None:
        raise _broken(merged, f"its context {name!r} names no cluster that it defines")
    user = merged.users.get(context.user or "")
    if user is None:
        if context.user:
            raise _broken(merged, f"its context {name!r} names no user that it defines")
        user = _Placed("", _User(), Path())
    if not cluster.entry.server:
        raise _broken(merged, f"its cluster {cluster.name!r} has no server")
    trust = _trust(merged, cluster)
    certificate = _certificate(merged, user)
    server = cluster.entry.server.rstrip("/")
    if "://" not in server:  # as kubectl reads it: TLS as soon as anything speaks of TLS
        server = f"{'https' if trust != Trust() or certificate else 'http'}://{server}"
    if not server.startswith(("https://", "http://")):
        raise _broken(merged, f"the server of its cluster {cluster.name!r} is no http(s) address")
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


def _trust(merged: _Merged, cluster: _Placed[_Cluster]) -> Trust:
    entry = cluster.entry
    insecure = bool(entry.insecure_skip_tls_verify)
    authority = None
    if entry.certificate_authority_data:
        what = f"certificate-authority-data of its cluster {cluster.name!r}"
        authority = Pem(data=_decoded(merged, what, entry.certificate_authority_data))
    elif entry.certificate_authority:
        authority = Pem(path=cluster.path(entry.certificate_authority))
    if insecure and authority is not None:
        raise _broken(
            merged,
            f"its cluster {cluster.name!r} names an authority and asks not to verify, which "
            f"contradict each other",
        )
    return Trust(authority=authority, insecure=insecure, server_name=entry.tls_server_name or "")


def _certificate(merged: _Merged, user: _Placed[_User]) -> Certificate | None:
    entry = user.entry
    chain = _pem(merged, user, "client-certificate")
    key = _pem(merged, user, "client-key")
    if chain is None and key is None:
        return None
    if chain is None or key is None:
        missing = "client-certificate" if chain is None else "client-key"
        if entry.exec is not None:
            raise _broken(merged, f"its user {user.name!r} has a plugin and half a certificate")
        raise _broken(merged, f"its user {user.name!r} has half a certificate: no {missing}")
    return Certificate(chain=chain, key=key)


def _pem(merged: _Merged, user: _Placed[_User], name: str) -> Pem | None:
    entry = user.entry
    certificate = name == "client-certificate"
    data = entry.client_certificate_data if certificate else entry.client_key_data
    path = entry.client_certificate if certificate else entry.client_key
    if data:
        return Pem(data=_decoded(merged, f"{name}-data of its user {user.name!r}", data))
    return Pem(path=user.path(path)) if path else None


def _showing(
    merged: _Merged, user: _Placed[_User], cluster: _Placed[_Cluster], terminal: bool
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
        raise _broken(merged, f"its user {user.name!r} has both a token and a password")
    if entry.token_file:
        return TokenFile(path=user.path(entry.token_file))
    if entry.token:
        return Token(value=entry.token)
    if entry.username or entry.password:
        return Basic(username=entry.username or "", password=entry.password or "")
    if entry.exec is not None:
        return _plugin(merged, user, cluster, terminal)
    return None


def _plugin(
    merged: _Merged, user: _Placed[_User], cluster: _Placed[_Cluster], terminal: bool
) -> Plugin:
    written = user.entry.exec or _Exec()
    if not written.command:
        raise _broken(merged, f"the exec plugin of its user {user.name!r} has no command")
    if written.api_version not in PLUGIN_VERSIONS:
        raise _broken(
            merged,
            f"the exec plugin of its user {user.name!r} speaks {written.api_version or 'nothing'}, "
            f"and Holdfast speaks {' and '.join(PLUGIN_VERSIONS)}",
        )
    mode = written.interactive_mode
    if mode is None and written.api_version == PLUGIN_VERSIONS[0]:
        raise _broken(merged, f"the exec plugin of its user {user.name!r} has no interactiveMode")
    if mode not in (None, "Never", "IfAvailable", "Always"):
        raise _broken(
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


def _impersonation(merged: _Merged, user: _Placed[_User]) -> Impersonation | None:
    entry = user.entry
    if not entry.as_user:
        if entry.as_uid or entry.as_groups or entry.as_user_extra:
            raise _broken(merged, f"its user {user.name!r} impersonates groups without a user")
        return None
    return Impersonation(
        user=entry.as_user,
        uid=entry.as_uid or "",
        groups=tuple(entry.as_groups or ()),
        extra=tuple((k, tuple(v)) for k, v in (entry.as_user_extra or {}).items()),
    )


def _decoded(merged: _Merged, what: str, text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise _broken(merged, f"the {what} is not base64") from None


def _broken(merged: _Merged, what: str) -> BadKubeconfig:
    return BadKubeconfig(
        f"The kubeconfig {merged.where} cannot be used: {what}.",
        remedy="Repair the entry, or choose another with --context.",
    )


def _inside_a_pod(environ: Mapping[str, str], folder: Path) -> Connection | None:
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
