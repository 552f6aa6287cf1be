"""The page of the mutants is about every room, and about each survivor that has its reason."""

import re

from tests.mutation.rooms import ROOMS
from tests.mutation.telling import PAGE, excused, listed

ROW = re.compile(r"^\| (\w+) \| (\d+) \| (\d+) \| \d+ \| (\d+) \| (\d+) \| (\d+) \|", re.MULTILINE)
AGAIN = "Run: make mutants ARGS=--page"


def test_of_every_room_nine_of_ten_are_killed_and_the_others_excused() -> None:
    told = {room: [*map(int, counts)] for room, *counts in ROW.findall(PAGE.read_text())}
    assert {*ROOMS, "all"} == told.keys(), AGAIN
    for mutants, killed, survived, known, unjudged in told.values():
        assert survived == known, AGAIN
        assert mutants == killed + survived + unjudged
        assert killed >= 9 * survived


def test_it_lists_each_survivor_with_its_reason() -> None:
    told = PAGE.read_text().partition("## Survivors\n")[2]
    expected = "\n".join(listed(key, reason) for key, reason in sorted(excused().items()))
    assert expected == told.partition("holds.\n\n")[2], AGAIN
