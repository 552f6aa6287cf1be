"""What is allowed in a leash, and hardly meant."""

import json
from collections.abc import Collection, Iterator, Sequence

from holdfast.grants.operator_schema import CLOSED
from holdfast.model.names import one_of
from holdfast.model.operator import Compared, Named, Said
from holdfast.model.people import Person
from holdfast.model.repairs import ActionClass
from holdfast.model.times import in_words
from holdfast.ports import Standing

_POLICY = "policy.cedar"


def odd(standing: Standing) -> Iterator[str]:
    """Each in a sentence."""
    people = standing.people.people
    if not people:
        yield "people.yaml names nobody: nothing can be approved"
    for person in people:
        if not any(person.identities.told()):
            yield f"{person.id} has no identity: nobody can be known as {person.id}"
    for of_class in ActionClass:
        if people:
            yield from _who_may(standing, of_class)
        yield from _apart(standing, of_class)
    yield from _of_policy(standing)


def _who_may(standing: Standing, of_class: ActionClass) -> Iterator[str]:
    rules, people = standing.rules, standing.people.people
    wanted = rules.approvers.get(of_class)
    may = [each for each in people if wanted is None or wanted & {*each.groups}]
    can = [each for each in may if _can(each, signed=of_class in rules.signed)]
    if not may:
        yield f"nobody is in a group that may approve {of_class.value}"
    elif not can:
        yield f"{of_class.value} wants a signature, and nobody who may approve it has a key"
    elif len(can) == 1 and _wants_two(standing, of_class):
        yield (
            f"{of_class.value} wants two people, and only {can[0].id} may approve it: "
            "it can never be approved"
        )


def _can(person: Person, *, signed: bool) -> bool:
    return not signed or bool(person.identities.ssh)


def _wants_two(standing: Standing, of_class: ActionClass) -> bool:
    """Of every proposal, whatever its risk comes to."""
    rules = standing.rules
    return of_class in rules.two_people or of_class in rules.distance


def _apart(standing: Standing, of_class: ActionClass) -> Iterator[str]:
    rules = standing.rules
    apart = rules.distance.get(of_class)
    if apart is not None and apart >= rules.open_for:
        yield (
            f"two approvals of {of_class.value} are to come {in_words(apart)} apart, and a "
            f"proposal is open for {in_words(rules.open_for)}: it can never be approved"
        )


def _of_policy(standing: Standing) -> Iterator[str]:
    """Names that nobody has, which make a `forbid` forbid nothing; and what says nothing."""
    said, people = standing.said, standing.people.people
    if not said.policies:
        yield f"{_POLICY} is empty: nothing is allowed"
    elif not said.permits:
        yield f"{_POLICY} has no `permit`, and nothing is allowed that none permits"
    groups = {group for person in people for group in person.groups}
    ids = {person.id for person in people}
    if people:
        yield from _unknown(said.groups, groups, "group", "nobody in people.yaml is in it")
        yield from _unknown(said.people, ids, "person", "nobody in people.yaml is called that")
    yield from _unknown(said.tiers, standing.rules.tiers, "tier", "leash.yaml has no such tier")
    yield from _never(said)
    yield from _twice(said)
    for slot in said.slots:
        yield f"{_POLICY}, line {slot.line}: ?{slot.name} makes it a template, which is never asked"


def _unknown(named: Sequence[Named], known: Collection[str], what: str, why: str) -> Iterator[str]:
    first = {each.name: each.line for each in reversed(named)}
    for name, line in sorted(first.items(), key=lambda each: each[1]):
        if name not in known:
            yield f'{_POLICY}, line {line}: it speaks of the {what} "{name}", and {why}'


def _never(said: Said) -> Iterator[str]:
    """Comparisons that come out alike whatever is asked, by a slip in what is compared with."""
    first = {(each.field, each.sign, each.value): each for each in reversed(said.compared)}
    for each in sorted(first.values(), key=lambda one: one.line):
        values = CLOSED.get(each.field, ())
        comes_out = {each.holds(value) for value in values}
        if comes_out == {False} or (comes_out == {True} and not _names_an_end(each, values)):
            holds = "always" if True in comes_out else "never"
            shown = json.dumps(each.value, ensure_ascii=False)
            told = f"{each.field} {each.sign} {shown} {holds} holds"
            if each.sign in {"==", "!="}:
                told = f"{each.field} is never {shown}"
            yield f"{_POLICY}, line {each.line}: {told}: it is {_those(values)}"


def _names_an_end(each: Compared, values: Sequence[str] | range) -> bool:
    """Whether that it always holds says where they end, as `context.minute < 1440` does."""
    beside = isinstance(values, range) and {("<", values.stop), (">", values.start - 1)}
    return each.value in values or bool(beside and (each.sign, each.value) in beside)


def _those(values: Sequence[str] | range) -> str:
    return f"{values[0]} to {values[-1]}" if isinstance(values, range) else one_of(values)


def _twice(said: Said) -> Iterator[str]:
    first: dict[str, int] = {}
    for each in said.ids:
        if each.name in first:
            yield (
                f'{_POLICY}, line {each.line}: the @id "{each.name}" stands in line '
                f"{first[each.name]} too: no answer tells which of them it was"
            )
        first.setdefault(each.name, each.line)
