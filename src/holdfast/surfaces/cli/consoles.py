"""Consoles of ours: plain text in, and a closed pipe is an error like any other."""

from typing import NoReturn

from rich.console import Console


class Plain(Console):
    """A console that reads no markup into text."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, soft_wrap=True)

    def on_broken_pipe(self) -> NoReturn:
        """Rich would end the process with 1, which means findings."""
        raise BrokenPipeError
