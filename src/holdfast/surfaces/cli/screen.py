"""A scan as an on-call engineer wants to see it: worst first, and what could not be seen last.

Text from the cluster is other people's text. Control characters and those that turn the
direction of writing are made visible, so that no name or message can move the cursor, colour
the screen or hide what stands beside it.
"""

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from holdfast.facts import Judgement
from holdfast.model.rules import Finding, Severity
from holdfast.model.snapshot import Blind, Snapshot, State
from holdfast.model.times import in_words

COLOURS = {Severity.CRITICAL: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
MARGIN = 10  # as wide as the longest severity and two spaces
LONGEST = 400  # of one piece of evidence; the whole is one `-o json` away

# C0, DEL and C1 controls, line and paragraph separators, zero-width and bidirectional marks.
UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def clean(text: str) -> str:
    """One line of harmless text."""
    return UNSAFE.sub("\N{REPLACEMENT CHARACTER}", re.sub(r"\s*[\r\n\t]+\s*", " ", text.strip()))


def show(console: Console, snapshot: Snapshot, judgement: Judgement, *, young: bool) -> None:
    """Print a scan."""
    for line in _lines(snapshot, judgement, young=young, width=_width(console)):
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def _width(console: Console) -> int | None:
    """None outside a terminal: a pipe wants one line for one thing."""
    return console.width if console.is_terminal else None


def _lines(
    snapshot: Snapshot, judgement: Judgement, *, young: bool, width: int | None
) -> Iterator[Text]:
    yield from _flowing(_heading(snapshot), width, style="dim")
    yield Text()
    for finding in judgement.findings:
        yield from _finding(finding, snapshot, width)
        yield Text()
    if young and judgement.young:
        yield Text("Still within their grace:", style="bold")
        yield Text()
        for finding in judgement.young:
            yield from _finding(finding, snapshot, width, young=True)
            yield Text()
    yield Text(_total(judgement), style="bold")
    yield from _flowing(_looked_at(snapshot), width, style="dim")
    yield from _blind(judgement.blind, width)


def _heading(snapshot: Snapshot) -> str:
    cluster = snapshot.cluster
    words = [cluster.name or "cluster", cluster.version, cluster.server, _moment(snapshot.now)]
    return "  ".join(clean(word) for word in words if word)


def _finding(
    finding: Finding, snapshot: Snapshot, width: int | None, *, young: bool = False
) -> Iterator[Text]:
    about = finding.about
    where = f"{about.namespace}/" if about.namespace else ""
    word = "young" if young else finding.severity.name
    title = Text(word.ljust(MARGIN), style="dim" if young else COLOURS[finding.severity])
    title.append(clean(f"{where}{about.name}"), style="bold")
    title.append(f"  {about.kind}  {finding.code} {finding.name}", style="dim")
    yield title
    ago = in_words(snapshot.now - finding.since)
    yield from _told("", f"{finding.says} (for {ago}, since {_moment(finding.since)})", width)
    evidence = "; ".join(f"{key} = {value[:LONGEST]}" for key, value in finding.seen.items())
    yield from _told("seen  ", evidence, width)
    yield from _told("next  ", finding.next, width, style="bold")
    yield from _told("why   ", f"holdfast explain {finding.code}", width, style="dim")


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def _told(label: str, text: str, width: int | None, *, style: str = "") -> Iterator[Text]:
    room = None if width is None else max(20, width - MARGIN - len(label))
    for number, line in enumerate(_wrapped(clean(text), room)):
        told = Text(" " * MARGIN)
        told.append(label if number == 0 else " " * len(label), style="dim")
        told.append(line, style=style)
        yield told


def _flowing(text: str, width: int | None, *, style: str) -> Iterator[Text]:
    yield from (Text(line, style=style) for line in _wrapped(text, width))


def _wrapped(text: str, room: int | None) -> list[str]:
    if room is None:
        return [text]
    # A command must survive being copied: never broken inside a word.
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)


def _total(judgement: Judgement) -> str:
    if not judgement.findings:
        return "Nothing hurts, as far as could be seen."
    counts = Counter(finding.severity for finding in judgement.findings)
    parts = ", ".join(f"{counts[s]} {s.word}" for s in sorted(counts, reverse=True))
    noun = "finding" if len(judgement.findings) == 1 else "findings"
    return f"{len(judgement.findings)} {noun}: {parts}."


def _looked_at(snapshot: Snapshot) -> str:
    counts = ", ".join(
        f"{c.kind.api.plural} {len(c.objects)}"
        for c in snapshot.captures()
        if c.objects or c.state is State.CAPTURED
    )
    return f"Looked at: {counts}." if counts else "Looked at nothing."


def _blind(blind: Iterable[Blind], width: int | None) -> Iterator[Text]:
    for number, each in enumerate(blind):
        if number == 0:
            yield Text("Could not see, and so did not judge:", style="yellow")
        where = f" in {', '.join(each.namespaces)}" if each.namespaces else ""
        state = each.state.value.replace("_", " ")
        yield from _told("", f"{each.plural}{where}: {state}, {each.why}", width)
