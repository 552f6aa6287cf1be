"""With what an operator's policy compares what it is told, from its text: for whoever looks for
slips.

Cedar knows a text and a number, and not that a risk is one of three texts. What is written in
another way than `context.risk == "high"`, turned around, or in a set that is asked whether it
`contains` it, is not seen; nor is what is counted with. Nothing is judged by what is told here.
"""

import re
from collections.abc import Iterator

from holdfast.adapters.cedar.spoken import unescaped
from holdfast.model.operator import Compared

_SIGN = "==|!=|<=|>=|<|>"
_LITERAL = r'"(?:\\.|[^"\\])*"|-?\b[0-9]+\b'
_FIELD = (
    r"\b(?P<{0}of>context|resource)\s*+"
    r'(?:\.\s*+(?P<{0}name>[a-z]+)|\[\s*+"(?P<{0}key>[a-z]+)"\s*+\])'
)
# Whatever stands there, it is gone through once: nothing that was taken is given back.
_PIECES = re.compile(
    rf"{_FIELD.format('left_')}\s*+(?P<sign>{_SIGN})\s*+(?P<right>{_LITERAL})"
    rf"|(?P<left>{_LITERAL})\s*+(?P<turned>{_SIGN})\s*+{_FIELD.format('right_')}"
    rf"|\[(?P<set>\s*+(?:{_LITERAL})(?:\s*+,\s*+(?:{_LITERAL}))*+)\s*+,?\s*+\]"
    rf"\s*+\.\s*+contains\s*+\(\s*+{_FIELD.format('held_')}\s*+\)"
    r'|//[^\n\r]*|"(?:\\.|[^"\\])*"'
)
_LITERALS = re.compile(_LITERAL)
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_COUNTED_BEFORE, _COUNTED_AFTER = re.compile(r"[-+*]\s*\Z"), re.compile(r"\s*+[-+*]")
_NEAR = 80  # characters: nobody writes more blanks


def compared_in(text: str) -> Iterator[Compared]:
    """Each comparison, in the order in which they stand there."""
    line, at = 1, 0
    for found in _PIECES.finditer(text):
        line, at = line + text.count("\n", at, found.start()), found.start()
        for field, sign, literal in _told(found):
            if found["set"] is None and _counted(text, found):
                continue
            value = unescaped(literal[1:-1]) if literal.startswith('"') else int(literal)
            yield Compared(field=field, sign=sign, value=value, line=line)


def _told(found: re.Match[str]) -> Iterator[tuple[str, str, str]]:
    if found["sign"]:
        yield _field(found, "left_"), found["sign"], found["right"]
    elif found["turned"]:
        sign = found["turned"]
        yield _field(found, "right_"), _TURNED.get(sign, sign), found["left"]
    elif found["set"]:
        for each in _LITERALS.findall(found["set"]):
            yield _field(found, "held_"), "==", each


def _field(found: re.Match[str], side: str) -> str:
    return f"{found[f'{side}of']}.{found[f'{side}name'] or found[f'{side}key']}"


def _counted(text: str, found: re.Match[str]) -> bool:
    """Whether either side is only a part of what is compared, as in `60 * 9 < context.minute`."""
    before = text[max(0, found.start() - _NEAR) : found.start()]
    return bool(_COUNTED_BEFORE.search(before) or _COUNTED_AFTER.match(text, found.end()))
