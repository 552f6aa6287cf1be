"""Whether what a pod mounts and reads from ConfigMaps and Secrets is really there.

Messages of Kubernetes 1.36: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables), the volume
plug-ins configmap, secret and projected, and the API server's "not found".
"""

from collections.abc import Callable, Iterator

from lab.kubelet.shapes import (
    ConfigMapSource,
    Container,
    KeyRef,
    Pod,
    SecretSource,
    Volume,
)

CONFIG_MAP, SECRET = "ConfigMap", "Secret"
# (kind, name) in the pod's namespace: the keys of the object, or None if there is no such object.
Keys = Callable[[str, str], frozenset[str] | None]


class MissingError(Exception):
    """A reference that leads nowhere, in a kubelet's words."""


def environment(pod: Pod, container: Container, keys: Keys) -> frozenset[str]:
    """The names of the variables that the container will have, or MissingError."""
    names: set[str] = set()
    for source in container.env_from:
        for kind, ref in ((CONFIG_MAP, source.config_map_ref), (SECRET, source.secret_ref)):
            if ref is not None:
                names |= {source.prefix + key for key in _whole(kind, ref, keys)}
    for variable in container.env:
        origin = variable.value_from
        if origin is None:
            if variable.value:
                names.add(variable.name)
            continue
        for kind, ref in (
            (CONFIG_MAP, origin.config_map_key_ref),
            (SECRET, origin.secret_key_ref),
        ):
            if ref is not None and not _has_key(kind, ref, pod.metadata.namespace, keys):
                break
        else:
            names.add(variable.name)
    return frozenset(names)


def unmountable(pod: Pod, keys: Keys) -> str | None:
    """The event's message for the first volume that cannot be set up."""
    for volume in pod.spec.volumes:
        for kind, name, items, optional in _mounted(volume):
            try:
                _check_items(kind, name, items, optional, keys)
            except MissingError as missing:
                return f'MountVolume.SetUp failed for volume "{volume.name}" : {missing}'
    return None


def needs_nothing(pod: Pod) -> bool:
    """No reference at all: nothing has to be looked up."""
    containers = (*pod.spec.init_containers, *pod.spec.containers)
    return not any(True for volume in pod.spec.volumes for _ in _mounted(volume)) and not any(
        container.env_from or any(each.value_from for each in container.env)
        for container in containers
    )


def _whole(kind: str, ref: KeyRef, keys: Keys) -> frozenset[str]:
    found = keys(kind, ref.name)
    if found is None and not ref.optional:
        raise MissingError(f'{kind.lower()} "{ref.name}" not found')
    return found or frozenset()


def _has_key(kind: str, ref: KeyRef, namespace: str, keys: Keys) -> bool:
    found = _whole(kind, ref, keys)
    if ref.key in found:
        return True
    if ref.optional:
        return False
    raise MissingError(f"couldn't find key {ref.key} in {kind} {namespace}/{ref.name}")


def _mounted(volume: Volume) -> Iterator[tuple[str, str, tuple[str, ...], bool]]:
    if volume.name.startswith("kube-api-access-"):
        return  # every pod's token and CA, which the controllers see to
    sources: list[ConfigMapSource | SecretSource | None] = [volume.config_map, volume.secret]
    if volume.projected is not None:
        for part in volume.projected.sources:
            sources += [part.config_map, part.secret]
    for source in sources:
        match source:
            case ConfigMapSource():
                yield CONFIG_MAP, source.name, _items(source), source.optional
            case SecretSource():
                yield SECRET, source.secret_name or source.name, _items(source), source.optional


def _items(source: ConfigMapSource | SecretSource) -> tuple[str, ...]:
    return tuple(item.key for item in source.items)


def _check_items(kind: str, name: str, items: tuple[str, ...], optional: bool, keys: Keys) -> None:
    found = _whole(kind, KeyRef(name=name, optional=optional), keys)
    for key in items:
        if key not in found and not optional:
            if kind == CONFIG_MAP:
                raise MissingError(f"configmap references non-existent config key: {key}")
            raise MissingError(f"references non-existent secret key: {key}")
