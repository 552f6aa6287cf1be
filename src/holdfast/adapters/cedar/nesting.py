"""How deep a policy's text is nested, told before Cedar parses it.

Cedar goes down into what is nested and has no limit of its own: it ends the whole process where
its stack ends. What is counted is what it goes down by, outside of texts and comments, each at what
it takes of the stack beside the others: a bracket 12 KB, an `if` 2 KB, a link of a chain such as
`1 + 1 + 1` or `a.b.c` less than 256 bytes. The deepest that is let through takes 0.4 MB; threads
have 8 MB on Linux and never less than 1 MB where Holdfast runs. The tests go there in a process of
their own.
"""

import re
from collections.abc import Iterator

_BRACKET, _IF, _LINK = 16, 4, 1
DEEPEST_BRACKETS = 32
_DEEPEST = DEEPEST_BRACKETS * _BRACKET

_CLOSES = {"(": ")", "[": "]", "{": "}"}
# A comment ends where Cedar ends it: at a carriage return too.
_PIECES = re.compile(
    r'//[^\n\r]*|"(?:\\.|[^"\\])*"|\bif\b|&&|\|\||[()\[\]{},;]|(?P<link>[-+*.!])', re.ASCII
)


class _Level:
    """What stands within one pair of brackets, as far as it was read."""

    __slots__ = ("chain", "closes", "deepest", "ifs")

    def __init__(self, closes: str) -> None:
        self.closes = closes
        self.ifs = 0  # none of them ends before the next comma
        self.chain = 0  # of the chain that is being read
        self.deepest = 0  # of the chains before it

    def ends_chain(self) -> None:
        self.deepest, self.chain = max(self.deepest, self.chain), 0

    def depth(self) -> int:
        return self.ifs * _IF + max(self.deepest, self.chain)


def too_deep(text: str) -> int | None:
    """Where it first is nested deeper than Cedar may be given; `None` where it nowhere is."""
    return next((at for at, depth in _depths(text) if depth > _DEEPEST), None)


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """After each piece that goes deeper: where it stands, and how deep it goes at the least."""
    levels = [_Level(";")]
    for piece in _PIECES.finditer(text):
        level, told = levels[-1], piece[0]
        if told in _CLOSES:
            levels.append(_Level(_CLOSES[told]))
            ifs = sum(each.ifs for each in levels)
            yield piece.start(), _BRACKET * (len(levels) - 1) + _IF * ifs
        elif told == level.closes != ";":  # what closes another bracket closes nothing
            levels.pop()
            around = levels[-1]
            around.chain = max(around.chain + _LINK, _BRACKET + level.depth())
            yield piece.start(), around.depth()
        elif told == level.closes:
            levels = [_Level(";")]
        elif told == ",":
            level.ends_chain()
            level.deepest, level.ifs = level.depth(), 0
        elif told in {"&&", "||"}:
            level.ends_chain()
        elif told == "if" or piece["link"]:
            level.ifs += told == "if"
            level.chain += told != "if"
            yield piece.start(), level.depth()
