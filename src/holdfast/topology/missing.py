"""Which Secret, ConfigMap or key the kubelet misses, in its own words; and what is nearly that."""

import re

import msgspec

from holdfast.model.kinds import ConfigMap, Secret, ServiceAccount
from holdfast.model.kinds.pods import Volume
from holdfast.model.names import nearly as nearly_named
from holdfast.model.objects import Ref
from holdfast.model.snapshot import Snapshot

type Holder = type[ConfigMap] | type[Secret] | type[ServiceAccount]

_OBJECT = re.compile(r'(?:^|[: ])(configmap|secret) "([^"]{1,253})" not found')
_KEY = re.compile(
    r"couldn't find key ([-._a-zA-Z0-9]{1,253}) in (ConfigMap|Secret) [^/ ]{1,63}/(\S+)"
)
_VOLUME_KEY = re.compile(r"references non-existent (config|secret) key: ([-._a-zA-Z0-9]{1,253})")
_LONGEST = 8192
_COMPARED = 500  # names to look for a near one among; no typing error needs more


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """An object that is not there, or a key that it does not have."""

    kind: Holder
    name: str  # empty: the message does not say of which object
    key: str = ""

    def ref(self, namespace: str) -> Ref | None:
        """The object in that namespace, if it is said which one."""
        return self.kind.at(namespace, self.name) if self.name else None

    def __str__(self) -> str:
        kind = self.kind.api.kind
        return f"key {self.key} of {kind} {self.name}" if self.key else f"{kind} {self.name}"


def missing_object(message: str) -> Missing | None:
    """What a container's or a mount's error says is missing; None for any other error."""
    text = message[:_LONGEST]
    if found := _OBJECT.search(text):
        return Missing(kind=_kind(found[1]), name=found[2])
    if found := _KEY.search(text):
        return Missing(kind=_kind(found[2]), name=found[3].rstrip(".,"), key=found[1])
    if found := _VOLUME_KEY.search(text):
        return Missing(kind=_kind(found[1]), name="", key=found[2])
    return None


def of_volume(missing: Missing, volume: Volume | None) -> Missing:
    """The kubelet names a key that is missing, and its volume names the object."""
    if missing.name or volume is None:
        return missing
    if missing.kind is ConfigMap and volume.config_map is not None:
        return Missing(kind=ConfigMap, name=volume.config_map.name, key=missing.key)
    if missing.kind is Secret and volume.secret is not None:
        return Missing(kind=Secret, name=volume.secret.secret_name, key=missing.key)
    for piece in volume.projected.sources if volume.projected else ():
        source = piece.config_map if missing.kind is ConfigMap else piece.secret
        if source is not None and any(item.key == missing.key for item in source.items):
            return Missing(kind=missing.kind, name=source.name, key=missing.key)
    return missing


def nearly(cluster: Snapshot, namespace: str, missing: Missing) -> str:
    """A key or object that is there and whose name is nearly that; empty when none was seen."""
    if missing.key:
        holder = cluster.find(missing.kind, namespace, missing.name)
        keys = holder.metadata.keys if holder is not None else None
        near = nearly_named(missing.key, sorted(keys or ())[:_COMPARED])
    else:
        there = cluster.within(missing.kind, namespace)[:_COMPARED]
        near = nearly_named(missing.name, sorted(o.metadata.name for o in there))
    return near[0] if near else ""


def _kind(word: str) -> Holder:
    return Secret if word.lower() == "secret" else ConfigMap
