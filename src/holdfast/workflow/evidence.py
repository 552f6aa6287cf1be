"""Whether what is to be answered is found now, on this target or on what the target stands for.

Who asks for a repair names a fact. It is looked for again, by its own rule, on a fresh look: a
repair of what is not broken is no repair. That nobody can tell is told apart from that it is gone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from holdfast.diagnosis.repairs import directly, named, targets
from holdfast.errors import BadInput
from holdfast.facts import named as rule_named
from holdfast.model.asks import Refusal
from holdfast.model.objects import Object, Ref
from holdfast.model.repairs import Action, Kind
from holdfast.model.rules import Found, Rule
from holdfast.model.snapshot import Snapshot
from holdfast.topology import blast as blasts
from holdfast.topology import dependants
from holdfast.topology.blast import Blast
from holdfast.topology.edges import topology
from holdfast.topology.graph import Topology, place

BY = "evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for it, and who may notice."""

    found: Found
    certain: bool  # found on the target, or on what the target made
    blast: Blast


def looked_for(code: str, action: Action, target: Ref) -> tuple[type[Object], ...] | Refusal:
    """The kinds that must be seen to find that out, with all that the action sees; a refusal where
    it could never be found.
    """
    kind = type(action).kind
    if code not in kind.answers:
        return Refusal(by=BY, because=f"{kind.name} answers no {code[:20]}")
    of = kind.fits(target)
    try:
        rule = rule_named(code)
    except BadInput as unknown:
        return Refusal(by=BY, because=unknown.wrong)
    if of is None or rule.code != code:  # a rule is known by its name as well, and in any case
        return Refusal(by=BY, because=f"{code[:20]} is no code of a fact of a {target.kind}")
    return (*linking(rule, kind, of), *dependants.looked_for(kind))


def noticing(kind: Kind) -> tuple[type[Object], ...]:
    """The kinds that must be seen to tell who may notice, with all that the action sees."""
    return (*kind.sees, *blasts.SEEN, *dependants.looked_for(kind))


def linking(rule: Rule, kind: Kind, of: type[Object]) -> tuple[type[Object], ...]:
    """The kinds among which it is found, and by which it is told on which target: of that kind."""
    return (of, *kind.sees, *rule.sight, *blasts.SEEN)


def answering(kind: Kind, around: Snapshot, graph: Topology) -> Callable[[Found], Sequence[Ref]]:
    """What tells the targets on which an action of that kind would answer what was found there."""
    refs = named(around)
    return lambda found: targets(found.about, found.through, kind, graph, refs)


def evidence(around: Snapshot, code: str, action: Action, target: Ref) -> Evidence | Refusal:
    """What is found of that code for that target, where everything that is looked for was seen."""
    graph = topology(around)
    answered_on = answering(type(action).kind, around, graph)
    for found in rule_named(code)(around):
        if target in answered_on(found):
            return Evidence(
                found=found,
                certain=directly(found.about, target, graph),
                blast=blasts.blast(around, graph, place(target)),
            )
    return Refusal(by=BY, because=_not_found(around, code, target))


def _not_found(around: Snapshot, code: str, target: Ref) -> str:
    blind = around.blind(rule_named(code).reads, namespace=target.namespace)
    if not blind:
        return f"{code} is not found for {target} now"
    unseen = ", ".join(each.resource for each in blind)
    return f"nobody can tell whether {code} is so: {unseen} could not be seen whole"
