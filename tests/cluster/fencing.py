"""A lab with the fences up, and the keeper at work in it by its own rights alone."""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml

from holdfast.execution.lease_names import Purpose, lease_name
from holdfast.grants.fences import fences
from holdfast.grants.names import KEEPER, LEASES, OURS, RBAC, REFUSES, VALUES
from holdfast.grants.policies import GROUP
from lab import crds
from lab.client import MERGE, Answer, Client
from lab.control_plane import Lab

type Raw = dict[str, Any]

JSON_PATCH = "application/json-patch+json"
BINDINGS = f"/apis/{RBAC}/v1/namespaces/%s/rolebindings"
WIDE_BINDINGS = f"/apis/{RBAC}/v1/clusterrolebindings"
ACCOUNTS = f"/api/v1/namespaces/{LEASES}/serviceaccounts"
PARAMETERS = f"/api/v1/namespaces/{LEASES}/configmaps/{VALUES}"
DRY: dict[str, str | int] = {"dryRun": "All"}


def said(answer: Answer) -> str:
    """What the server gives as its reason."""
    return str(json.loads(answer.body).get("message", ""))


def by_policy(answer: Answer) -> bool:
    """Refused by one of our policies, in its own words."""
    return answer.code == 403 and REFUSES in said(answer)


def by_rbac(answer: Answer) -> bool:
    """Refused since nobody has given that right."""
    words = said(answer)
    cannot = "is forbidden: User" in words and "cannot" in words
    return answer.code == 403 and (cannot or "is attempting to grant RBAC permissions" in words)


def refused(answer: Answer) -> bool:
    """By the cluster, and for our reasons."""
    return by_policy(answer) or by_rbac(answer)


@dataclass(frozen=True, kw_only=True)
class Lease:
    """One account with its token, and where it is bound."""

    name: str
    namespace: str
    client: Client

    @property
    def binding(self) -> str:
        return f"{bindings_in(self.namespace)}/{self.name}"


