"""`holdfast explain CODE`: what a rule looks for, when, from what, and what to do about it."""

from collections.abc import Iterator

from holdfast.facts import named
from holdfast.model.rules import Rule
from holdfast.model.times import in_words


def explain(wanted: str) -> str:
    """The help of one rule, asked for by its code or its name."""
    return "\n".join(_lines(named(wanted)))


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
    yield (
        "blind   when one of the kinds above may not be read, is not served or was not captured, "
        "this rule says unknown, never absent"
    )
