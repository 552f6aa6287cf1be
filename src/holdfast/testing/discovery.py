"""What the server says that it serves (the legacy form: one document per group and version)."""

from collections.abc import Mapping

from holdfast.testing.documents import Json
from holdfast.testing.resources import VERBS, Resource, Resources

GIT_VERSION = "v1.36.3"
HEALTH = frozenset({"/healthz", "/livez", "/readyz"})


def document(resources: Resources, path: str) -> Json | None:
    """The document at a path that is no resource, or nothing."""
    match [p for p in path.split("/") if p]:
        case ["version"]:
            return _version()
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"]}
        case ["apis"]:
            groups = [_group(g, v) for g, v in resources.versions().items() if g]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ["apis", group]:
            return _known_group(resources.versions(), group)
        case ["api", version]:
            group = ""
        case ["apis", group, version]:
            pass
        case _:
            return None
    return _resources(resources, group, version)


def _version() -> Json:
    major, minor, _ = GIT_VERSION.removeprefix("v").split(".")
    return {"major": major, "minor": minor, "gitVersion": GIT_VERSION, "platform": "simulated"}


def _known_group(versions: Mapping[str, list[str]], group: str) -> Json | None:
    if group not in versions:
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, versions[group])}


def _group(group: str, versions: list[str]) -> Json:
    listed = [{"groupVersion": f"{group}/{v}", "version": v} for v in versions]
    return {"name": group, "versions": listed, "preferredVersion": listed[0]}


def _resources(resources: Resources, group: str, version: str) -> Json | None:
    served = [r for r in resources if (r.group, r.version) == (group, version)]
    if not served:
        return None
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": served[0].api_version,
        "resources": [entry for each in served for entry in _entries(each)],
    }


def _entries(resource: Resource) -> list[Json]:
    base: Json = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": ["create"] if resource.answers_only else list(VERBS),
    }
    if resource.short:
        base["shortNames"] = list(resource.short)
    return [base, *(_part(resource, name) for name in resource.parts)]


def _part(resource: Resource, name: str) -> Json:
    entry: Json = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": ["get", "patch", "update"],
    }
    match name:
        case "scale":
            return {**entry, "group": "autoscaling", "version": "v1", "kind": "Scale"}
        case "eviction":
            eviction = {"group": "policy", "version": "v1", "kind": "Eviction"}
            return {**entry, **eviction, "verbs": ["create"]}
        case "token":
            token = {"group": "authentication.k8s.io", "version": "v1", "kind": "TokenRequest"}
            return {**entry, **token, "verbs": ["create"]}
        case _:
            return entry
