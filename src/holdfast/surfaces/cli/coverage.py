"""How far a scan could see, as the last lines of its text: counts, names, and why.

What is whole in the JSON is short here. A rule that could not judge is named beneath the kind
that it wants; kinds that the API server does not have at all share one line.
"""

from collections.abc import Iterator

from rich.text import Text

from holdfast.model.coverage import Coverage
from holdfast.model.names import few, placed
from holdfast.model.snapshot import Blind, State
from holdfast.surfaces.cli.layout import Layout
from holdfast.surfaces.cli.text import clean

RULES = 5  # rules that are named beneath a kind
OBJECTS = 5  # unreadable objects that are named
KINDS = 5  # custom kinds that are named
ABSENT = 8  # kinds that are named although the server does not have them; no operator has all


def lines(coverage: Coverage, layout: Layout) -> Iterator[Text]:
    """Everything that was not seen, not read and not asked."""
    later = (State.ABSENT, State.CAPTURED)  # of the latter, the objects are named
    unseen = [blind for blind in coverage.blind if blind.state not in later]
    if unseen:
        yield Text("Could not see, and so did not judge:", style="yellow")
    for each in unseen:
        yield from _kind(each, coverage, layout)
    yield from _objects(coverage, layout)
    short = [rule for rule in coverage.unjudged if rule.served]
    if short:
        blind = sum(1 for rule in short if rule.saw_nothing)
        told = f"Rules that could not judge everything: {len(short)}"
        told += f", of which {blind} saw nothing of what they read." if blind else "."
        yield from layout.flowing(told, style="yellow")
    absent = [blind.plural for blind in coverage.blind if blind.state is State.ABSENT]
    if absent:
        told = f"Not served here, and so not judged: {few(absent, ABSENT)}."
        yield from layout.flowing(told, style="dim")
    if coverage.not_asked:
        told = (
            f"Custom kinds that were not asked for ({len(coverage.not_asked)}; --kind names one): "
        )
        told += f"{few(coverage.not_asked, KINDS)}."
        yield from layout.flowing(clean(told), style="dim")
    if coverage.misnamed:
        told = few(coverage.misnamed, OBJECTS)
        told = f"Annotations holdfast.dev/ignore that name no rule, and so nothing: {told}."
        yield from layout.flowing(clean(told), style="yellow")
    if coverage.off:
        names = (f"{o.name} ({o.reason})" if o.reason else o.name for o in coverage.off)
        yield from layout.flowing(clean(f"Switched off: {', '.join(names)}."), style="dim")


def _kind(blind: Blind, coverage: Coverage, layout: Layout) -> Iterator[Text]:
    where = f" in {', '.join(blind.namespaces)}" if blind.namespaces else ""
    yield from layout.told("", f"{blind.plural}{where}: {blind.word}, {blind.why}")
    wanting = [
        rule.name
        for rule in coverage.unjudged
        if any(want.resource == blind.resource for want in rule.wants)
    ]
    if wanting:
        yield from layout.told("  for  ", few(wanting, RULES), style="dim")


def _objects(coverage: Coverage, layout: Layout) -> Iterator[Text]:
    if not coverage.unreadable:
        return
    title = f"Could not be understood, and so not judged ({len(coverage.unreadable)}):"
    yield Text(title, style="yellow")
    for each in coverage.unreadable[:OBJECTS]:
        where = placed(each.namespace, each.name)
        yield from layout.told("", f"{each.kind} {where}: {each.why}")
    if len(coverage.unreadable) > OBJECTS:
        yield from layout.told("", f"and {len(coverage.unreadable) - OBJECTS} more")
