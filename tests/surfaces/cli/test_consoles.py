"""Consoles: nothing moves where nobody watches, and lines are the same however they are written."""

from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from holdfast.surfaces.cli.consoles import Plain, write


def test_where_nobody_watches_nothing_moves() -> None:
    console = Plain()
    console.file = StringIO()

    with console.moving("Looking ...") as say:
        say("Looking: 1 of 2 kinds")

    assert "" == console.file.getvalue()


def test_on_a_terminal_a_line_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    console = Plain()
    console.file = StringIO()

    with console.moving("Looking ...") as say:
        say("Looking: 1 of 2 kinds")

    assert "Looking" in console.file.getvalue()


def test_lines_are_the_same_as_rich_would_print_them() -> None:
    lines = [Text(), Text("[bold]web[/bold] :smile: 'x' 12", style="bold"), Text("ö" * 300), Text()]
    rich, ours = StringIO(), StringIO()
    for line in lines:
        Console(file=rich).print(line, soft_wrap=True, highlight=False, markup=False)

    write(Console(file=ours), lines)

    assert rich.getvalue() == ours.getvalue()
