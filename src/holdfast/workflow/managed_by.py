"""Who keeps a target as it is written elsewhere: its own marks, and those of what owns it."""

import asyncio
from collections.abc import Sequence

from holdfast.model.asks import Managed, Refusal
from holdfast.model.canonical import Plain
from holdfast.model.documents import Document
from holdfast.model.keepers import keepers
from holdfast.model.kinds import KINDS, Application
from holdfast.model.objects import Ref
from holdfast.model.paths import found_at
from holdfast.model.snapshot import State
from holdfast.ports import Cluster, Hands
from holdfast.workflow.look import listed
from holdfast.workflow.sighting import read

HIGHEST = 8  # owners above one object: nobody builds more, but for a circle


async def keepers_of(
    cluster: Cluster, hands: Hands, target: Document
) -> tuple[Managed, ...] | None:
    """Who keeps it; None where an owner cannot be seen, so that nobody can tell.

    Raises `CouldNotLook` where nobody answers.
    """
    chain, applications = await asyncio.gather(chain_of(hands, target), _applications(cluster))
    return None if chain is None else keepers(chain, applications)


async def chain_of(hands: Hands, target: Document) -> Sequence[Document] | None:
    """It, and what owns it, as far up as there is anybody; None where one cannot be seen.

    Raises `CouldNotLook` where nobody answers.
    """
    chain, seen, front = [target], {target.ref.uid}, [*_owners(target)]
    for _ in range(HIGHEST):
        above = [owner for owner in front if owner.uid not in seen]
        if not above:
            return chain
        seen |= {owner.uid for owner in above}
        front = []
        for owner in above:
            document = await read(hands, owner)
            if isinstance(document, Refusal):
                return None
            chain.append(document)
            front += _owners(document)
    return None


def _owners(document: Document) -> Sequence[Ref]:
    references = document.at("metadata", "ownerReferences")
    listing = references if isinstance(references, list | tuple) else ()
    return [_owner(each, document.ref.namespace) for each in listing]


def _owner(reference: Plain, namespace: str) -> Ref:
    """Whom a reference names; what is no text in it names nobody that could be read."""
    told = (found_at(reference, (name,)) for name in ("apiVersion", "kind", "name", "uid"))
    api_version, kind, name, uid = (each if isinstance(each, str) else "" for each in told)
    inside = (api_version, kind) not in _OUTSIDE
    return Ref(
        api_version=api_version,
        kind=kind,
        namespace=namespace if inside else "",
        name=name,
        uid=uid,
    )


async def _applications(cluster: Cluster) -> frozenset[str] | None:
    """The names of Argo CD's Applications; None where they may not be seen."""
    there = await listed(cluster, Application, None)
    if there.state is State.ABSENT:
        return frozenset()
    return frozenset(each.metadata.name for each in there.objects) if there.whole else None


_OUTSIDE = frozenset(
    (version, kind.api.kind)
    for kind in KINDS
    if not kind.api.namespaced
    for version in kind.api.versioned
)
"""The kinds that lie in no namespace, by every version that we can read."""
