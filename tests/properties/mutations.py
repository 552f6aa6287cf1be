"""Objects made odd: what a broken controller, a newer API server or an enemy might have stored.

Everything follows from the dice that are handed in, so that a seed and a number name a case.
"""

import copy
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

type Json = dict[str, Any]
type Place = tuple[Any, Any]  # a dict or list, and the key or index in it

HUGE = 10**400
DEEP = "nested deeply: "
_DEEP = re.compile(rf'"{DEEP}(\d+)"')

TIMES = (
    "2026-01-01T11:00:00",  # no zone
    "2026-01-01",
    "2026-01-01 11:00:00Z",
    "2026-01-01T11:00:00.123456789Z",
    "2026-01-01T11:00:00.1Z",
    "2026-01-01T11:00:60Z",
    "2026-01-01T11:00:00+14:00",
    "2026-01-01T11:00:00-23:59",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+12:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00",
    "1969-12-31T23:59:59Z",
    "2099-01-01T00:00:00Z",
    "0000-00-00T00:00:00Z",
    "yesterday",
    "",
)
QUANTITIES = (
    "1e3",
    "0.1",
    "1Ki",
    "-1",
    "",
    "1e400",
    "1e-400",
    "1E999",
    "1e999Ki",
    "9" * 100,
    "9" * 5000,
    "0",
    "NaN",
    "Infinity",
    "-0",
    "1.5.2",
    "12 cores",
    "٣",
    ".5Gi",
    "5.",
    0.1,
    1e308,
    -1,
    HUGE,
)
NAMES = (
    "",
    "a" * 63,
    "a" * 253,
    "a" * 254,
    "a" * 10_000,
    "-rf",
    "--all",
    "münchen",
    "\u202eevil",
    "\x1b[31mred",
    "a\nb",
    "{0.__class__}",
    "{name}",
    "%s%n",
    "[bold]web[/bold]",
    "[/]",
    "../../etc",
    "'; rm -rf /",
    "a/b/c",
    "名前",
    "\ud83d\ude00",
    " ",
    ":",
    "::",
)
NUMBERS = (0, -1, 1, 2**31, 2**63, 2**64, 10**30, HUGE, -HUGE, 0.5, -0.0, 1e300)
TEXTS = (
    "",
    "x" * 100_000,
    "back-off 999h999m999s restarting failed container",
    "back-off " * 500,
    "0/0 nodes are available: " * 200,
    "\x00",
    "NaN",
    "null",
    "true",
    "*/0 * * * *",
    "* * 31 2 *",
    "0-59/1," * 40,
    "@every 1ns",
    "@every 999999999h",
    "Infinity",
    "1" * 5000,
    "(" * 3000,
    'exceeded quota: , requested: , used: , limited: "',
    "TZ=../../etc/passwd * * * * *",
    "50%",
    "101%",
    "-5%",
    "%",
)
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Equals", "", "in", "∈")
KINDS_OF_VALUE: tuple[Any, ...] = (None, True, False, 7, -3.5, "seven", [], {}, [[]], {"a": [None]})
QUANTITY_KEYS = frozenset({"cpu", "memory", "storage", "pods", "count", "ephemeral-storage"})


def mutated(given: Json, others: list[Json], dice: Random) -> Any:
    """A copy of the object with one to four things made odd."""
    if dice.random() < 0.01:
        return copy.deepcopy(dice.choice(KINDS_OF_VALUE))
    made = copy.deepcopy(given)
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 4))):
        dice.choice(WAYS)(made, others, dice)
    return made


def each_made_odd(given: Json, dice: Random) -> Iterator[Json]:
    """The object again and again, each of its values in turn taken away, emptied or made odd."""
    for number in range(len(_places(given))):
        for way in (_gone, _emptied, _made_odd, _made_odd):
            made = copy.deepcopy(given)
            at, key = _places(made)[number]
            way(at, key, dice)
            yield made


