"""`holdfast explain CODE`: what a rule looks for, when, from what, and what to do about it."""

import difflib
from collections.abc import Iterator

from holdfast.errors import BadInput
from holdfast.facts import CATALOGUE
from holdfast.model.rules import Rule
from holdfast.model.times import in_words


def explain(wanted: str) -> str:
    """The help of one rule, asked for by its code or its name."""
    return "\n".join(_lines(_rule(wanted)))


def _rule(wanted: str) -> Rule:
    for rule in CATALOGUE:
        if wanted.upper() == rule.code or wanted.lower() == rule.name:
            return rule
    known = [word for rule in CATALOGUE for word in (rule.code, rule.name)]
    near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
    remedy = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(known[::2])}."
    raise BadInput(f"There is no rule {wanted!r}.", remedy=remedy)


def _lines(rule: Rule) -> Iterator[str]:
    yield f"{rule.code}  {rule.name}  ({rule.channel.value}, {rule.severity.word})"
    yield ""
    yield rule.help
    yield ""
    yield f"grace   {in_words(rule.grace)}: what is younger is not shown"
    yield f"reads   {', '.join(kind.api.resource for kind in rule.reads)}"
    yield f"next    {rule.next_step}"
    yield (
        "blind   when one of the kinds above may not be read, is not served or was not captured, "
        "this rule says unknown, never absent"
    )
