"""YAML that people write, read strictly: what is wrong is said with the file, the line and why.

Refused are unknown keys, keys that stand twice, keys without a value, anchors, aliases and tags:
what a reader of the file sees is what is meant. The text arrives as an argument, with the name of
its file to say.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec
import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from holdfast.errors import BadInput
from holdfast.model.shapes import WORDS

DEEPEST = 32  # no file of ours has more than a few
MOST = 200_000  # values
SMALLER = "Name another file, or make this one smaller."
_AT = re.compile(r" - at `(?:key` in `)?\$(.*)`$")
_SHAPE = re.compile(r"Expected `str` matching regex '(.*?)'(?= - at |$)")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_KINDS = ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")
_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in _KINDS)
_NULL = "tag:yaml.org,2002:null"
_PROBLEMS = {
    "but found another document": "a second document begins here, and only one is read: take out "
    "the `---` above it and what follows"
}
"""What the reader of YAML says, where people would not know what to do."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong in a text, and where: a path such as `.accepted[0].reason`."""

    at: str
    why: str


def parse[T](  # noqa: PLR0913 - a file, each word of it named
    text: str,
    file: str,
    form: type[T],
    *,
    api_version: str,
    kind: str,
    faults: Callable[[T], Iterable[Fault]] = lambda _: (),
    theirs: Collection[str] = (),
) -> T:
    """The value in a text of that form; `faults` says what no form can say is wrong with it.

    `theirs` are the keys beneath which stand objects of the API server, where null says something.
    """
    node = composed(text, file)
    told = _plain(file, node)
    if not isinstance(told, Mapping):
        raise _wrong(file, node, "is no mapping of keys to values")
    for key, expected in (("apiVersion", api_version), ("kind", kind)):
        if told.get(key) != expected:
            where = _find(node, f".{key}")
            raise _wrong(file, where, f"{key} is {told.get(key)!r} and must be {expected!r}")
    for where, what in _without_value(node, theirs):
        raise _wrong(file, where, f"{what} has no value: write one, or leave that out")
    try:
        value = msgspec.convert(told, form)
    except msgspec.ValidationError as unfit:
        said = str(unfit).replace(" | null`", "`")  # null is never wanted: see above
        at, unknown = _AT.search(said), _UNKNOWN.search(said)
        trail = at.group(1) if at else ""
        where = _find(node, f"{trail}.{unknown.group(1)}" if unknown else trail)
        raise _wrong(file, where, _AT.sub(r" at \1", _SHAPE.sub(_in_words, said))) from None
    for fault in faults(value):
        raise _wrong(file, _find(node, fault.at), f"{fault.why}, at {fault.at}")
    return value


def composed(text: str, file: str) -> Node:
    """The YAML of a text, as nodes that know their lines."""
    try:
        _refuse_excess(text, file)
        loader = yaml.CSafeLoader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.YAMLError as broken:
        mark = getattr(broken, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(broken, "problem", None) or str(broken).splitlines()[0]
        problem = _PROBLEMS.get(problem, problem)
        raise BadInput(f"{file}{line}: {problem}.", remedy="Mend the YAML.") from None
    if node is None:
        raise BadInput(f"{file} is empty.", remedy="Name another file, or fill this one.")
    return node


def _refuse_excess(text: str, file: str) -> None:
    """What would become too much is refused at its first sign, before anything is made of it."""
    depth = count = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BadInput(
                f"{file}, line {line}: anchors and aliases are not allowed.",
                remedy="Write the value out.",
            )
        if tag := getattr(event, "tag", None):  # also one that says what it is without it
            raise BadInput(
                f"{file}, line {line}: the tag {tag} is not allowed.", remedy="Correct that line."
            )
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        count += isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        if depth > DEEPEST:
            raise BadInput(f"{file}, line {line}: this is nested too deeply.", remedy=SMALLER)
        if count > MOST:
            raise BadInput(f"{file}, line {line}: these are too many values.", remedy=SMALLER)


def _without_value(node: Node, theirs: Collection[str]) -> Iterator[tuple[Node, str]]:
    """Each key, and each item of a list, that says nothing, with what it is called.

    It is never taken for one that does not stand there: `revoked:` would be nobody's revocation.
    """
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if value.tag == _NULL:
                yield key, key.value
            elif key.value not in theirs:
                yield from _without_value(value, theirs)
    elif isinstance(node, SequenceNode):
        for each in node.value:
            if each.tag == _NULL:
                yield each, "an item of the list"
            else:
                yield from _without_value(each, theirs)


def _plain(file: str, node: Node) -> Any:
    if node.tag not in _TAGS:
        raise _wrong(file, node, f"the tag {node.tag} is not allowed")
    match node:
        case MappingNode():
            there: dict[str, Any] = {}
            for key, value in node.value:
                if not isinstance(key, ScalarNode):
                    raise _wrong(file, key, "a key is no text")
                if key.value in there:
                    raise _wrong(file, key, f"the key {key.value!r} stands twice")
                there[key.value] = _plain(file, value)
            return there
        case SequenceNode():
            return [_plain(file, each) for each in node.value]
        case _:
            try:
                return _scalar(node)
            except ValueError:  # of thousands of digits
                raise _wrong(file, node, "this is no number that can be read") from None


def _scalar(node: Node) -> Any:
    kind = node.tag.rpartition(":")[2]
    if kind in ("str", "timestamp"):  # times are read by the form, which wants a zone
        return node.value
    return SafeConstructor().construct_object(node)


def _find(node: Node, trail: str) -> Node:
    """The node at a path like `.accepted[2].until`, or the nearest one above it."""
    for name, index in _STEP.findall(trail):
        following: Node | None = None
        if isinstance(node, MappingNode) and name:
            following = next((v for k, v in node.value if k.value == name), None)
        elif isinstance(node, SequenceNode) and index and int(index) < len(node.value):
            following = node.value[int(index)]
        if following is None:
            return node
        node = following
    return node


def _in_words(told: re.Match[str]) -> str:
    """What a text must be; of a shape for which there are no words, that it is another."""
    pattern = told[1].replace("\\\\", "\\")  # as it is quoted there
    return f"expected {WORDS.get(pattern, 'a text of another shape')}"


def _wrong(file: str, node: Node, why: str) -> BadInput:
    line = node.start_mark.line + 1
    return BadInput(f"{file}, line {line}: {why}.", remedy="Correct that line.")