def each_changed_wherever(given: Sequence[Json], of: type, after: Any) -> Iterator[Sequence[Json]]:
    """The objects with something else in the place of one value, wherever that value stands: for
    each value of that type. They are the same objects each time, and hold until the next.
    """
    made = copy.deepcopy(given)
    stands = defaultdict[Any, list[Place]](list)
    for at, key in _places(made):
        if type(at[key]) is of:
            stands[at[key]].append((at, key))
    for before, places in stands.items():
        for at, key in places:
            at[key] = after
        yield made
        for at, key in places:
            at[key] = before


def as_written(objects: list[Any], kind: str) -> bytes:
    """A list of them, as an API server would send it."""
    text = json.dumps({"kind": f"{kind}List", "metadata": {}, "items": objects})
    return _DEEP.sub(lambda m: "[" * int(m[1]) + "]" * int(m[1]), text).encode()


def _places(made: Any) -> list[Place]:
    """Every place of the tree."""
    found: list[Place] = []
    waiting = [made]
    while waiting:
        here = waiting.pop()
        keys = list(here) if isinstance(here, dict) else range(len(here))
        for key in keys:
            found.append((here, key))
            if isinstance(here[key], dict | list):
                waiting.append(here[key])
    return found


def _somewhere(made: Json, dice: Random) -> Place | None:
    places = _places(made)
    return dice.choice(places) if places else None


def _of_type(made: Json, dice: Random, wanted: type | tuple[type, ...]) -> Place | None:
    places = [(at, key) for at, key in _places(made) if isinstance(at[key], wanted)]
    return dice.choice(places) if places else None


def _gone(at: Any, key: Any, dice: Random) -> None:
    del at[key]


def _emptied(at: Any, key: Any, dice: Random) -> None:
    value = at[key]
    at[key] = type(value)() if isinstance(value, dict | list | str) else None


def _missing(made: Json, others: list[Json], dice: Random) -> None:
    place = _somewhere(made, dice)
    if place is not None:
        _gone(*place, dice)


def _null(made: Json, others: list[Json], dice: Random) -> None:
    place = _somewhere(made, dice)
    if place is not None:
        place[0][place[1]] = None


def _extra(made: Json, others: list[Json], dice: Random) -> None:
    place = _of_type(made, dice, dict)
    within = made if place is None else place[0][place[1]]
    named = dice.choice(("extra", "futureField", "status", "spec", ""))
    within[named] = copy.deepcopy(dice.choice(KINDS_OF_VALUE))


def _of_another_type(made: Json, others: list[Json], dice: Random) -> None:
    place = _somewhere(made, dice)
    if place is not None:
        place[0][place[1]] = copy.deepcopy(dice.choice(KINDS_OF_VALUE))


def _odd_value(made: Json, others: list[Json], dice: Random) -> None:
    """A value of the right type that nobody expected, by what its key holds."""
    place = _of_type(made, dice, (str, int, float))
    if place is not None:
        _made_odd(*place, dice)


def _made_odd(at: Any, key: Any, dice: Random) -> None:
    value, named = at[key], str(key).lower()
    if named.endswith(("time", "timestamp", "at", "probed", "until", "notafter", "notbefore")):
        at[key] = dice.choice(TIMES)
    elif named in QUANTITY_KEYS:
        at[key] = dice.choice(QUANTITIES)
    elif named == "operator":
        at[key] = dice.choice(OPERATORS)
    elif isinstance(value, bool):
        at[key] = not value
    elif isinstance(value, int | float):
        at[key] = dice.choice(NUMBERS)
    elif isinstance(value, list):
        at[key] = value * dice.choice((2, 40))
    elif isinstance(value, dict):
        at[key] = copy.deepcopy(dice.choice(KINDS_OF_VALUE))
    elif named.endswith("name") or named in ("namespace", "uid", "kind"):
        at[key] = dice.choice(NAMES)
    else:
        at[key] = dice.choice(TEXTS + NAMES + TIMES)


