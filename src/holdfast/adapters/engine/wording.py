"""How arguments, results and errors are written into the engine's rows, and read from them.

- A closed set of types, each known by its name: nothing else is written, and nothing else read.
  Whoever can write into the database can so choose among values, never among code.
- One form for each value, without floats. An unknown field, a missing one, or one of another type
  is refused.
- Of an error that is not one of ours only the text is kept.
"""

from collections.abc import Sequence

import msgspec

from holdfast import errors
from holdfast.errors import HoldfastError, NotCanonical, PhaseFailed, UnreadableWork
from holdfast.model.canonical import canonical, refuse_doubtful

_PLAIN = "plain"
_ERROR = "error"
_RESERVED = {_PLAIN, _ERROR}
_ERRORS = {
    name: each
    for name, each in vars(errors).items()
    if isinstance(each, type) and issubclass(each, HoldfastError)
}


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in the row."""

    name: str = msgspec.field(name="is")
    value: msgspec.Raw = msgspec.field(name="of")


class _Wrong(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An error."""

    name: str
    wrong: str
    remedy: str


class Wording:
    """The types that one process knows."""

    def __init__(self, types: Sequence[type[msgspec.Struct]]) -> None:
        self._types = {each.__name__: each for each in types}
        for each in types:
            if not each.__struct_config__.forbid_unknown_fields:
                raise ValueError(f"{each.__name__} must forbid unknown fields")
            if each.__name__ in _RESERVED or self._types[each.__name__] is not each:
                raise ValueError(f"two types are called {each.__name__}")

    def written(self, value: object) -> str:
        """The text of a value. Raises `NotCanonical` for what may not be kept."""
        match value:
            case None | bool() | int() | str():
                refuse_doubtful(value)
                return _row(_PLAIN, value)
            case HoldfastError():
                told = (type(value).__name__, value.wrong, value.remedy)
                return _row(_ERROR, dict(zip(("name", "wrong", "remedy"), told, strict=True)))
            case Exception():
                return _row(
                    _ERROR, {"name": type(value).__name__, "wrong": _safe(value), "remedy": ""}
                )
            case msgspec.Struct() if self._types.get(type(value).__name__) is type(value):
                return _row(type(value).__name__, msgspec.to_builtins(value))
        raise NotCanonical(
            f"{type(value).__name__} is not a type that the engine may keep.",
            remedy="Register it with the phase that takes or gives it.",
        )

    def read(self, text: str) -> object:
        """The value of a text. Raises `UnreadableWork` for what we have not written."""
        try:
            row = msgspec.json.decode(text, type=_Row)
            if row.name == _ERROR:
                return _error(msgspec.json.decode(row.value, type=_Wrong))
            known = None | bool | int | str if row.name == _PLAIN else self._types.get(row.name)
            if known is None:
                raise _unreadable(f"nobody has registered the type {row.name[:60]}")
            value: object = msgspec.json.decode(row.value, type=known)
        except (msgspec.MsgspecError, UnicodeError) as unfit:
            raise _unreadable(str(unfit)) from None
        return value


def _row(name: str, value: object) -> str:
    return canonical({"is": name, "of": value}).decode()  # type: ignore[dict-item]


def _error(told: _Wrong) -> HoldfastError:
    known = _ERRORS.get(told.name)
    if known is None:
        return PhaseFailed(f"{told.name}: {told.wrong}", remedy="See the log of that time.")
    return known(told.wrong, remedy=told.remedy)


def _safe(error: Exception) -> str:
    """Its text, whatever its author did with `__str__`; halves of characters are replaced."""
    return " ".join(map(repr, error.args))[:2000].encode(errors="replace").decode()


def _unreadable(why: str) -> UnreadableWork:
    return UnreadableWork(
        f"A row of the engine was not written by this version of Holdfast: {why}.",
        remedy="See who can write into the database; this run is ended and does nothing.",
    )
