"""Every contract bites: broken on purpose, for every room that it names, and seen caught."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.house.breakages import Copy, Link, allowed_by, contracts, floors, rooms
from tests.tally import Count, Tally

pytestmark = pytest.mark.slow  # every breakage is written and judged: 10 s and more

SUITE = "house: contracts broken, and seen caught"

# Three ways to write an import; the linter must see each.
FORMS = ("import {0}", "from {0} import __name__ as _", "def _later() -> None: import {0}")


def break_layers(copy: Copy) -> Iterator[Link]:
    """Each room imports each room above it, and each on its own floor."""
    for height, floor in enumerate(floors()):
        for room in floor:
            for target in (r for above in floors()[: height + 1] for r in above if r != room):
                importer = copy.write_inside(room, f"import holdfast.{target}")
                yield Link(importer, f"holdfast.{target}")


def break_forbidden(contract: str, copy: Copy) -> Iterator[Link]:
    """Each room that is not let through imports each banned module; so does a room to come."""
    banned = contracts()[contract]["forbidden_modules"]
    assert isinstance(banned, list)
    copy.write("annex.__init__", "")
    for room in [*rooms(), "annex"]:
        if room in allowed_by(contract):
            continue
        for number, module in enumerate(banned):
            importer = copy.write_inside(room, FORMS[number % len(FORMS)].format(module))
            yield Link(importer, module)


def break_mutating(copy: Copy) -> Iterator[Link]:
    """Everybody but wiring imports what mutates, its neighbours in the folder included."""
    mutating = [f"adapters.kubernetes.{name}" for name in ("hands", "leases", "install", "doors")]
    for module in mutating:
        copy.write(module, "")
    neighbours = ["adapters.kubernetes.neighbour", *mutating]
    for module in mutating:
        for room in [r for r in rooms() if r != "wiring"] + neighbours:
            if room != module:
                importer = copy.write_inside(room, f"import holdfast.{module}")
                yield Link(importer, f"holdfast.{module}")


def break_adapters(copy: Copy) -> Iterator[Link]:
    """An adapter that exists and one that does not import each room but the three."""
    for adapter in ("adapters.kubernetes", "adapters.chat"):
        copy.write(f"{adapter}.__init__", "")
        for room in rooms():
            if room not in {"adapters", "ports", "model", "errors"}:
                importer = copy.write_inside(adapter, f"import holdfast.{room}")
                yield Link(importer, f"holdfast.{room}")


def break_engine(copy: Copy) -> Iterator[Link]:
    """Each room, and the neighbour of the one module that may, imports the engine's library."""
    for room in [*rooms(), "adapters.engine.neighbour"]:
        yield Link(copy.write_inside(room, "import dbos"), "dbos")


def break_family(family: str, copy: Copy) -> Iterator[Link]:
    """Each member of a family imports a new one, and that one another."""
    for member in [*copy.members(family), "newcomer"]:
        importer = copy.write_inside(f"{family}.{member}", f"import holdfast.{family}.stranger")
        copy.write(f"{family}.stranger", "")
        yield Link(importer, f"holdfast.{family}.stranger")


def break_catalogue(copy: Copy) -> Iterator[Link]:
    """Each fact imports the catalogue that imports it."""
    for member in [*copy.members("facts"), "newcomer"]:
        importer = copy.write_inside(f"facts.{member}", "from holdfast.facts import CATALOGUE")
        yield Link(importer, "holdfast.facts")


BREAKERS: dict[str, Callable[[Copy], Iterator[Link]]] = {
    "layers": break_layers,
    "world": partial(break_forbidden, "world"),
    "waiting": partial(break_forbidden, "waiting"),
    "mutating": break_mutating,
    "adapters": break_adapters,
    "engine": break_engine,
    "policy-family": partial(break_family, "policy"),
    "facts-family": partial(break_family, "facts"),
    "facts-catalogue": break_catalogue,
    "adapters-family": partial(break_family, "adapters"),
    "surfaces-family": partial(break_family, "surfaces"),
}


@pytest.mark.parametrize("contract", BREAKERS)
def test_each_import_that_a_contract_forbids_is_reported(
    contract: str, tmp_path: Path, tally: Tally
) -> None:
    copy = Copy(tmp_path)
    broken = set(BREAKERS[contract](copy))
    missed = broken - copy.links(contract)
    tally(Count(SUITE, len(broken), len(missed)))
    assert set() == missed


def test_an_undeclared_room_is_reported(tmp_path: Path, tally: Tally) -> None:
    copy = Copy(tmp_path)
    copy.write("annex.__init__", "")
    said = copy.import_linter("layers")
    missed = int("- holdfast.annex\n" not in said)
    tally(Count(SUITE, 1, missed))
    assert missed == 0


def test_a_cycle_in_any_folder_is_reported(tmp_path: Path, tally: Tally) -> None:
    copy = Copy(tmp_path)
    copy.write("errors", "import holdfast.model")
    folders = copy.folders()
    for folder in folders:
        copy.write(f"{folder}.there", f"import holdfast.{folder}.back")
        copy.write(f"{folder}.back", f"import holdfast.{folder}.there")
    said = copy.import_linter("cycles")
    cyclic = ["holdfast", *(f"holdfast.{folder}" for folder in folders)]
    missed = [each for each in cyclic if f"No cycles are allowed in {each}.\n" not in said]
    tally(Count(SUITE, len(cyclic), len(missed)))
    assert [] == missed


def test_the_copy_keeps_every_contract_until_it_is_broken(tmp_path: Path) -> None:
    said = Copy(tmp_path).import_linter()
    assert f"Contracts: {len(contracts())} kept, 0 broken." in said


def test_no_contract_goes_unbroken() -> None:
    assert set(contracts()) == {*BREAKERS, "cycles"}


def test_the_house_bans_at_least_these_modules_and_lets_no_pure_room_through() -> None:
    floor = {
        *("os", "socket", "subprocess", "ssl", "http", "urllib", "sqlite3", "time", "random"),
        *("secrets", "logging", "threading"),
        *("httpx2", "h11", "rich", "cyclopts", "pydantic_settings", "cryptography"),
    }
    banned = contracts()["world"]["forbidden_modules"]
    assert isinstance(banned, list)
    assert set() == floor - {*banned}
    may_touch = {"__main__", "wiring", "settings", "surfaces", "adapters", "testing", "conformance"}
    assert may_touch == allowed_by("world")
    assert may_touch - {"settings"} | {"workflow"} == allowed_by("waiting")


def test_no_contract_looks_away_but_where_the_house_says() -> None:
    looking_away = {name for name, each in contracts().items() if "ignore_imports" in each}
    assert {"world", "waiting", "adapters", "engine"} == looking_away
    assert {"adapters.engine.transact"} == allowed_by("engine")
    lets_in = contracts()["adapters"]["ignore_imports"]
    assert isinstance(lets_in, list)
    known = ("ports", "ports.**", "model", "model.**", "errors")
    assert {f"holdfast.adapters.** -> holdfast.{each}" for each in known} == {*lets_in}
