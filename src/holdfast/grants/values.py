"""The values that a lease may set: one text, written into the parameter object under its account.

The API server renders what a request would leave at the places that the action declares, and
compares texts. So this is `"%s".format([[...]])` of its expressions, byte for byte: keys sorted by
their quoted form, strings quoted as Go does it. Whatever is rendered otherwise is refused there.
"""

from collections.abc import Mapping, Sequence

from holdfast.grants.cel import listed, place
from holdfast.model.canonical import Plain
from holdfast.model.paths import Item, Path, found_at
from holdfast.model.repairs import Kind

MADE: tuple[Path, ...] = (
    ("metadata", "namespace"),
    ("metadata", "name"),
    ("metadata", "labels"),
    ("metadata", "annotations"),
    ("metadata", "finalizers"),
    ("metadata", "ownerReferences"),
    ("spec",),
)
"""All of an object that is made again; it has nothing besides, and the policy sees to that."""

NOTHING = "dyn(null)"
"""What stands where nothing does. Of no type: the API server 1.30 wants one type in a list."""

_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
}


def set_by(kind: Kind, after: Mapping[str, Plain]) -> str:
    """The text for a patch that leaves the object, or its subresource, like that."""
    return rendered([_at(after, path) for path in kind.touches])


def made_by(manifest: Mapping[str, Plain]) -> str:
    """The text for an object that is made again."""
    return rendered([found_at(manifest, path) for path in MADE])


def expression(paths: Sequence[Path]) -> str:
    """What the API server renders of the object that a request would leave."""
    values = ", ".join(
        listed("object", path, NOTHING) if _listed(path) else place("object", path, NOTHING)
        for path in paths
    )
    return f'"%s".format([[{values}]])'


def _listed(path: Path) -> bool:
    return any(isinstance(segment, Item) for segment in path)


def _at(after: Mapping[str, Plain], path: Path) -> Plain:
    """What stands there; where any item of a list is meant, in each, with what tells it apart."""
    for number, segment in enumerate(path):
        if isinstance(segment, Item):
            there, below = found_at(after, path[:number]), path[number + 1 :]
            items = there if isinstance(there, list | tuple) else ()
            return [[found_at(each, (segment.by,)), found_at(each, below)] for each in items]
    return found_at(after, path)


def rendered(value: Plain) -> str:
    """A value as the API server's expressions render it inside a list."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return quoted(value)
        case Mapping():
            pairs = sorted((quoted(name).encode(), rendered(each)) for name, each in value.items())
            return "{" + ", ".join(f"{name.decode()}:{each}" for name, each in pairs) + "}"
        case _:
            return "[" + ", ".join(rendered(each) for each in value) + "]"


def quoted(value: str) -> str:
    """A text in quotes, as Go writes it."""
    return '"' + "".join(_escaped(letter) for letter in value) + '"'


def _escaped(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if letter.isprintable():
        return letter
    code = ord(letter)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
