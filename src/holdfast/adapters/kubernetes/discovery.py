"""Where a kind is served: which of the versions that we can read, asked for once per group."""

from urllib.parse import quote

import msgspec

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.asking import Asker
from holdfast.adapters.kubernetes.transport import Answer, Question
from holdfast.errors import BadInput
from holdfast.model.objects import Api
from holdfast.model.snapshot import State
from holdfast.ports import Unseen


class _Version(msgspec.Struct, frozen=True, kw_only=True):
    version: str = ""


class _Group(msgspec.Struct, frozen=True, kw_only=True):
    versions: list[_Version] | None = None


class _Resource(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    kind: str = ""
    namespaced: bool = False


class _Resources(msgspec.Struct, frozen=True, kw_only=True):
    resources: list[_Resource] | None = None


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

    async def find(self, resource: str) -> Api | Unseen:
        """Where a kind is served, in the version that the server prefers."""
        plural, _, group = resource.partition(".")
        answer = await self._asker.ask(Question(path=f"/apis/{part(group)}"))
        if answer.status != 200:
            return self._unseen(resource, answer)
        for version in _in_order(answer.body):
            answer = await self._asker.ask(Question(path=f"/apis/{part(group)}/{part(version)}"))
            if answer.status != 200:
                return self._unseen(resource, answer)
            for each in _listed(answer.body):
                if each.name == plural:
                    return Api(
                        group=group,
                        versions=(version,),
                        kind=each.kind,
                        plural=plural,
                        namespaced=each.namespaced,
                    )
        return Unseen(state=State.ABSENT, why=f"the API server does not serve {resource}")

    def _unseen(self, resource: str, answer: Answer) -> Unseen:
        if answer.status == 404:
            return Unseen(state=State.ABSENT, why=f"the API server does not serve {resource}")
        if answer.status == 403:
            return Unseen(state=State.FORBIDDEN, why=self._asker.forbidden(answer))
        raise self._asker.refused(answer, f"where {resource} is served")

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
    within = f"/namespaces/{part(namespace)}" if api.namespaced and namespace else ""
    return f"{base}{within}/{api.plural}"


def path_of(api: Api, version: str, namespace: str, name: str) -> str:
    """Where one object is found."""
    return f"{path(api, version, namespace)}/{part(name)}"


def part(written: str) -> str:
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


def _in_order(body: bytes) -> tuple[str, ...]:
    """The versions of a group, the one that the server prefers first."""
    try:
        group = msgspec.json.decode(body, type=_Group)
    except decode.UNREADABLE:
        return ()
    return tuple(each.version for each in group.versions or () if each.version)


def _listed(body: bytes) -> list[_Resource]:
    try:
        return msgspec.json.decode(body, type=_Resources).resources or []
    except decode.UNREADABLE:
        return []
