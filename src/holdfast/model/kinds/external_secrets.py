"""Kinds of the External Secrets operator: Secrets that are kept elsewhere."""

from typing import ClassVar

from holdfast.model.kinds.conditioned import Conditioned
from holdfast.model.objects import Api, Part

GROUP = "external-secrets.io"
VERSIONS = ("v1", "v1beta1")


class StoreRef(Part, frozen=True, kw_only=True):
    """Where a Secret is kept; a SecretStore of the same namespace, unless it says otherwise."""

    name: str = ""
    kind: str = ""


class SecretTarget(Part, frozen=True, kw_only=True):
    """The Secret that is made of it."""

    name: str = ""


class ExternalSecretSpec(Part, frozen=True, kw_only=True):
    """What was asked of an ExternalSecret."""

    secret_store_ref: StoreRef = StoreRef()
    target: SecretTarget = SecretTarget()


class ExternalSecret(Conditioned, frozen=True, kw_only=True):
    """A Secret that is kept elsewhere, and copied."""

    api: ClassVar[Api] = Api(
        group=GROUP, versions=VERSIONS, kind="ExternalSecret", plural="externalsecrets"
    )

    spec: ExternalSecretSpec = ExternalSecretSpec()

    @property
    def makes(self) -> str:
        """The name of the Secret that it makes."""
        return self.spec.target.name or self.metadata.name


class SecretStore(Conditioned, frozen=True, kw_only=True):
    """Where Secrets of one namespace are kept."""

    api: ClassVar[Api] = Api(
        group=GROUP, versions=VERSIONS, kind="SecretStore", plural="secretstores"
    )


class ClusterSecretStore(Conditioned, frozen=True, kw_only=True):
    """Where Secrets of every namespace are kept."""

    api: ClassVar[Api] = Api(
        group=GROUP,
        versions=VERSIONS,
        kind="ClusterSecretStore",
        plural="clustersecretstores",
        namespaced=False,
    )
