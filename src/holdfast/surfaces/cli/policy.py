"""What `holdfast policy` does: a first leash, whether one is sound, and what it answers."""

from pathlib import Path

from holdfast.actions import CLOSED_SET
from holdfast.ports import Standing
from holdfast.surfaces.cli.doors import Doors
from holdfast.surfaces.cli.exits import FAULTS, NOTHING
from holdfast.surfaces.cli.odd import odd
from holdfast.surfaces.cli.text import clean
from holdfast.workflow.trying import fails

STARTER = Path(__file__).with_name("starter")


def init(doors: Doors, folder: Path) -> int:
    """Write what is missing of a first leash."""
    first = {each.name: each.read_bytes() for each in sorted(STARTER.iterdir())}
    written = doors.policy.begin(folder, first)
    for name in first:
        print(f"{folder / name}  {'written' if name in written else 'left as it is'}")
    print("Put yourself into people.yaml, then: holdfast policy lint && holdfast policy test")
    return NOTHING


def lint(doors: Doors, folder: Path) -> int:
    """Whether it is sound, and what looks odd."""
    standing = doors.policy.standing(folder)
    rules, people = standing.rules, standing.people.people
    on = [each.kind.name for each in CLOSED_SET if each.kind.on or each.kind.name in _on(standing)]
    print(f"{folder}: the keeper would take it (version {standing.folder[:12]}).")
    print(f"  may be done    {', '.join(on)}")
    print(f"  never touched  what is compiled in, and {_listed(rules.protected)}")
    print(f"  people         {len(people)}")
    looks_odd = list(odd(standing))
    for each in looks_odd:
        print(f"  odd: {clean(each)}")
    return FAULTS if looks_odd else NOTHING


def test(doors: Doors, folder: Path, tests: Path) -> int:
    """Each test in a line, and how many failed."""
    standing, told = doors.policy.standing(folder), doors.policy.tests(tests)
    failed = 0
    for each in told.tests:
        wrong = fails(each, standing.rules, standing.operator)
        failed += bool(wrong)
        print(f"{'FAILS' if wrong else 'ok   '}  {clean(each.name)}")
        if wrong:
            print(f"       {clean(wrong)}")
    print(f"{len(told.tests)} tests, {failed} failed")
    return FAULTS if failed else NOTHING


def _on(standing: Standing) -> frozenset[str]:
    return standing.rules.switched_on


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "nothing else"
