"""What people are shown of a value that may be somebody's secret: that it is there, and a hash.

- By its place: variables of containers, headers of probes, the data of ConfigMaps and Secrets, and
  annotations, which may hold an object as it was applied. What rules read stays, and so do switches
  and small numbers.
- By its look, wherever it stands: what is called a password, a token or a key; the password in an
  address; tokens of known makes; long texts that look thrown by dice.
- The hash is the beginning of the SHA-256 of the value. Two that are the same look the same, and
  whoever knows a value can see that it is that one; a weak password can be guessed from it.
- What is signed is the value itself: only what is shown is less.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import msgspec

from holdfast.model.canonical import Plain
from holdfast.model.objects import Annotations
from holdfast.model.paths import Entry, Item, Path, Segment

DIGITS = 12  # of the hash: enough to tell two values apart
LEAST = 4  # characters of what is looked for in another text
THROWN = 24  # characters from which on a text may look thrown by dice
_DATA = frozenset({"data", "stringData", "binaryData"})
_VALUED = frozenset({"env", "httpHeaders"})  # lists of a name and a value
_TOLD = frozenset(field.encode_name for field in msgspec.structs.fields(Annotations)) | {
    "kubectl.kubernetes.io/restartedAt"
}
_HARMLESS = re.compile(r"true|false|[0-9]{1,5}", re.IGNORECASE)
_WORD = (
    r"(?:password|passwd|passphrase|pwd|secret|token|credentials?|(?:api|access|private)[-_]?key)"
)
_FLAG = re.compile(rf"--?[a-z0-9._-]{{0,60}}{_WORD}", re.IGNORECASE)
_SAID = r"(\"[^\"]*\"|'[^']*'|[^\s\"',;&]+)"
_NAMED = re.compile(
    # What follows a colon may be prose: "no such secret: not found".
    rf"({_WORD}\"?\s{{0,3}}(?:=\s{{0,3}}|:\s{{0,3}}(?![a-z]{{1,12}}\b(?!\S))))(?!\(hidden){_SAID}",
    re.IGNORECASE,
)
_AFTER = re.compile(rf"(--[a-z0-9._-]{{0,60}}{_WORD}\s{{1,3}})(?!\(hidden|-){_SAID}", re.IGNORECASE)
_BEARER = re.compile(r"(\b(?:bearer|basic) )(?!\(hidden)([a-z0-9._~+/=-]{8,})", re.IGNORECASE)
_ADDRESS = re.compile(r"(://[^\s/:@]{0,200}:)([^\s/@]{1,500})(?=@)")
_MAKES = re.compile(
    r"()(\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[abeoprs]-[\w-]{10,}"
    r"|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{30,}|sk-[\w-]{20,}|eyJ[\w-]{10,}\.[\w-]{4,}\.?[\w-]*)"
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?)"
)
_LONG = re.compile(rf"[A-Za-z0-9+_=-]{{{THROWN},}}")
_NAMES = ("passw", "passphrase", "pwd", "secret", "token", "credential", "key")
_LOOKS = (  # a text without these words, in small letters, is not looked through
    (("gh", "glpat-", "xox", "akia", "asia", "aiza", "sk-", "eyj", "-----begin"), _MAKES),
    (("://",), _ADDRESS),
    (("bearer ", "basic "), _BEARER),
    (_NAMES, _NAMED),
    (_NAMES, _AFTER),
)


def hidden(value: Plain) -> str:
    """What stands in place of a value."""
    text = value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
    return f"(hidden, sha256 {hashlib.sha256(text.encode(errors='replace')).hexdigest()[:DIGITS]})"


@lru_cache(maxsize=4096)  # a scan tells the same few things of many objects
def text_shown(text: str) -> str:
    """A text without what looks like a secret in it."""
    small = text.lower()
    for words, look in _LOOKS:
        if any(word in small for word in words):
            text = look.sub(lambda found: found[1] + hidden(_bare(found[2])), text)
    return _LONG.sub(_thrown, text) if text != small else text


def shown(value: Plain, path: Path = ()) -> Plain:
    """A value that stands at that place, without what may be a secret in it."""
    if _by_place(value, path):
        return hidden(value)
    match value:
        case str():
            return text_shown(value)
        case Mapping():
            return {name: shown(each, (*path, name)) for name, each in value.items()}
        case list() | tuple():
            return [*_items(value, path)]
    return value


def said_without(said: str, *sent: Plain) -> str:
    """Somebody's words about what he was sent, without the secrets in that."""
    values = {each for one in sent for each in _hidden_in(one, ()) if len(each) >= LEAST}
    for value in sorted(values, key=len, reverse=True):
        said = said.replace(value, hidden(value))
    return text_shown(said)


def _items(items: Iterable[Plain], path: Path) -> Iterator[Plain]:
    """The items of a list; what follows a flag that names a secret is one."""
    secret = False
    for each in items:
        yield hidden(each) if secret else shown(each, (*path, Item(by="")))
        secret = isinstance(each, str) and _FLAG.fullmatch(each) is not None


def _by_place(value: Plain, path: Path) -> bool:
    if value is None or isinstance(value, Mapping | list | tuple):
        return False
    names = [named(each) for each in path]
    if names and names[0] in _DATA:
        return True
    if names[-1:] == ["value"] and len(names) > 2 and names[-3] in _VALUED:
        return True
    if "annotations" in names[:-1]:
        key = names[names.index("annotations") + 1]
        return key not in _TOLD and not _HARMLESS.fullmatch(str(value))
    return False


def named(segment: Segment) -> str:
    """A field or an entry by its name; an item of a list has none."""
    match segment:
        case str():
            return segment
        case Entry(key=key):
            return key
    return ""


def _hidden_in(value: Plain, path: Path) -> Iterator[str]:
    """Every text that would be hidden whole."""
    match value:
        case str():
            if shown(value, path) == hidden(value):
                yield value
        case Mapping():
            for name, each in value.items():
                yield from _hidden_in(each, (*path, name))
        case list() | tuple():
            for each, told in zip(value, _items(value, path), strict=True):
                if isinstance(each, str) and told == hidden(each):
                    yield each
                yield from _hidden_in(each, (*path, Item(by="")))


def _bare(said: str) -> str:
    return said[1:-1] if len(said) > 1 and said[0] == said[-1] and said[0] in "\"'" else said


def _thrown(found: re.Match[str]) -> str:
    """Random letters of either case and digits; names of Kubernetes have no capitals."""
    text = found[0]
    digits = sum(each.isdigit() for each in text)
    if digits >= 3 and text.lower() != text and text.upper() != text:
        return hidden(text)
    return text
