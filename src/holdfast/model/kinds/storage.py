"""Kinds of the storage group."""

from typing import ClassVar

from holdfast.model.objects import Api, Object


class StorageClass(Object, frozen=True, kw_only=True):
    """A StorageClass: who provisions volumes, and when they bind."""

    api: ClassVar[Api] = Api(
        group="storage.k8s.io", kind="StorageClass", plural="storageclasses", namespaced=False
    )

    provisioner: str = ""
    volume_binding_mode: str = "Immediate"
