"""Kubeconfig files: their form, and several of them merged into one as kubectl does it.

In KUBECONFIG the first file that names an entry wins, whole entries at a time; relative paths
belong to the file that they stand in; files that are missing are passed over unless all are. What
a file says is never quoted in an error, because it holds secrets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from holdfast.adapters.kubernetes.yaml_size import fits
from holdfast.errors import BadKubeconfig

LARGEST = 1 << 20  # bytes; kubeconfigs of hundreds of clusters have a tenth of that


class _Entry(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """A piece of a kubeconfig. Keys that we do not know are other programs' business."""


class Extension(_Entry, frozen=True, kw_only=True):
    """What other programs put beside a cluster; plugins may ask for theirs."""

    name: str = ""
    extension: Any = None


class ClusterEntry(_Entry, frozen=True, kw_only=True):
    """A cluster."""

    server: str | None = None
    tls_server_name: str | None = None
    insecure_skip_tls_verify: bool | None = None
    certificate_authority: str | None = None
    certificate_authority_data: str | None = None
    proxy_url: str | None = None
    extensions: list[Extension] | None = None


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """An environment variable of a plugin."""

    name: str
    value: str | None = None


class ExecEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An exec plugin."""

    api_version: str | None = None
    command: str | None = None
    args: list[str] | None = None
    env: list[Variable] | None = None
    install_hint: str | None = None
    provide_cluster_info: bool | None = None
    interactive_mode: str | None = None


class UserEntry(_Entry, frozen=True, kw_only=True):
    """A user."""

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
    exec: ExecEntry | None = None
    auth_provider: Any = None


class ContextEntry(_Entry, frozen=True, kw_only=True):
    """A cluster, a user and a namespace."""

    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None


class _NamedCluster(_Entry, frozen=True, kw_only=True):
    name: str
    cluster: ClusterEntry | None = None


class _NamedUser(_Entry, frozen=True, kw_only=True):
    name: str
    user: UserEntry | None = None


class _NamedContext(_Entry, frozen=True, kw_only=True):
    name: str
    context: ContextEntry | None = None


class _File(_Entry, frozen=True, kw_only=True):
    current_context: str | None = None
    clusters: list[_NamedCluster] | None = None
    users: list[_NamedUser] | None = None
    contexts: list[_NamedContext] | None = None


class _Loader(yaml.CSafeLoader):
    """YAML of texts, booleans, nulls, lists and maps; a token of digits stays text."""

    yaml_constructors = {  # noqa: RUF012  # the name that PyYAML reads
        tag: build
        for tag, build in yaml.CSafeLoader.yaml_constructors.items()
        if tag is None or tag.rpartition(":")[2] in ("null", "str", "seq", "map")
    }

    yaml_implicit_resolvers = {  # noqa: RUF012  # the name that PyYAML reads
        first: [r for r in resolvers if r[0].endswith((":null", ":bool", ":merge"))]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def _boolean(loader: _Loader, node: yaml.ScalarNode) -> bool:
    written = loader.construct_scalar(node)
    value = yaml.CSafeLoader.bool_values.get(str(written).lower())
    if value is None:
        raise yaml.constructor.ConstructorError(None, None, "no boolean", node.start_mark)
    return value


_Loader.add_constructor("tag:yaml.org,2002:bool", _boolean)


@dataclass(frozen=True, slots=True)
class Placed[E]:
    """An entry, its name, and the folder that its relative paths start from."""

    name: str
    entry: E
    folder: Path

    def path(self, written: str) -> Path:
        """A path as it was written, from where it was written."""
        return self.folder / written


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What several files say together."""

    where: str
    current: str
    clusters: dict[str, Placed[ClusterEntry]]
    users: dict[str, Placed[UserEntry]]
    contexts: dict[str, ContextEntry]


def files_named(environ: Mapping[str, str], named: Path | None, home: Path) -> list[Path]:
    """The files to merge, in kubectl's order; none when there are none."""
    if named is not None:
        if not _is_there(named):
            raise BadKubeconfig(
                f"There is no kubeconfig at {named}.",
                remedy="Check the path given to --kubeconfig.",
            )
        return [named]
    listed = [Path(part) for part in environ.get("KUBECONFIG", "").split(":") if part]
    return [path for path in listed or [home / ".kube" / "config"] if _is_there(path)]


def _is_there(path: Path) -> bool:
    """Whether anything is; what cannot be read is told when it is read."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True


def merge(files: list[Path], environ: Mapping[str, str], home: Path) -> Merged:
    """All of them as one."""
    if not files:
        sought = environ.get("KUBECONFIG") or home / ".kube" / "config"
        raise BadKubeconfig(
            f"There is no kubeconfig at {sought}, and this is not a pod with a service account.",
            remedy="Name one with --kubeconfig or in KUBECONFIG, or try `holdfast demo`, which "
            "needs no cluster.",
        )
    current = ""
    clusters: dict[str, Placed[ClusterEntry]] = {}
    users: dict[str, Placed[UserEntry]] = {}
    contexts: dict[str, ContextEntry] = {}
    for path in files:
        read = _read(path)
        folder = path.absolute().parent
        current = current or read.current_context or ""
        for c in read.clusters or ():
            clusters.setdefault(c.name, Placed(c.name, c.cluster or ClusterEntry(), folder))
        for u in read.users or ():
            users.setdefault(u.name, Placed(u.name, u.user or UserEntry(), folder))
        for x in read.contexts or ():
            contexts.setdefault(x.name, x.context or ContextEntry())
    return Merged(
        where=", ".join(map(str, files)),
        current=current,
        clusters=clusters,
        users=users,
        contexts=contexts,
    )


def _read(path: Path) -> _File:
    remedy = "Repair the file, or name another with --kubeconfig."
    try:
        with path.open("rb") as file:  # which may be a pipe
            text = file.read(LARGEST + 1)
    except OSError as refused:
        raise BadKubeconfig(
            f"The kubeconfig {path} cannot be read ({refused.strerror}).", remedy=remedy
        ) from None
    try:
        if len(text) > LARGEST or not fits(text):
            raise BadKubeconfig(
                f"The kubeconfig {path} is too large or too deeply nested to be one.",
                remedy=remedy,
            )
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


def broken(merged: Merged, what: str) -> BadKubeconfig:
    """The error for an entry that cannot be used."""
    return BadKubeconfig(
        f"The kubeconfig {merged.where} cannot be used: {what}.",
        remedy="Repair the entry, or choose another with --context.",
    )
