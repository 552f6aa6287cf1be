"""Who may do what: Kubernetes RBAC over the role and binding objects that the cluster holds.

Nothing is granted but by a rule; a binding to a role that does not exist grants nothing. It is
the same algebra as the API server's, and still no evidence for claims about RBAC: those are
judged on the lab.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from holdfast.testing.documents import Json
from holdfast.testing.status import StatusError, details, qualified
from holdfast.testing.store import Store

GROUP = "rbac.authorization.k8s.io"
AUTHENTICATED = "system:authenticated"


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks."""

    name: str
    groups: tuple[str, ...] = (AUTHENTICATED,)


ADMIN = User(name="admin", groups=("system:masters", AUTHENTICATED))
ANONYMOUS = User(name="system:anonymous", groups=("system:unauthenticated",))


def a_user(name: str, *groups: str) -> User:
    """A user as the API server sees one that has shown a credential."""
    if name.startswith("system:serviceaccount:"):
        namespace = name.split(":")[2]
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", *groups)
    extra = () if AUTHENTICATED in groups else (AUTHENTICATED,)
    return User(name=name, groups=(*groups, *extra))


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: a verb on a resource, or on a path that is none."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def scope(self) -> str:
        """Where roles must hold. A namespace lies within itself, so a role in it can grant it."""
        if self.resource == "namespaces" and not self.group and not self.namespace:
            return self.name
        return self.namespace

    @property
    def full(self) -> str:
        """The resource with its subresource, as roles name it."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


def forbidden(who: User, ask: Ask) -> StatusError:
    """403, in the API server's words."""
    if ask.path:
        about = f'User "{who.name}" cannot {ask.verb} path "{ask.path}"'
        return StatusError(403, "Forbidden", f"forbidden: {about}", details={})
    where = f'in the namespace "{ask.scope}"' if ask.scope else "at the cluster scope"
    what = qualified(ask.group, ask.resource)
    subject = f'{what} "{ask.name}"' if ask.name else what
    return StatusError(
        403,
        "Forbidden",
        f'{subject} is forbidden: User "{who.name}" cannot {ask.verb} resource '
        f'"{ask.full}" in API group "{ask.group}" {where}',
        details=details(ask.group, ask.resource, ask.name),
    )


def allowed(store: Store, who: User, ask: Ask) -> bool:
    """Whether a rule that is bound to this user, there or everywhere, grants it."""
    if "system:masters" in who.groups:
        return True
    return any(_covers(rule, ask) for rule in rules_for(store, who, ask.scope))


def rules_for(store: Store, who: User, namespace: str) -> Iterator[Json]:
    """Every rule that holds for this user: everywhere, and in that namespace."""
    for key, binding in store.listing(f"clusterrolebindings.{GROUP}"):
        if _bound(binding.get("subjects") or (), who, key[1]):
            yield from _rules_of(store, binding["roleRef"], "")
    if not namespace:
        return
    for key, binding in store.listing(f"rolebindings.{GROUP}"):
        if key[1] == namespace and _bound(binding.get("subjects") or (), who, namespace):
            yield from _rules_of(store, binding["roleRef"], namespace)


def _rules_of(store: Store, ref: Mapping[str, str], namespace: str) -> Iterable[Json]:
    if ref["kind"] == "ClusterRole":
        role = store.get((f"clusterroles.{GROUP}", "", ref["name"]))
    else:
        role = store.get((f"roles.{GROUP}", namespace, ref["name"]))
    return (role or {}).get("rules") or ()


def _bound(subjects: Iterable[Json], who: User, namespace: str) -> bool:
    for subject in subjects:
        match subject["kind"]:
            case "User" if subject["name"] == who.name:
                return True
            case "Group" if subject["name"] in who.groups:
                return True
            case "ServiceAccount":
                home = subject.get("namespace") or namespace
                if who.name == f"system:serviceaccount:{home}:{subject['name']}":
                    return True
            case _:
                continue
    return False


def _covers(rule: Json, ask: Ask) -> bool:
    if not _any(rule.get("verbs"), ask.verb):
        return False
    if ask.path:
        return any(_path(pattern, ask.path) for pattern in rule.get("nonResourceURLs") or ())
    names = rule.get("resourceNames") or ()
    resources = rule.get("resources") or ()
    return (
        _any(rule.get("apiGroups"), ask.group)
        and ("*" in resources or ask.full in resources or f"*/{ask.subresource}" in resources)
        and (not names or ask.name in names)
    )


def _any(granted: Iterable[str] | None, wanted: str) -> bool:
    return granted is not None and ("*" in granted or wanted in granted)


def _path(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def bootstrap_roles() -> Iterator[Json]:
    """The roles and bindings that every cluster is born with, as far as a reader meets them."""
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    everywhere = {"nonResourceURLs": ["*"], "verbs": ["*"]}
    yield from _born("cluster-admin", [everything, everywhere], ["system:masters"])
    reviews = {
        "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        "verbs": ["create"],
    }
    yield from _born("system:basic-user", [reviews], [AUTHENTICATED])
    public = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
    discovery = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", *public]
    yield from _born(
        "system:discovery", [{"nonResourceURLs": discovery, "verbs": ["get"]}], [AUTHENTICATED]
    )
    yield from _born(
        "system:public-info-viewer",
        [{"nonResourceURLs": public, "verbs": ["get"]}],
        [AUTHENTICATED, "system:unauthenticated"],
    )


def _born(name: str, rules: list[Json], groups: list[str]) -> Iterator[Json]:
    metadata = {"name": name, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}
    api_version = f"{GROUP}/v1"
    yield {
        "apiVersion": api_version,
        "kind": "ClusterRole",
        "metadata": metadata,
        "rules": rules,
    }
    yield {
        "apiVersion": api_version,
        "kind": "ClusterRoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": GROUP, "kind": "Group", "name": g} for g in groups],
    }
