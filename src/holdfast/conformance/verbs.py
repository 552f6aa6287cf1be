"""Whoever has a lease tries every verb on everything that the cluster serves, but its own act."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from holdfast.conformance.acts import Act, dry
from holdfast.conformance.discovered import Sort
from holdfast.conformance.ground import Ground, Refused
from holdfast.conformance.specimens import Specimens
from holdfast.ports.probing import Door, Try


async def other_verbs(
    act: Act, lease: Door, specimens: Specimens, known: Sequence[Sort], number: int
) -> AsyncIterator[tuple[str, Refused]]:
    """So many of them, by chance, or all: the claim, and what came of it."""
    places = [*_places(act, specimens.ground, known)]
    for each in specimens.ground.dice.sample(places, min(number, len(places))):
        if each.name:
            asked = await specimens.about(each.sort, each.namespace, each.name)
        else:
            asked = await specimens.of(each.sort, each.namespace)
        said = await lease.ask(dry(asked.request))
        yield each.claim, Refused.of(asked.request, said, asked.theirs)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a verb is tried: on another object there, or on the lease's own."""

    claim: str
    sort: Sort
    namespace: str
    name: str = ""


def _places(act: Act, ground: Ground, known: Sequence[Sort]) -> Iterator[_Place]:
    here = act.namespace or ground.here
    every, _, name = act.whole.rpartition("/")
    for sort in known:
        if sort.namespaced:
            yield _Place(claim="other verbs here", sort=sort, namespace=here)
            far = "other verbs in another namespace"
            yield _Place(claim=far, sort=sort, namespace=ground.elsewhere)
        else:
            yield _Place(claim="other verbs in no namespace", sort=sort, namespace="")
        own = sort.method, sort.path(act.namespace, name)
        if sort.every(act.namespace) == every and not sort.of_many and own != _asked(act.request):
            claim = "other verbs on its own object"
            yield _Place(claim=claim, sort=sort, namespace=act.namespace, name=name)


def _asked(request: Try) -> tuple[str, str]:
    return request.method, request.path
