"""Kinds of the storage group."""

from typing import ClassVar

from holdfast.model.objects import Api, KeptMetadata, Object, Part, Time


class StorageClass(Object, frozen=True, kw_only=True):
    """A StorageClass: who provisions volumes, and when they bind."""

    api: ClassVar[Api] = Api(
        group="storage.k8s.io", kind="StorageClass", plural="storageclasses", namespaced=False
    )

    metadata: KeptMetadata = KeptMetadata()
    provisioner: str = ""
    volume_binding_mode: str = "Immediate"
    allow_volume_expansion: bool = False


class AttachmentSource(Part, frozen=True, kw_only=True):
    """The volume that is to be attached."""

    persistent_volume_name: str = ""


class AttachmentSpec(Part, frozen=True, kw_only=True):
    """What is to be attached where, and by whom."""

    attacher: str = ""
    node_name: str = ""
    source: AttachmentSource = AttachmentSource()


class AttachError(Part, frozen=True, kw_only=True):
    """Why it could not be."""

    message: str = ""
    time: Time | None = None


class AttachmentStatus(Part, frozen=True, kw_only=True):
    """What became of it."""

    attached: bool = False
    attach_error: AttachError | None = None
    detach_error: AttachError | None = None


class VolumeAttachment(Object, frozen=True, kw_only=True):
    """A volume on its way to a node."""

    api: ClassVar[Api] = Api(
        group="storage.k8s.io",
        kind="VolumeAttachment",
        plural="volumeattachments",
        namespaced=False,
    )

    spec: AttachmentSpec = AttachmentSpec()
    status: AttachmentStatus = AttachmentStatus()
