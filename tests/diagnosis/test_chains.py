"""Whole chains by the catalogue itself: `tests/diagnosis/chains/<what_explains_what>.yaml`.

`tests/cases.py` says how the snapshot is written; besides,
expect: the troubles, each as its findings (`CODE Kind/namespace/name`), the cause first
"""

from pathlib import Path

import pytest

from holdfast.diagnosis.survey import survey
from holdfast.model.rules import Finding
from tests.cases import case, snapshot_of

CASES = sorted((Path(__file__).parent / "chains").glob("*.yaml"))


def _told(finding: Finding) -> str:
    about = finding.about
    where = f"{about.namespace}/" if about.namespace else ""
    return f"{finding.code} {about.kind}/{where}{about.name}"


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_the_chain_is_one_trouble_in_the_order_in_which_it_follows(path: Path) -> None:
    told = case(path)

    troubles = survey(snapshot_of(told)).troubles

    assert told["expect"] == [[_told(f) for f in trouble.findings] for trouble in troubles]
