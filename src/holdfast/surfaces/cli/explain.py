"""`holdfast explain CODE`: what a rule looks for, when, from what, what to do, what it misses."""

from collections.abc import Callable, Iterator

from holdfast.facts import named
from holdfast.model.kinds import Event
from holdfast.model.objects import Api
from holdfast.model.rules import Rule
from holdfast.model.times import in_words


def explain(wanted: str) -> str:
    """The help of one rule, asked for by its code or its name."""
    return "\n".join(_lines(named(wanted)))


def limits(rule: Rule) -> Iterator[str]:
    """What a rule does not see, as far as its declaration tells."""
    if rule.grace:
        yield f"what has been so for less than {in_words(rule.grace)}: that is shown with --young"
    if Event in rule.reads:
        yield "what only events tell that the API server has dropped, after an hour by default"
    if kept := _names(rule, lambda kind: kind.metadata_only):
        yield f"values in {kept}: of those, metadata is read, which names their keys"
    if secret := _names(rule, lambda kind: kind.sensitive):
        yield f"{secret}, under the generated role, which never grants them"
    if wide := _names(rule, lambda kind: not kind.namespaced):
        yield f"{wide}, under a role of one namespace, which cannot grant them"
    if rule.reads_named:
        yield "other custom kinds than those above, until somebody names them with --kind"


def _names(rule: Rule, wanted: Callable[[Api], bool]) -> str:
    return ", ".join(kind.api.resource for kind in rule.sight if wanted(kind.api))


def _lines(rule: Rule) -> Iterator[str]:
    yield f"{rule.code}  {rule.name}  ({rule.channel.value}, {rule.severity.word})"
    yield ""
    yield rule.help
    yield ""
    yield f"grace   {in_words(rule.grace)}: what is younger is not shown"
    yield f"reads   {', '.join(kind.api.resource for kind in rule.reads)}"
    if rule.hints:
        yield f"hints   {', '.join(kind.api.resource for kind in rule.hints)}: for its words alone"
    yield f"next    {rule.next_step}"
    if rule.bearing.follows:
        along = ", ".join(relation.value for relation in rule.bearing.follows)
        yield f"follows what is found beneath it (along: {along}): then that is the cause, not this"
    yield "folded  a trouble is as severe as the worst of its findings: a symptom can raise it"
    for number, limit in enumerate(limits(rule)):
        yield f"{'misses' if number == 0 else '':8}{limit}"
    yield (
        "blind   when one of the kinds that it reads may not be read, is not served or was not "
        "captured, this rule says unknown, never absent"
    )
