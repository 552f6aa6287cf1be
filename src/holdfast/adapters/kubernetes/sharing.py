"""Equal values of many objects, kept once: what makes a big cluster fit into little memory.

A page is gone through field by field and not object by object: one field of five hundred objects
is then a few calls, where five hundred objects are some ten thousand.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, repeat, zip_longest
from operator import attrgetter
from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec

from holdfast.model.objects import Object

# Fields whose values repeat over many objects: texts wherever they stand, and parts that the pods
# of one owner have alike. One copy of each takes two thirds off the memory of a big cluster.
TEXTS = frozenset({"image", "image_id", "namespace", "node_name", "phase", "status", "type"})
PARTS = frozenset(
    {
        "annotations",
        "config_map",
        "containers",
        "env",
        "fields_v1",
        "image_pull_secrets",
        "init_containers",
        "labels",
        "liveness_probe",
        "node_selector",
        "overhead",
        "owner_references",
        "ports",
        "projected",
        "readiness_probe",
        "resources",
        "secret",
        "tolerations",
        "topology_spread_constraints",
        "volumes",
    }
)

type Place = tuple[str | int, ...]
"""Where in an object a Struct stands: `("spec", "containers", 0)`."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What of a Struct is shared: its texts, its parts, and what is shared within its fields."""

    texts: tuple[str, ...]
    parts: tuple[str, ...]
    within: tuple[tuple[str, bool, "Shared"], ...]  # the field, whether it holds several

    @property
    def by_place(self) -> bool:
        """Whether it matters at which place of several it stands: its parts have neighbours."""
        return bool(self.parts) or any(below.by_place for _, _, below in self.within)


class Sharer:
    """Lets objects share equal texts and parts, for as long as one list lasts.

    Lists come sorted by name, so that the pods of one owner stand side by side, alike but for their
    names and their luck: a part that equals the same part of the object before is that one.
    """

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}
        self._before: dict[Place, Any] = {}

    def within(self, kind: type[Object], objects: Sequence[Object]) -> None:
        """Replace what repeats by the first copy of it."""
        shared = _shared(kind)
        if shared is not None:
            self._share(shared, objects, ())

    def _share(self, shared: Shared, structs: Sequence[Any], place: Place) -> None:
        """Let the Structs that stand at that place of their objects share."""
        for name in shared.texts:
            texts = [*map(attrgetter(name), structs)]
            _put(structs, name, map(self._seen.setdefault, texts, texts))
        new = {name: self._parts(structs, name, (*place, name)) for name in shared.parts}
        for name, several, below in shared.within:
            values = new[name] if name in new else [*map(attrgetter(name), structs)]
            if several and below.by_place:
                for at, column in enumerate(zip_longest(*values)):
                    there = [value for value in column if value is not None]
                    self._share(below, there, (*place, name, at))
            elif several:
                self._share(below, [*chain.from_iterable(values)], (*place, name))
            else:
                there = [value for value in values if value is not None]
                self._share(below, there, (*place, name))

    def _parts(self, structs: Sequence[Any], name: str, place: Place) -> list[Any]:
        """Let them share that part; returns each that is unlike the one before it."""
        new: list[Any] = []
        last = self._before.get(place)
        for struct, part in zip(structs, map(attrgetter(name), structs), strict=True):
            if part is last:
                continue
            if part == last:
                _force(struct, name, last)
            else:
                new.append(part)
                last = part
        self._before[place] = last
        return new


_force: Final = msgspec.structs.force_setattr


def _put(structs: Sequence[Any], name: str, values: Iterable[str]) -> None:
    deque(map(_force, structs, repeat(name), values), maxlen=0)


@cache
def _shared(struct: type[msgspec.Struct]) -> Shared | None:
    """What Structs of that kind can share; None when there is nothing."""
    hints = get_type_hints(struct)
    fields = struct.__struct_fields__
    texts = tuple(f for f in fields if f in TEXTS and _names(hints[f], str))
    parts = tuple(f for f in fields if f in PARTS)
    within: list[tuple[str, bool, Shared]] = []
    for name in fields:
        part = None if name in texts else _struct_in(hints[name])
        below = None if part is None else _shared(part)
        if below is not None:
            within.append((name, get_origin(hints[name]) is tuple, below))
    if not (texts or parts or within):
        return None
    return Shared(texts, parts, tuple(within))


def _names(hint: Any, wanted: type) -> bool:
    return hint is wanted or wanted in get_args(hint)


def _struct_in(hint: Any) -> type[msgspec.Struct] | None:
    """The Struct that a field holds, alone, optionally or in a tuple."""
    options = (get_origin(hint) and get_args(hint)) or (hint,)
    for option in options:
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            return option if option.__struct_fields__ else None
    return None
