"""Where a kind is served: which of the versions that we can read, asked for once per group."""

from urllib.parse import quote

import msgspec

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.asking import Asker
from holdfast.adapters.kubernetes.transport import Question
from holdfast.errors import BadInput
from holdfast.model.objects import Api


class _Version(msgspec.Struct, frozen=True, kw_only=True):
    version: str = ""


class _Group(msgspec.Struct, frozen=True, kw_only=True):
    versions: list[_Version] | None = None


class Discovery:
    """What one API server serves, as far as it was asked."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._versions: dict[str, frozenset[str] | None] = {}
        self._chosen: dict[Api, str] = {}

    async def versions(self, api: Api) -> tuple[str, ...]:
        """The versions worth asking for, ours that are served, best first.

        With one version there is nothing to choose. A server that hides its discovery from us is
        asked for each in turn.
        """
        if api in self._chosen:
            return (self._chosen[api],)
        if len(api.versions) == 1:
            return api.versions
        served = await self._served(api.group)
        if served is None:
            return api.versions
        return tuple(version for version in api.versions if version in served) or api.versions[:1]

    def choose(self, api: Api, version: str) -> None:
        """That version answered; it is the one from now on."""
        self._chosen[api] = version

    async def _served(self, group: str) -> frozenset[str] | None:
        if group not in self._versions:
            answer = await self._asker.ask(Question(path=f"/apis/{group}"))
            served: frozenset[str] | None = None
            if answer.status == 200:
                served = _parse(answer.body)
            elif answer.status == 404:
                served = frozenset()
            self._versions[group] = served
        return self._versions[group]


def path(api: Api, version: str, namespace: str | None) -> str:
    """Where a kind's objects are found."""
    base = f"/apis/{api.group}/{version}" if api.group else f"/api/{version}"
    within = f"/namespaces/{_part(namespace)}" if api.namespaced and namespace else ""
    return f"{base}{within}/{api.plural}"


def path_of(api: Api, version: str, namespace: str, name: str) -> str:
    """Where one object is found."""
    return f"{path(api, version, namespace)}/{_part(name)}"


def _part(written: str) -> str:
    """A name that people typed, as one segment of a path; what would leave it is refused."""
    if not written.strip("."):
        raise BadInput(f"{written!r} is not a name.", remedy="Name one object or one namespace.")
    return quote(written, safe="")


def _parse(body: bytes) -> frozenset[str] | None:
    try:
        group = msgspec.json.decode(body, type=_Group)
    except decode.UNREADABLE:
        return None
    return frozenset(each.version for each in group.versions or ())
