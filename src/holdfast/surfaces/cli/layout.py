"""How text stands on a page: wrapped to the terminal's width, or not at all where there is none.

Commands are never broken inside a word: half a command is another command. Of other text, only
words that no line of the terminal holds are.
"""

import textwrap
from collections.abc import Iterator

from rich.cells import cell_len, chop_cells
from rich.text import Text

from holdfast.surfaces.cli.text import clean

MARGIN = 10  # as wide as the longest severity and two spaces


class Layout:
    """Lines on one width."""

    def __init__(self, width: int | None) -> None:
        self._width = width

    @property
    def bounded(self) -> bool:
        """Whether there is a width, and so a screen that things can be pushed off."""
        return self._width is not None

    def told(self, label: str, text: str, *, style: str = "") -> Iterator[Text]:
        """Something within the margin, with a word before it."""
        room = None if self._width is None else max(20, self._width - MARGIN - len(label))
        for number, line in enumerate(self._wrapped(clean(text), room)):
            told = Text(" " * MARGIN)
            told.append(label if number == 0 else " " * len(label), style="dim")
            told.append(line, style=style)
            yield told

    def command(self, command: str) -> Text:
        """A command, whole: from the left edge on where it would not fit within the margin."""
        indent = " " * (MARGIN + len("next  "))
        fits = self._width is None or len(indent) + cell_len(command) <= self._width
        return Text((indent if fits else "") + command, style="bold")

    def flowing(self, text: str, *, style: str = "") -> Iterator[Text]:
        """A sentence from the left edge on."""
        yield from (Text(line, style=style) for line in self._wrapped(text, self._width))

    def _wrapped(self, text: str, room: int | None) -> Iterator[str]:
        """Broken between words; a word that is wider than the terminal would be broken anyway, and
        is at the margin, so that what stands below it does.
        """
        if room is None or self._width is None:
            yield text
            return
        lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
        for line in lines:
            yield from chop_cells(line, room) if cell_len(line) > self._width else (line,)
