"""The reader's role: exactly the kinds that the rules declare, and nothing that can write.

- Verbs are `list` and `watch`; `get` only for namespaces, to name the cluster (the uid of
  kube-system) and to tell a namespace that does not exist from an empty one.
- Secrets never appear: Kubernetes cannot grant their metadata alone.
- A rule that is switched off takes what only it reads out of the role.
- Custom kinds that we do not know are in it when somebody names them, and not otherwise.
"""

import re
from collections.abc import Iterable

from holdfast.errors import BadInput
from holdfast.facts import CATALOGUE, kinds_read
from holdfast.model import namespaces
from holdfast.model.kinds import Namespace
from holdfast.model.rules import Rule

type Manifest = dict[str, object]

_NAME = re.compile(r"(?!\.{1,2}\Z)[^/%]+")  # of a role: it stands in a path


def reader_role(
    rules: Iterable[Rule] = CATALOGUE,
    *,
    name: str = "holdfast-reader",
    namespace: str = "",
    named: Iterable[str] = (),
) -> Manifest:
    """The minimal ClusterRole or, with a namespace, the Role that reads only there.

    `named` are custom kinds that we do not know, such as `widgets.example.io`.
    """
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{name!r} is no name of a role.",
            remedy="Any name will do that is not empty, . or .., and has no / and no %.",
        )
    if namespace and not re.fullmatch(namespaces.NAME, namespace):
        raise BadInput(
            f"{namespace!r} is no name of a namespace.",
            remedy="List them: kubectl get namespaces",
        )
    plurals: dict[str, set[str]] = {}
    for kind in kinds_read(rules):
        if kind.api.sensitive or (namespace and not kind.api.namespaced):
            continue
        plurals.setdefault(kind.api.group, set()).add(kind.api.plural)
    for resource in named:
        plural, _, group = resource.partition(".")
        plurals.setdefault(group, set()).add(plural)
    granted: list[Manifest] = [
        {"apiGroups": [group], "resources": sorted(names), "verbs": ["list", "watch"]}
        for group, names in sorted(plurals.items())
    ]
    metadata: Manifest = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    else:
        api = Namespace.api
        granted.append({"apiGroups": [api.group], "resources": [api.plural], "verbs": ["get"]})
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role" if namespace else "ClusterRole",
        "metadata": metadata,
        "rules": granted,
    }
