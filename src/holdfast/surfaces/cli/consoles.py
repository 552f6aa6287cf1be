"""Consoles of ours: plain text in, and a closed pipe is an error like any other."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from rich.console import Console
from rich.text import Text


class Plain(Console):
    """A console that reads no markup into text."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, soft_wrap=True)

    @contextmanager
    def moving(self, line: str) -> Iterator[Callable[[str], None]]:
        """A line that moves until this is done, and what changes it; where nobody watches, none.

        Rich would paint it all the same, twelve times a second and for each page, and show nothing.
        """
        if not self.is_terminal:
            yield lambda _: None
            return
        with self.status(line) as status:
            yield status.update

    def on_broken_pipe(self) -> NoReturn:
        """Rich would end the process with 1, which means findings."""
        raise BrokenPipeError


def write(console: Console, lines: Iterable[Text]) -> None:
    """Lines as they are. Outside a terminal nothing is painted, which takes a tenth of the time."""
    if console.is_terminal:
        for line in lines:
            console.print(line, soft_wrap=True, highlight=False, markup=False)
        return
    console.file.write("".join(f"{line.plain}\n" for line in lines))
    console.file.flush()
