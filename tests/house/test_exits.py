"""Every exit code that there is, is in the pages that people look it up in."""

from pathlib import Path

import pytest

from holdfast.surfaces.cli import exits

ROOT = Path(__file__).parents[2]
CODES = sorted({value for value in vars(exits).values() if isinstance(value, int)})


@pytest.mark.parametrize(
    ("page", "codes"),
    [
        ("reference/cli.md", CODES),
        # a pipeline runs no process that goes on
        ("how-to/in-a-pipeline.md", [code for code in CODES if code != exits.TRY_AGAIN]),
    ],
)
def test_names_each_once(page: str, codes: list[int]) -> None:
    lines = (ROOT / "docs" / page).read_text().splitlines()
    rows = [line.split("|")[1].strip() for line in lines if line.startswith("| ")]
    assert [row for row in rows if row.isdigit()] == [str(code) for code in codes]
