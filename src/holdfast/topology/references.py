"""What a pod, or the template of one, refers to by name; one home for every rule that asks."""

from collections.abc import Iterator

import msgspec

from holdfast.model.kinds import Claim, ConfigMap, Secret, ServiceAccount
from holdfast.model.kinds.pods import Container, PodSpec, Volume
from holdfast.model.objects import Object


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A pod wants an object, or one key of it."""

    kind: type[Object]
    name: str
    key: str = ""  # empty: the object is enough
    optional: bool = False
    container: str = ""  # empty: the pod itself
    read: str


def references(spec: PodSpec) -> Iterator[Reference]:
    """Everything that a pod of that spec refers to, in the order of the spec."""
    for container in (*spec.init_containers, *spec.containers):
        yield from of_container(container)
    for volume in spec.volumes:
        yield from _of_volume(volume)
    for named in spec.image_pull_secrets:
        # The kubelet starts containers without it when the image can be pulled all the same.
        yield Reference(kind=Secret, name=named.name, optional=True, read="spec.imagePullSecrets")
    if spec.service_account_name:
        yield Reference(
            kind=ServiceAccount, name=spec.service_account_name, read="spec.serviceAccountName"
        )


def of_container(container: Container) -> Iterator[Reference]:
    """What its variables come from."""
    for variable in container.env:
        source = variable.value_from
        if source is None:
            continue
        for kind, wanted in (
            (ConfigMap, source.config_map_key_ref),
            (Secret, source.secret_key_ref),
        ):
            if wanted is not None:
                yield Reference(
                    kind=kind,
                    name=wanted.name,
                    key=wanted.key,
                    optional=wanted.optional,
                    container=container.name,
                    read=f"env {variable.name}",
                )
    for several in container.env_from:
        for kind, whole in ((ConfigMap, several.config_map_ref), (Secret, several.secret_ref)):
            if whole is not None:
                yield Reference(
                    kind=kind,
                    name=whole.name,
                    optional=whole.optional,
                    container=container.name,
                    read="envFrom",
                )


def _of_volume(volume: Volume) -> Iterator[Reference]:
    read = f"volume {volume.name}"
    if volume.persistent_volume_claim is not None:
        yield Reference(kind=Claim, name=volume.persistent_volume_claim.claim_name, read=read)
    if volume.config_map is not None:
        source = volume.config_map
        keys = [item.key for item in source.items]
        yield from _keys(ConfigMap, source.name, keys, optional=source.optional, read=read)
    if volume.secret is not None:
        secret = volume.secret
        keys = [item.key for item in secret.items]
        yield from _keys(Secret, secret.secret_name, keys, optional=secret.optional, read=read)
    for piece in volume.projected.sources if volume.projected else ():
        for kind, part in ((ConfigMap, piece.config_map), (Secret, piece.secret)):
            if part is not None:
                keys = [item.key for item in part.items]
                yield from _keys(kind, part.name, keys, optional=part.optional, read=read)


def _keys(
    kind: type[Object], name: str, keys: list[str], *, optional: bool, read: str
) -> Iterator[Reference]:
    for key in keys or [""]:
        yield Reference(kind=kind, name=name, key=key, optional=optional, read=read)
