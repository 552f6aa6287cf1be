"""What an operator's policy speaks of by name, told from its text: for whoever looks for slips.

Cedar takes any name for one of a group or a tier, and a `forbid` that speaks of one that nobody
has forbids nothing. It takes a policy with a slot as well, and never asks it. Nothing is judged by
what is told here.
"""

import re
from collections.abc import Iterable

from holdfast.model.operator import Compared, Named, Said

# In texts and comments stands no name. A name that a comment cuts in two is not seen.
_WORDS = re.compile(
    r'\bGroup\s*::\s*"(?P<group>(?:\\.|[^"\\])*)"'
    r'|\bTier\s*::\s*"(?P<tier>(?:\\.|[^"\\])*)"'
    r'|\bPerson\s*::\s*"(?P<person>(?:\\.|[^"\\])*)"'
    r'|@\s*id\s*\(\s*"(?P<id>(?:\\.|[^"\\])*)"\s*\)'
    r"|\?(?P<slot>principal|resource)\b"
    r"|\b(?P<permit>permit)\b"
    r'|//[^\n\r]*|"(?:\\.|[^"\\])*"'
)
_ESCAPED = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|(.))")


def said_in(text: str, policies: int, compared: Iterable[Compared]) -> Said:
    """All of it, of a text of so many policies, and of what it compares."""
    told: dict[str, list[Named]] = {each: [] for each in _WORDS.groupindex}
    for word in _WORDS.finditer(text):
        if word.lastgroup:
            line = text.count("\n", 0, word.start()) + 1
            name = unescaped(word[word.lastgroup])
            told[word.lastgroup].append(Named(name=name, line=line))
    return Said(
        policies=policies,
        permits=len(told["permit"]),
        groups=tuple(told["group"]),
        tiers=tuple(told["tier"]),
        people=tuple(told["person"]),
        ids=tuple(told["id"]),
        slots=tuple(told["slot"]),
        compared=tuple(compared),
    )


def unescaped(text: str) -> str:
    """What is meant by what stands between two quotes."""
    return _ESCAPED.sub(_meant, text)


def _meant(escaped: re.Match[str]) -> str:
    point = int(escaped[1], 16) if escaped[1] else 0
    return chr(point) if 0 < point <= 0x10FFFF else escaped[2] or escaped[0]
