"""The one form in which a value is hashed or signed: RFC 8785, over values that have no doubt.

- Numbers are whole and at most 2^53 - 1 either way; there are no floats.
- Keys are printable ASCII, so that every language sorts them alike.
- Nothing nests deeper than `DEEPEST`.

For such values a sorted compact encoding is the standard's; a test compares the two.
"""

from collections.abc import Mapping, Sequence

import msgspec

from holdfast.errors import NotCanonical

type Plain = bool | int | str | Sequence[Plain] | Mapping[str, Plain] | None
"""A value that may be hashed or signed."""

LARGEST = 2**53 - 1
DEEPEST = 32

# A mapping of another sort (one that cannot be changed) is written as a plain one.
_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=dict)


def canonical(value: Plain) -> bytes:
    """The value's one encoding. Raises `NotCanonical` for what has none."""
    refuse_doubtful(value)
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError as lone:
        raise NotCanonical(
            "A value cannot be hashed or signed: a text holds half a character.",
            remedy="Write it in UTF-8: it came as bytes that are no text.",
        ) from lone


def refuse_doubtful(value: object, depth: int = 0) -> None:
    """Raise for a value that two programs could write, read or sort in two ways."""
    if depth > DEEPEST:
        raise _refused(f"it nests deeper than {DEEPEST}")
    match value:
        case None | bool() | str():
            return
        case int():
            if abs(value) > LARGEST:
                raise _refused(f"the number {value} is beyond 2^53 - 1")
        case Mapping():
            for key, each in value.items():
                if not (isinstance(key, str) and key.isascii() and key.isprintable()):
                    raise _refused(f"the key {key!r} is not printable ASCII")
                refuse_doubtful(each, depth + 1)
        case list() | tuple():
            for each in value:
                refuse_doubtful(each, depth + 1)
        case _:
            raise _refused(f"{type(value).__name__} has no canonical form")


def _refused(why: str) -> NotCanonical:
    return NotCanonical(
        f"A value cannot be hashed or signed: {why}.",
        remedy="Use whole numbers (per mille, micro-units) and text (times as RFC 3339).",
    )
