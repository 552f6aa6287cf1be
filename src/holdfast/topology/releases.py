"""Helm releases as the labels of Helm's own Secrets tell of them; what is inside is never read."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from holdfast.model.kinds import Secret
from holdfast.model.snapshot import Snapshot


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version of a release."""

    secret: Secret
    name: str
    version: int
    status: str

    @property
    def written(self) -> datetime:
        """When Helm last wrote its state; its creation, if it was never written again."""
        stamp = self.secret.metadata.labels.get("modifiedAt", "")
        seconds = _number(stamp)
        if seconds is None:
            return self.secret.born
        return max(self.secret.born, datetime.fromtimestamp(seconds, UTC))

    @property
    def seen(self) -> dict[str, str]:
        """What its labels say."""
        return {"name": self.name, "version": str(self.version), "status": self.status}


def newest_releases(cluster: Snapshot) -> Sequence[Release]:
    """The newest version of each release; nothing where Secrets were not seen whole, for what was
    not seen may be newer.
    """
    cluster.capture(Secret)
    return cluster.narrowed((Secret,)).once(_newest)


def _newest(cluster: Snapshot) -> Sequence[Release]:
    if not cluster.sees(Secret):
        return ()
    newest: dict[tuple[str, str], Release] = {}
    for release in _releases(cluster):
        key = (release.secret.metadata.namespace, release.name)
        before = newest.get(key)
        if before is None or before.version < release.version:
            newest[key] = release
    return tuple(newest.values())


def _releases(cluster: Snapshot) -> Iterator[Release]:
    for secret in cluster.all(Secret):
        labels: Mapping[str, str] = secret.metadata.labels
        if labels.get("owner") != "helm" or secret.leaving:
            continue
        name, version = labels.get("name", ""), _number(labels.get("version", ""))
        if name and version is not None and secret.metadata.name.startswith("sh.helm.release."):
            yield Release(
                secret=secret, name=name, version=version, status=labels.get("status", "")
            )


def _number(written: str) -> int | None:
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 11 else None
