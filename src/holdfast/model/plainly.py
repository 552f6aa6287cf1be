"""Values in a text of YAML or JSON that can be read in one way only; everything else is refused.

- One document, one value; nothing after it. No anchor, alias or tag; no key twice.
- A number is whole, written as everybody writes it, and below 2^53: no `1e1`, `-0`, `010`, `0x1`.
- A key is spelt in one way: none is written with escapes for letters.
- What one reader takes for a text and another for a number or a yes (`1_0`, `12:30`, `on`, `~`) is
  refused unless it stands in quotes.
"""

import re

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from holdfast.errors import BadInput, NotCanonical
from holdfast.model.canonical import Plain, canonical
from holdfast.model.written import composed

LONGEST = 1 << 20  # characters
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,15}")
# What some reader of YAML takes for a number, a yes, a no or nothing, in any of its versions.
_DOUBTFUL = re.compile(
    r"[-+]?(\.?[0-9][0-9_]*([.:][0-9_]*)*([eE][-+]?[0-9]*)?|0[xob][0-9a-f_]+|\.(inf|nan))|"
    r"true|false|yes|no|on|off|y|n|null|~|=|<<|",
    re.IGNORECASE | re.ASCII,
)
# A letter of a key that could be written as itself: what is looked for in a text is found there.
_ESCAPED = re.compile(r"(?<!\\)(\\\\)*\\[uUx]")
_WORDS: dict[str, Plain] = {"true": True, "false": False, "null": None}


def value(text: str, what: str) -> Plain:
    """The one value that stands there; `what` names the text. Raises `BadInput` with the line."""
    if len(text) > LONGEST:
        raise BadInput(f"{what} is too long.", remedy=f"Write at most {LONGEST} characters.")
    node = composed(text, what)
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if getattr(event, "tag", None) is not None:
            raise _wrong(what, event, "tags are not allowed")
    found = _plain(text, what, node)
    try:
        canonical(found)
    except NotCanonical as doubtful:
        raise BadInput(f"{what}: {doubtful.wrong}", remedy=doubtful.remedy) from None
    return found


def _plain(text: str, what: str, node: Node) -> Plain:
    match node:
        case MappingNode():
            there: dict[str, Plain] = {}
            for key, each in node.value:
                name = _key(text, what, key)
                if name in there:
                    raise _wrong(what, key, f"the key {name!r} stands twice")
                there[name] = _plain(text, what, each)
            return there
        case SequenceNode():
            return [_plain(text, what, each) for each in node.value]
        case ScalarNode():
            return _scalar(what, node)
    raise _wrong(what, node, "nobody knows what this is")


def _key(text: str, what: str, node: Node) -> str:
    if node.start_mark and _ESCAPED.search(text[node.start_mark.index : node.end_mark.index]):
        raise _wrong(what, node, "a key is written with escapes")
    name = _scalar(what, node) if isinstance(node, ScalarNode) else None
    if not isinstance(name, str):
        raise _wrong(what, node, "a key is no text: put it in quotes")
    return name


def _scalar(what: str, node: ScalarNode) -> Plain:
    said: str = node.value
    if node.style:  # in quotes, or a block of text
        return said
    if said in _WORDS:
        return _WORDS[said]
    if _WHOLE.fullmatch(said):
        return int(said)
    if _DOUBTFUL.fullmatch(said):
        raise _wrong(what, node, f"{said!r} is read in several ways: put a text in quotes")
    return said


def _wrong(what: str, at: Node | yaml.Event, why: str) -> BadInput:
    line = f", line {at.start_mark.line + 1}" if at.start_mark is not None else ""
    return BadInput(f"{what}{line}: {why}.", remedy="Correct that line.")
