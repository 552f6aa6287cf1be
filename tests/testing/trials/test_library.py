"""The library that ships can be read, and says what it is about."""

from pathlib import Path

import pytest

from holdfast.errors import BadInput
from holdfast.facts import CATALOGUE
from holdfast.testing.trials.library import HERE, library, read
from holdfast.testing.trials.trial import Expected, named
from tests.testing.trials.kit import DECOY, shipped

CODES = {rule.code for rule in CATALOGUE}


def test_every_trial_can_be_read_and_none_lies_outside_an_area() -> None:
    assert len(shipped()) == len([*HERE.rglob("*.yaml")]) - len([*HERE.glob("*.yaml")])


def test_trials_expect_codes_that_there_are() -> None:
    strangers = [
        f"{filed.name}: {code}"
        for filed in shipped()
        if isinstance(filed.trial.expect, Expected)
        for code in (
            *(code for code, _ in filed.trial.expect.cause.rights),
            *(named(text)[0] for text in filed.trial.expect.symptoms),
        )
        if code not in CODES
    ]
    assert [] == strangers


def test_a_trial_in_the_folder_of_another_area_is_refused(tmp_path: Path) -> None:
    (tmp_path / "storage").mkdir()
    path = tmp_path / "storage" / "odd.yaml"
    path.write_text(DECOY)
    with pytest.raises(BadInput, match="says that its area is workloads"):
        read(path)


def test_two_trials_of_one_name_are_refused(tmp_path: Path) -> None:
    for area in ("storage", "workloads"):
        (tmp_path / area).mkdir()
        (tmp_path / area / "same.yaml").write_text(DECOY.replace("workloads", area))
    with pytest.raises(BadInput, match="Two trials are called same"):
        library(tmp_path)
