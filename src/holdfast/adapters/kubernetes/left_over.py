"""What of leases stands on the cluster: accounts, bindings and values, each listed by itself.

Somebody may have died between any two requests, so none of the three is inferred from another.
"""

from collections.abc import Iterator, Sequence

import msgspec

from holdfast.adapters.kubernetes import decode
from holdfast.adapters.kubernetes.asking import Asker
from holdfast.adapters.kubernetes.lease_requests import RBAC, Marks, accounts, values_path
from holdfast.adapters.kubernetes.transport import Answer, Question
from holdfast.errors import Unanswered
from holdfast.model.leases import Left

_BINDINGS = (f"/apis/{RBAC}/v1/rolebindings", f"/apis/{RBAC}/v1/clusterrolebindings")
_PAGE = "500"
_MOST_PAGES = 10_000  # a server that never ends a list is no server


class _Metadata(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    namespace: str = ""


class _RoleRef(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""


class _Subject(msgspec.Struct, frozen=True, kw_only=True):
    kind: str = ""
    name: str = ""
    namespace: str = ""


class Listed(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """No more of an object than who it is, and what it binds to whom."""

    metadata: _Metadata
    role_ref: _RoleRef = _RoleRef()
    subjects: list[_Subject] | None = None


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Listed] | None
    metadata: decode.ListMeta = decode.ListMeta()


class _Values(msgspec.Struct, frozen=True, kw_only=True):
    data: dict[str, str] | None = None


async def left_of(asker: Asker, marks: Marks) -> Sequence[Left]:
    """All of it; an account that is bound is told by its bindings alone."""
    made = [each.metadata.name for each in await listed(asker, accounts(marks.namespace))]
    valued = await _valued(asker, marks)
    found = [each for where in _BINDINGS for each in await listed(asker, where)]
    bound = [*_bound(found, marks)]
    alone = {*filter(marks.is_lease, made), *valued} - {each.account for each in bound}
    return sorted([*bound, *(Left(account=each, namespace="") for each in alone)])


def _bound(found: Sequence[Listed], marks: Marks) -> Iterator[Left]:
    for each in found:
        if each.role_ref.name in marks.roles:
            yield Left(account=each.metadata.name, namespace=each.metadata.namespace)


async def listed(asker: Asker, path: str, **parameters: str) -> Sequence[Listed]:
    """Every object of a list, page by page."""
    found: list[Listed] = []
    more = ""
    for _ in range(_MOST_PAGES):
        asked = {"limit": _PAGE, **parameters, **({"continue": more} if more else {})}
        answer = await asker.ask(Question(path=path, parameters=asked))
        if answer.status != 200:
            raise asker.refused(answer, path)
        page = _read(answer, _Page)
        found += page.items or ()
        more = page.metadata.continue_ or ""
        if not more:
            return found
    raise Unanswered(f"The list {path} never ends.", remedy="Read the API server's log.")


async def _valued(asker: Asker, marks: Marks) -> Sequence[str]:
    answer = await asker.ask(Question(path=values_path(marks)))
    if answer.status == 404:
        return ()
    if answer.status != 200:
        raise asker.refused(answer, "the values of leases")
    return [*(_read(answer, _Values).data or ())]


def _read[T](answer: Answer, form: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.body, type=form)
    except decode.UNREADABLE as odd:
        raise Unanswered(
            f"The API server answered with something of another form ({odd}).",
            remedy="Check that the address is an API server's and not a login page or a proxy's.",
        ) from None
