"""Manifests as they were made, beside what the API server has: where each is, and how they differ.

- Of what gives rights or takes them every field counts: one that nobody wrote is as wrong as one
  that is missing. What is empty is as good as not there.
- Of a namespace, an account and the values of leases it counts that they are there and usable.
"""

from collections.abc import Iterator, Mapping, Sequence

from holdfast.adapters.kubernetes.discovery import part
from holdfast.model.canonical import Plain

type Manifest = Mapping[str, Plain]

ADMISSION = "admissionregistration.k8s.io/v1"
POLICY, POLICY_BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
_PLURALS = {
    "Namespace": "namespaces",
    "ServiceAccount": "serviceaccounts",
    "ConfigMap": "configmaps",
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "Role": "roles",
    "RoleBinding": "rolebindings",
    POLICY: "validatingadmissionpolicies",
    POLICY_BINDING: "validatingadmissionpolicybindings",
}
_BY_EVERY_FIELD = frozenset(
    {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", POLICY, POLICY_BINDING}
)
TOLD = 3  # places of one object; the rest are counted
_NOT_OURS = frozenset({"apiVersion", "kind", "metadata", "status"})


def named(manifest: Manifest) -> str:
    """How people call it: `Role holdfast-leases/holdfast-keeper`."""
    namespace, name = text(manifest, "metadata", "namespace"), text(manifest, "metadata", "name")
    return f"{manifest['kind']} {namespace}/{name}" if namespace else f"{manifest['kind']} {name}"


def all_of(api_version: str, kind: str, namespace: str = "") -> str:
    """Where objects of its kind are."""
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    within = f"/namespaces/{part(namespace)}" if namespace else ""
    return f"{root}{within}/{_PLURALS[kind]}"


def beside(manifest: Manifest) -> str:
    """Where it is made."""
    api_version, kind = text(manifest, "apiVersion"), text(manifest, "kind")
    return all_of(api_version, kind, text(manifest, "metadata", "namespace"))


def where(manifest: Manifest) -> str:
    """Where it is."""
    return f"{beside(manifest)}/{part(text(manifest, 'metadata', 'name'))}"


def altered(manifest: Manifest, there: Manifest) -> str:
    """What is wrong with what stands there; empty if nothing is."""
    if text(there, "metadata", "deletionTimestamp"):
        return "is being deleted"
    if there.get("immutable"):
        return "can be written no more, since somebody made it immutable"
    labels = {k: _at(there, ("metadata", "labels", k)) for k in _labels(manifest)}
    if labels != _labels(manifest):
        return "is not as it was made: metadata.labels"
    if manifest["kind"] not in _BY_EVERY_FIELD:
        return ""
    names = sorted((manifest.keys() | there.keys()) - _NOT_OURS)
    pairs = ((_bare(manifest.get(name)), _bare(there.get(name)), name) for name in names)
    places = [place for wanted, found, name in pairs for place in _differing(wanted, found, name)]
    if not places:
        return ""
    more = f", and in {len(places) - TOLD} places more" if len(places) > TOLD else ""
    return f"is not as it was made: {', '.join(places[:TOLD])}{more}"


def as_made(manifest: Manifest, there: Manifest) -> dict[str, Plain]:
    """What stands there with all that we made of it, and of what counts nothing besides."""
    kept = there if manifest["kind"] not in _BY_EVERY_FIELD else {}
    metadata = there.get("metadata")
    old = dict(metadata) if isinstance(metadata, Mapping) else {}
    labels = old.get("labels")
    old["labels"] = {**(labels if isinstance(labels, Mapping) else {}), **_labels(manifest)}
    return {**kept, **manifest, "metadata": old}


def text(manifest: Manifest, *path: str) -> str:
    """The text in a field; empty if there is none."""
    found = _at(manifest, path)
    return found if isinstance(found, str) else ""


def _labels(manifest: Manifest) -> Mapping[str, Plain]:
    found = _at(manifest, ("metadata", "labels"))
    return found if isinstance(found, Mapping) else {}


def _at(value: Plain, path: Sequence[str]) -> Plain:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _bare(value: Plain) -> Plain:
    """Without what is empty."""
    match value:
        case Mapping():
            kept = {name: _bare(each) for name, each in value.items()}
            return {name: each for name, each in kept.items() if each not in (None, "", {}, [])}
        case list() | tuple():
            return [_bare(each) for each in value]
        case _:
            return value


def _differing(wanted: Plain, there: Plain, path: str) -> Iterator[str]:
    """Every place where they do."""
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        for name in sorted(wanted.keys() | there.keys()):
            yield from _differing(wanted.get(name), there.get(name), f"{path}.{name}")
    elif isinstance(wanted, list) and isinstance(there, list) and len(wanted) == len(there):
        for index, (one, other) in enumerate(zip(wanted, there, strict=True)):
            yield from _differing(one, other, f"{path}[{index}]")
    elif type(wanted) is not type(there) or wanted != there:
        yield path
