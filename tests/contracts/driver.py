"""What a test does to a cluster, whichever cluster it is."""

from typing import Any

import msgspec

from holdfast.testing.documents import Json
from holdfast.testing.requests import Answer, PatchForm
from tests.contracts.doors import Asked, Door

CORE = {
    "configmaps",
    "events",
    "namespaces",
    "nodes",
    "persistentvolumeclaims",
    "pods",
    "secrets",
}
GROUPS = {
    "clusterroles": "rbac.authorization.k8s.io",
    "clusterrolebindings": "rbac.authorization.k8s.io",
    "customresourcedefinitions": "apiextensions.k8s.io",
    "deployments": "apps",
    "networkpolicies": "networking.k8s.io",
    "replicasets": "apps",
    "rolebindings": "rbac.authorization.k8s.io",
    "roles": "rbac.authorization.k8s.io",
    "selfsubjectaccessreviews": "authorization.k8s.io",
    "statefulsets": "apps",
    "storageclasses": "storage.k8s.io",
    "validatingadmissionpolicies": "admissionregistration.k8s.io",
}
HOMELESS = {
    "clusterroles",
    "clusterrolebindings",
    "customresourcedefinitions",
    "namespaces",
    "nodes",
    "selfsubjectaccessreviews",
    "storageclasses",
    "validatingadmissionpolicies",
}
RUNNING = {"daemonsets", "deployments", "jobs", "pods", "replicasets", "statefulsets"}


class Driver:
    """Changes a cluster through a door, in one namespace unless told another."""

    def __init__(self, door: Door, namespace: str) -> None:
        self.door = door
        self.namespace = namespace
        self._made: list[Asked] = []

    def asked(self, verb: str, resource: str, name: str = "", **more: Any) -> Asked:
        """A request with what follows from the resource filled in."""
        plural, _, group = resource.partition(".")
        where = "" if plural in HOMELESS else more.pop("namespace", self.namespace)
        more.pop("namespace", None)
        base = Asked(
            verb=verb,
            resource=plural,
            group=group or GROUPS.get(plural, ""),
            name=name,
            namespace=str(where),
        )
        return msgspec.structs.replace(base, **more)

    async def send(self, verb: str, resource: str, name: str = "", **more: Any) -> Answer:
        """One request, whatever comes of it."""
        return await self.door.send(self.asked(verb, resource, name, **more))

    async def done(self, verb: str, resource: str, name: str = "", **more: Any) -> Json:
        """One request that must succeed."""
        answer = await self.send(verb, resource, name, **more)
        assert answer.code in (200, 201, 202), answer.body
        return answer.body

    async def create(self, resource: str, manifest: Json, **more: Any) -> Json:
        """POST."""
        made = await self.done("create", resource, body=manifest, **more)
        if resource in HOMELESS | RUNNING and resource != "namespaces" and not more.get("query"):
            name, where = made["metadata"]["name"], made["metadata"].get("namespace", "")
            self._made.append(self.asked("delete", resource, name, namespace=where))
        return made

    async def get(self, resource: str, name: str, **more: Any) -> Json:
        """GET one."""
        return await self.done("get", resource, name, **more)

    async def listing(self, resource: str, **query: str) -> Json:
        """GET all; the query as on the wire."""
        return await self.done("list", resource, query=query)

    async def names(self, resource: str, **query: str) -> list[str]:
        """The names that a list shows."""
        return [i["metadata"]["name"] for i in (await self.listing(resource, **query))["items"]]

    async def patch(self, resource: str, name: str, patch: Json, **more: Any) -> Json:
        """A merge patch."""
        return await self.done("patch", resource, name, body=patch, patch=PatchForm.MERGE, **more)

    async def delete(self, resource: str, name: str, **options: object) -> Answer:
        """DELETE with options in the body, as clients send them."""
        body = {"kind": "DeleteOptions", "apiVersion": "v1", **options}
        return await self.send("delete", resource, name, body=body if options else None)

    async def clean(self) -> None:
        """Take away what lies in no namespace and what runs, the latest first.

        Namespaces stay until their cluster goes: before a real one lets a namespace go, it looks
        for objects of each resource that it has, twice.
        """
        for asked in reversed(self._made):
            await self.door.send(asked)


def a_config(name: str = "settings", **metadata: object) -> Json:
    """The plainest object: no status, no generation, no controller that cares."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, **metadata},
        "data": {"colour": "blue"},
    }


def a_claim(name: str = "data", **metadata: object) -> Json:
    """A claim of a class that does not exist, so that nobody serves it."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, **metadata},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": "nobody-serves-this",
        },
    }


def a_pod(name: str = "web", *, node: str = "", **metadata: object) -> Json:
    """A pod that no scheduler takes; bound to a node, to one that does not exist."""
    spec: Json = {
        "schedulerName": "nobody",
        "automountServiceAccountToken": False,
        "containers": [{"name": "app", "image": "registry.example.com/app:1"}],
    }
    if node:
        spec["nodeName"] = node
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **metadata}, "spec": spec}


def a_deployment(name: str = "web", **metadata: object) -> Json:
    """A Deployment of no replicas."""
    labels = {"app": name}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": a_pod()["spec"]["containers"]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, **metadata},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
    }


def a_secret(name: str = "credentials", **metadata: object) -> Json:
    """A Secret with something in it that must not get out."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, **metadata},
        "stringData": {"password": "hunter2-canary"},
    }


def a_policy(name: str = "walls", **metadata: object) -> Json:
    """A NetworkPolicy: counts generations, and no controller writes to it."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, **metadata},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }


def a_definition(group: str, *, status: bool = True) -> Json:
    """A CustomResourceDefinition for gadgets, which may say anything."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version: Json = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
    }
    if status:
        version["subresources"] = {"status": {}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"gadgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {
                "plural": "gadgets",
                "singular": "gadget",
                "kind": "Gadget",
                "listKind": "GadgetList",
            },
            "versions": [version],
        },
    }


def a_gadget(group: str, name: str = "gizmo", **spec: object) -> Json:
    """A custom object."""
    return {
        "apiVersion": f"{group}/v1",
        "kind": "Gadget",
        "metadata": {"name": name},
        "spec": spec,
    }


def a_role(name: str, *rules: Json, kind: str = "ClusterRole") -> Json:
    """A role with those rules."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name},
        "rules": list(rules),
    }


def a_rule(resources: str, verbs: str, *, group: str = "", **more: Any) -> Json:
    """A rule; several resources or verbs are separated by blanks."""
    return {
        "apiGroups": [group],
        "resources": resources.split(),
        "verbs": verbs.split(),
        **more,
    }


def a_binding(role: Json, user: str, *, kind: str = "ClusterRoleBinding") -> Json:
    """A binding of that role to that user."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": role["metadata"]["name"]},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": role["kind"],
            "name": role["metadata"]["name"],
        },
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }
