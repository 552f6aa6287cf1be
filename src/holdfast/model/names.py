"""Names for people: the first few, and how many more there are; and which one was meant."""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher, get_close_matches

FEW = 5
ALIKE, WORDS_ALIKE = 0.7, 0.6  # of letters, in a name as a whole and in each of its words

_BETWEEN = re.compile(r"[-._/ ]+")


def placed(namespace: str, name: str) -> str:
    """`shop/web`, or `node-1` of what lies in no namespace."""
    return "/".join(part for part in (namespace, name or "(no name)") if part)


def few(names: Iterable[str], most: int = FEW) -> str:
    """`web-0, web-1 and 3 more`."""
    every = tuple(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def one_of(names: Iterable[str]) -> str:
    """`low, medium or high`."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def nearly(name: str, names: Iterable[str], most: int = 1) -> Sequence[str]:
    """Those that somebody may have meant who wrote that name, the nearest first.

    Likeness as a whole is not enough: `db-config` looks like `web-config`, and is another thing.
    So their words must be alike as well, but for a number or a hash at the end.
    """
    lower = {each.casefold(): each for each in names if each != name}
    meant = name.casefold()
    near = get_close_matches(meant, lower, max(1, len(lower)), ALIKE)
    return [lower[each] for each in near if _word_for_word(meant, each)][:most]


def _word_for_word(one: str, other: str) -> bool:
    """Whether the words of the shorter are, in their order, those of the other, with one more."""
    short, long = sorted((_BETWEEN.split(one), _BETWEEN.split(other)), key=len)
    if "".join(short) == "".join(long):
        return True
    if len(short) == len(long) > 1 and _numbered(short[-1]) and _numbered(long[-1]):
        short, long = short[:-1], long[:-1]
    if len(long) - len(short) > 1:
        return False
    left = iter(long)
    return all(any(_alike(word, each) for each in left) for word in short)


def _numbered(word: str) -> bool:
    return any(letter.isdecimal() for letter in word)


def _alike(one: str, other: str) -> bool:
    swapped = sorted(one) == sorted(other)
    return swapped or SequenceMatcher(None, one, other).ratio() >= WORDS_ALIKE
