"""The judges of the conformance kit stand alone, each short enough to be read in one sitting."""

import ast
import sys
from pathlib import Path
from types import ModuleType

import pytest

from holdfast.actions import CLOSED_SET
from holdfast.conformance import restated, witnessed
from holdfast.conformance.sights import ACTIONS

MOST_LINES = 250
JUDGES = pytest.mark.parametrize(
    "judge", [restated, witnessed], ids=["the restatement", "the judge of the log"]
)


@JUDGES
def test_it_imports_nothing_but_the_standard_library(judge: ModuleType) -> None:
    names = []
    for node in ast.walk(ast.parse(_text(judge))):
        match node:
            case ast.Import():
                names += [each.name for each in node.names]
            case ast.ImportFrom():
                names.append(node.module or "")
    assert names
    assert set() == {name.partition(".")[0] for name in names} - sys.stdlib_module_names


@JUDGES
def test_it_is_short(judge: ModuleType) -> None:
    assert len(_text(judge).splitlines()) <= MOST_LINES


def _text(judge: ModuleType) -> str:
    return Path(judge.__file__ or "").read_text()


def test_it_knows_each_kind_and_so_does_the_suite() -> None:
    kinds = {each.kind.name for each in CLOSED_SET}
    assert kinds == restated.ON | restated.OFF == set(restated.CLASS) == set(ACTIONS)
