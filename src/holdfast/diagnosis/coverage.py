"""How far a scan could see, made from the rules' declarations and what was captured."""

from collections.abc import Iterable

from holdfast.diagnosis.quiet import misnamed
from holdfast.facts import kinds_read
from holdfast.model.coverage import Coverage, KindRead, Off, Unjudged, UnreadObject, Want
from holdfast.model.kinds import KINDS, Definition
from holdfast.model.rules import Rule
from holdfast.model.snapshot import Snapshot, State

SEEN = (State.CAPTURED, State.PARTIAL)


def coverage(snapshot: Snapshot, rules: Iterable[Rule], off: Iterable[Off] = ()) -> Coverage:
    """What those rules could see of a snapshot."""
    rules = tuple(rules)
    kinds = kinds_read(rules)
    captures = [snapshot.capture(kind) for kind in kinds]
    return Coverage(
        read=tuple(
            KindRead(resource=c.kind.api.resource, count=len(c.objects), state=c.state)
            for c in captures
            if c.state in SEEN or c.objects
        ),
        blind=snapshot.blind(kinds),
        unreadable=tuple(
            UnreadObject(
                kind=c.kind.api.kind, namespace=each.namespace, name=each.name, why=each.why
            )
            for c in captures
            for each in c.unreadable
        ),
        unjudged=tuple(each for rule in rules if (each := _unjudged(snapshot, rule)) is not None),
        off=tuple(off),
        not_asked=_not_asked(snapshot),
        misnamed=tuple(misnamed(snapshot)),
    )


def _not_asked(snapshot: Snapshot) -> tuple[str, ...]:
    """Custom kinds that the cluster defines, and that were neither known nor named."""
    asked = {kind.api.resource for kind in KINDS}
    asked |= {capture.kind.api.resource for capture in snapshot.captures()}
    return tuple(sorted({each.resource for each in snapshot.all(Definition)} - asked))


def _unjudged(snapshot: Snapshot, rule: Rule) -> Unjudged | None:
    """What a rule could not judge; kinds that only give it hints keep it from nothing."""
    captures = [snapshot.capture(kind) for kind in rule.reads]
    wants = tuple(
        Want(resource=c.kind.api.resource, state=State.PARTIAL if c.unreadable else c.state)
        for c in captures
        if not c.whole
    )
    if not wants:
        return None
    nothing = not any(c.state in SEEN or c.objects for c in captures)
    return Unjudged(code=rule.code, name=rule.name, wants=wants, saw_nothing=nothing)