class Fenced:
    """The lab, its administrator, and the keeper."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.admin = lab.client()
        self._clients: list[Client] = []
        self._served: set[str] = set()
        self._wide: list[str] = []
        self.keeper = self.admin
        self.install()

    def install(self) -> None:
        """Put the fences up; returns when the API server heeds them."""
        self.apply()
        self.keeper.close()
        self.keeper = self.as_account(OURS, KEEPER)
        self.lab.wait(self._up, what="the policies to be in force")

    def apply(self) -> None:
        """As somebody would who was given the file."""
        text = yaml.safe_dump_all(fences(), sort_keys=False)
        self.lab.kubectl("apply", "-f", "-", stdin=text)

    def _up(self) -> bool:
        """A policy is heeded a moment after it is made: each is asked for one refusal."""
        made = {"metadata": {"name": "early"}}
        secret = self.admin.send(
            "POST", f"/api/v1/namespaces/{LEASES}/secrets", body=made, query=DRY
        )
        account = self.keeper.send("POST", ACCOUNTS, body=made, query=DRY)
        wrong = self.admin.send(
            "POST", BINDINGS % "default", body=binding_of("early", "rolloutrestart"), query=DRY
        )
        # The other policies came before these, and are heeded when the last is.
        return all(by_policy(each) for each in (secret, account, wrong))

    def as_account(self, namespace: str, name: str) -> Client:
        """Whoever has the token of that account; the administrator asks for it."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        made = self.admin.send("POST", path, body={"spec": {"expirationSeconds": 3600}})
        return self._client(made)

    def lease(
        self,
        action: str,
        uid: str,
        namespace: str,
        *,
        purpose: Purpose = Purpose.ACT,
        value: str | None = None,
    ) -> Lease:
        """The keeper makes an account, binds it, sets its value down and takes a token."""
        name = str(lease_name(purpose, action, uid, secrets.randbelow(10**8)))
        for path, body in (
            (ACCOUNTS, {"metadata": {"name": name}}),
            (bindings_in(namespace), binding_of(name, action)),
        ):
            done = self.keeper.send("POST", path, body=body)
            assert done.ok, done.body
        if value is not None:
            self.set_down(name, value)
        token = self.keeper.send(
            "POST", f"{ACCOUNTS}/{name}/token", body={"spec": {"expirationSeconds": 600}}
        )
        client = self._client(token)
        self._clients.append(client)
        return Lease(name=name, namespace=namespace, client=client)

    def set_down(self, name: str, value: str | None) -> None:
        """Write a value for that account; none takes it away."""
        body = {"data": {name: value}}
        done = self.keeper.send("PATCH", PARAMETERS, body=body, kind=MERGE)
        assert done.ok, done.body

    def serve(self, family: str) -> None:
        """Serve the custom resources of those operators, until the fences are removed."""
        if family not in self._served:
            crds.install(self.lab, [family])
            self._served.add(family)

    def _client(self, token: Answer) -> Client:
        assert token.ok, token.body
        held = token.json()["status"]["token"]
        return Client(self.lab.url, self.lab.ca_file, held, agent="lab-test-account")

    def clears(self, path: str) -> None:
        """What goes with no namespace goes when everybody hangs up."""
        self._wide.append(path)

    def hang_up(self) -> None:
        """Hang up on behalf of every account; the keeper calls again when it is asked."""
        self.keeper.close()
        while self._wide:
            self._deleted(self._wide.pop())
        while self._clients:
            self._clients.pop().close()

    def remove(self) -> None:
        """In the opposite order of making: what protects the rest goes first."""
        self.hang_up()
        served = crds.definitions(self._served) if self._served else []
        for path in map(path_of, (*served, *reversed(fences()))):
            # A policy is heeded a moment longer than it is there.
            self.lab.wait(partial(self._deleted, path), within=20, what=f"{path} to be removed")

    def _deleted(self, path: str) -> bool:
        return self.admin.send("DELETE", path).code in (200, 202, 404)


def path_of(manifest: Mapping[str, Any]) -> str:
    """Where the API server keeps one of the fences."""
    kind, metadata = manifest["kind"], manifest["metadata"]
    plural = kind.lower() + ("es" if kind.endswith("s") else "s")
    plural = plural.replace("policys", "policies")
    version = manifest["apiVersion"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    within = f"/namespaces/{metadata['namespace']}" if metadata.get("namespace") else ""
    return f"{root}{within}/{plural}/{metadata['name']}"


def bindings_in(namespace: str) -> str:
    """Where bindings are made for targets in that namespace, or in none."""
    return BINDINGS % namespace if namespace else WIDE_BINDINGS


def binding_of(name: str, action: str) -> Raw:
    """What gives a lease the role of its action."""
    return {
        "metadata": {"name": name},
        "roleRef": {
            "apiGroup": RBAC,
            "kind": "ClusterRole",
            "name": f"holdfast-action-{action.lower()}",
        },
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": LEASES}],
    }


def left_over(admin: Client) -> Iterator[str]:
    """What of ours the cluster still has, by the label that all of it carries."""
    for path in (
        "/api/v1/namespaces",
        "/api/v1/serviceaccounts",
        "/api/v1/configmaps",
        f"/apis/{RBAC}/v1/clusterroles",
        f"/apis/{RBAC}/v1/clusterrolebindings",
        f"/apis/{RBAC}/v1/roles",
        f"/apis/{RBAC}/v1/rolebindings",
        f"/apis/{GROUP}/v1/validatingadmissionpolicies",
        f"/apis/{GROUP}/v1/validatingadmissionpolicybindings",
    ):
        found = admin.get(path, labelSelector="app.kubernetes.io/part-of=holdfast")
        yield from (f"{path}/{each['metadata']['name']}" for each in found.json()["items"])
