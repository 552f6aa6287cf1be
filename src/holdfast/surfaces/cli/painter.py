"""Paints rows of text over the whole terminal, in place: nothing scrolls, nothing flickers.

Rich's own live display cuts or breaks what is wider than the terminal. Here the terminal wraps
it, so that a long command stays one line for whoever copies it.
"""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from holdfast.surfaces.cli.watch_screen import Size, height

BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"  # a terminal that knows them shows nothing half painted
HOME, WIPE = "\x1b[H", "\x1b[2J"
REST_OF_ROW = "\x1b[K"


class Painter:
    """A terminal that is ours from `__enter__` to `__exit__`; then it is as it was."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._size: Size | None = None

    def __enter__(self) -> "Painter":
        self._console.set_alt_screen(True)
        self._console.show_cursor(False)
        return self

    def __exit__(self, *_: object) -> None:
        self._console.show_cursor(True)
        self._console.set_alt_screen(False)

    @property
    def size(self) -> Size:
        """As it is now."""
        width, height = self._console.size
        return Size(width=max(20, width), height=max(4, height))

    def paint(self, rows: Sequence[Text], size: Size) -> None:
        """Show exactly these rows, made for that size; what is too much is left out."""
        wipe = WIPE if size != self._size else ""
        self._size = size
        shown = list(rows)
        while height(shown, size) > size.height:
            shown.pop()
        shown += [Text()] * (size.height - height(shown, size))
        body = "\n".join(self._row(row, size) for row in shown)
        self._console.file.write(f"{BEGIN}{wipe}{HOME}{body}{END}")
        self._console.file.flush()

    def _row(self, row: Text, size: Size) -> str:
        with self._console.capture() as said:
            self._console.print(row, soft_wrap=True, end="", highlight=False, markup=False)
        # After a row that is exactly full, the terminal stands on its last cell: not to be wiped.
        full = row.plain and cell_len(row.plain) % size.width == 0
        return said.get() + ("" if full else REST_OF_ROW)
