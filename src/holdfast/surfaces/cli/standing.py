"""What is new, still there, worse or gone since the last scan, as lines of text."""

from collections.abc import Iterator

from rich.text import Text

from holdfast.facts import CATALOGUE
from holdfast.model.last_scan import Remembered, Standing
from holdfast.model.objects import LONG_AGO
from holdfast.model.times import in_words, to_the_second
from holdfast.model.troubles import Trouble
from holdfast.surfaces.cli.layout import MARGIN, Layout
from holdfast.surfaces.cli.text import clean

MOST = 20  # of those that are gone, or unknown; the JSON has all

NAMES = {rule.code: rule.name for rule in CATALOGUE}


def mark(trouble: Trouble, standing: Standing | None) -> str:
    """How a trouble stands to the last scan; nothing where there was none."""
    if standing is None:
        return ""
    if trouble.id in standing.new:
        return "new"
    former = standing.worse.get(trouble.id)
    return f"still, and was {former.word}" if former is not None else "still"


def lines(standing: Standing, layout: Layout) -> Iterator[Text]:
    """What is not there any more, one line each."""
    for each in standing.gone[:MOST]:
        yield _line("gone", each, "")
    for lost in standing.unknown[:MOST]:
        yield _line("unknown", lost.trouble, f"no longer seen: {lost.because}")
    for group, word in ((standing.gone, "gone"), (standing.unknown, "unknown")):
        if len(group) > MOST:
            yield from layout.told("", f"and {len(group) - MOST} more {word}", style="dim")
    if standing.gone or standing.unknown:
        yield Text()


def summary(standing: Standing, troubles: int) -> str:
    """One sentence that counts."""
    new, gone, unknown = len(standing.new), len(standing.gone), len(standing.unknown)
    parts = [f"{new} new", f"{troubles - new} still there", f"{gone} gone"]
    if unknown:
        parts.append(f"{unknown} that nobody could see")
    return f"Since the scan of {to_the_second(standing.when)}: {', '.join(parts)}."


def _line(word: str, each: Remembered, why: str) -> Text:
    about = each.about
    where = clean(f"{about.namespace}/{about.name}" if about.namespace else about.name)
    told = Text(word.ljust(MARGIN), style="green" if word == "gone" else "yellow")
    told.append(where, style="bold")
    told.append(
        f"  {clean(about.kind)}  {clean(each.code)} {NAMES.get(each.code, '')}", style="dim"
    )
    if not why and each.since != LONG_AGO:
        why = f"had lasted {in_words(each.seen - each.since)}"
    if why:
        told.append(f"  {why}", style="dim")
    return told
