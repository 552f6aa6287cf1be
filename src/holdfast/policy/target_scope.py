"""Layer 2: the action fits its target, and changes nothing of it but what it declares.

- Who is meant is known by uid, and is the object that was read.
- What could not be seen whole is not judged: unknown means no.
- The effect is what the API server computed, not what we believe that we asked for.
- Of what is removed, nothing goes along but what its action declares.
"""

from collections.abc import Iterator

from holdfast.model.asks import Answer, Ask, Refusal, Station
from holdfast.model.documents import beyond
from holdfast.model.names import few
from holdfast.model.objects import Ref
from holdfast.model.paths import written
from holdfast.model.repairs import Kind


def target_scope(ask: Ask) -> Answer:
    """The target is of a kind that this is done to, and as it must be for it."""
    reasons = list(_reasons(ask))
    return Refusal(by="target_scope", because="; ".join(reasons)) if reasons else None


def _reasons(ask: Ask) -> Iterator[str]:
    kind = type(ask.action).kind
    target = kind.fits(ask.target)
    if target is None:
        yield f"{kind.name} is done to no {ask.target.kind} of {ask.target.api_version}"
        return
    if not ask.target.uid or ask.seen.document.ref != ask.target:
        yield "what was read is another object than the one that is meant"
        return
    if bool(ask.target.namespace) is not target.api.namespaced:
        yield "it does not say where it is"
        return
    blind = ask.seen.around.blind(kind.sees, namespace=ask.target.namespace)
    for each in blind:
        yield f"{each.resource} could not be seen whole: {each.why}"
    if not blind:
        yield from ask.action.refuses(ask.seen)
    yield from _beyond(ask)
    if goes := [each for each in ask.seen.along.seen if not _may_go(each, kind)]:
        yield f"what it owns would go with it: {few(map(str, goes))}"


def _may_go(each: Ref, kind: Kind) -> bool:
    declared = (one.api for one in kind.takes)
    return any(each.kind == api.kind and each.api_version in api.versioned for api in declared)


def _beyond(ask: Ask) -> Iterator[str]:
    if ask.effect is None:
        if ask.station is not Station.PROPOSAL:
            yield "no server has computed what it would change"
        return
    for path in beyond(ask.effect, type(ask.action).kind.touches):
        yield f"it would change {written(path)} as well"
