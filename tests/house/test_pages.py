"""What the pages tell people to type works.

In Markdown, a comment before a fenced block says what to do with it:
    runs               each line after `$ ` is run in a copy of the tree and must end with 0;
                       the lines below it are its output, where `...` stands for any lines
    runs, exit 1       the same, with another exit code
    file: PATH         the block is written to that file of the copy first
Commands that are shown without a mark need a cluster; they are parsed, and not run.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from holdfast.wiring import command_line
from tests.house import tree
from tests.tally import Count, Tally

MARKED = re.compile(
    r"<!-- (?:runs(?:, exit (?P<exit>\d+))?|file: (?P<file>\S+)) -->\n"
    r"```\w+\n(?P<body>.*?\n)```",
    re.DOTALL,
)
CONSOLE = re.compile(r"(?P<mark><!-- runs[^>]* -->\n)?```console\n(?P<body>.*?\n)```", re.DOTALL)


class Typed(NamedTuple):
    """A command, and what is expected to come of it."""

    line: str
    output: list[str]


def typed(body: str) -> Iterator[Typed]:
    """The commands of a console block, each with the output below it."""
    command: Typed | None = None
    for line in body.splitlines():
        if line.startswith("$ "):
            if command:
                yield command
            command = Typed(line.removeprefix("$ "), [])
        elif command:
            command.output.append(line)
    if command:
        yield command


def as_pattern(output: list[str]) -> str:
    """A pattern of the output: `...` stands for any lines, nothing at all for anything."""
    if not output:
        return r"(?s:.*)"
    return "".join(r"(?:.*\n)*?" if o == "..." else re.escape(o.rstrip()) + r" *\n" for o in output)


RUNNABLE = [page for page in tree.pages() if MARKED.search((tree.ROOT / page).read_text())]


@pytest.mark.slow
@pytest.mark.parametrize("page", RUNNABLE, ids=str)
def test_what_the_page_shows_happens(page: Path, tmp_path: Path, tally: Tally) -> None:
    copy, home = tree.copy_to(tmp_path / "tree"), tmp_path / "home"
    home.mkdir()
    ran = 0
    for block in MARKED.finditer((tree.ROOT / page).read_text()):
        if block["file"]:
            file = copy / block["file"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block["body"])
            continue
        for command in typed(block["body"]):
            done = tree.run(command.line, copy, home)
            assert int(block["exit"] or 0) == done.returncode, done.stdout
            assert re.fullmatch(as_pattern(command.output), done.stdout), done.stdout
            ran += 1
    tally(Count("house: commands of the pages run", ran))
    assert ran > 0


def shown() -> Iterator[tuple[Path, list[str]]]:
    """Every call of `holdfast` in a console block, as words."""
    for page in tree.pages():
        for block in CONSOLE.finditer((tree.ROOT / page).read_text()):
            for command in typed(block["body"]):
                words = shlex.split(re.split(r"[|>]|&&", command.line)[0])
                if "holdfast" in words and words[0] in {"holdfast", "kubectl", "uvx"}:
                    yield page, words[words.index("holdfast") + 1 :]


@pytest.mark.parametrize(("page", "words"), list(shown()), ids=lambda v: str(v) if v else "none")
def test_a_command_that_is_shown_is_understood(page: Path, words: list[str]) -> None:
    app = command_line()
    app.parse_args(words, exit_on_error=False, print_error=False)


def test_files_that_pages_name_exist() -> None:
    named = re.compile(r"`((?:docs|src|tests|tools|changelog\.d|\.ci)/[\w./-]*\w/?)`")
    missing = [
        f"{page}: {path}"
        for page in tree.pages()
        for path in named.findall((tree.ROOT / page).read_text())
        if not (tree.ROOT / path).exists() and path != "docs/_build/html"
    ]
    assert [] == missing
