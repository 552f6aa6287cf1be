"""What changed before a trouble: `tests/diagnosis/changes/<what_is_told>.yaml`.

`tests/cases.py` says how the snapshot is written; besides,
expect: the changes before each trouble, by the code of its cause (`Kind/name: what`)
"""

from pathlib import Path

import pytest

from holdfast.diagnosis.survey import survey
from holdfast.model.changes import Change
from tests.cases import case, snapshot_of

CASES = sorted((Path(__file__).parent / "changes").glob("*.yaml"))


def _told(change: Change) -> str:
    return f"{change.about.kind}/{change.about.name}: {change.what}"


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_what_is_told_to_have_changed_before_has_to_do_with_the_cause(path: Path) -> None:
    told = case(path)

    judged = survey(snapshot_of(told))

    changed = {each.code: [_told(c) for c in judged.changed[each.id]] for each in judged.troubles}
    assert told["expect"] == changed