def _odd_quantity(made: Json, others: list[Json], dice: Random) -> None:
    places = [(at, key) for at, key in _places(made) if str(key) in QUANTITY_KEYS]
    if places:
        at, key = dice.choice(places)
        at[key] = dice.choice(QUANTITIES)


def _odd_time(made: Json, others: list[Json], dice: Random) -> None:
    places = [
        (at, key) for at, key in _places(made) if isinstance(at[key], str) and "T1" in at[key]
    ]
    if places:
        at, key = dice.choice(places)
        at[key] = dice.choice(TIMES)


def _odd_number(made: Json, others: list[Json], dice: Random) -> None:
    place = _of_type(made, dice, (int, float))
    if place is not None:
        place[0][place[1]] = dice.choice(NUMBERS)


def _odd_name(made: Json, others: list[Json], dice: Random) -> None:
    metadata: Any = made.get("metadata")
    if isinstance(metadata, dict):
        metadata[dice.choice(("name", "namespace", "uid"))] = dice.choice(NAMES)


def _list_changed(made: Json, others: list[Json], dice: Random) -> None:
    place = _of_type(made, dice, list)
    if place is None:
        return
    here = place[0][place[1]]
    match dice.randrange(4):
        case 0:
            here.clear()
        case 1:
            here.extend(copy.deepcopy(here))
        case 2:
            here.reverse()
        case _:
            here.extend(copy.deepcopy(here[:1]) * 40)


def _deep(made: Json, others: list[Json], dice: Random) -> None:
    place = _somewhere(made, dice)
    if place is None:
        return
    place[0][place[1]] = dice.choice((f"{DEEP}10", f"{DEEP}400", f"{DEEP}5000"))


def _unknown_version(made: Json, others: list[Json], dice: Random) -> None:
    made["apiVersion"] = dice.choice(("v99", "apps/v9alpha7", "", "a/b/c", "/", "example.com/v1"))


def _owned(made: Json, others: list[Json], dice: Random) -> None:
    """Owned by any object there is, itself included: circles come by themselves."""
    metadata = made.get("metadata")
    owner = dice.choice([made, *others])
    theirs = owner.get("metadata")
    if isinstance(metadata, dict) and isinstance(theirs, dict):
        metadata["ownerReferences"] = [
            {
                "apiVersion": owner.get("apiVersion"),
                "kind": owner.get("kind"),
                "name": theirs.get("name"),
                "uid": theirs.get("uid"),
                "controller": True,
            }
        ]


def _selector(made: Json, others: list[Json], dice: Random) -> None:
    places = [
        (at, key)
        for at, key in _places(made)
        if "elector" in str(key) and isinstance(at[key], dict)
    ]
    if places:
        at, key = dice.choice(places)
        at[key]["matchExpressions"] = [
            {
                "key": dice.choice(("app", "", "a" * 300)),
                "operator": dice.choice(OPERATORS),
                "values": dice.choice(([], [""], ["a", "b"], ["9" * 30], ["-1"])),
            }
            for _ in range(dice.randrange(3))
        ]


def _transplanted(made: Json, others: list[Json], dice: Random) -> None:
    """A part of another object, where it does not belong, or a name of another's."""
    donor = dice.choice([made, *others])
    source = _somewhere(donor, dice)
    target = _somewhere(made, dice)
    if source is not None and target is not None:
        target[0][target[1]] = copy.deepcopy(source[0][source[1]])


WAYS = (
    _missing,
    _missing,
    _null,
    _extra,
    _of_another_type,
    _odd_value,
    _odd_value,
    _odd_value,
    _odd_quantity,
    _odd_time,
    _odd_time,
    _odd_number,
    _odd_name,
    _list_changed,
    _deep,
    _unknown_version,
    _owned,
    _selector,
    _transplanted,
)
