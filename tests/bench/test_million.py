"""A record of any length is verified in the same memory; a million entries where all is proven."""

from pathlib import Path

import pytest

from bench import million
from bench.workbench import Workbench
from tests.tally import Count, Tally


@pytest.mark.slow
@pytest.mark.timeout(2 * million.LONGEST)
def test_memory_does_not_grow_with_the_record(tmp_path: Path, tally: Tally, prove: bool) -> None:
    count, longs = (million.MILLION, million.TEN_GIGABYTES) if prove else (6_000, 20)

    entry = million.measured(Workbench(folder=tmp_path, wished=1), count, longs)

    missed = [each.what for each in entry.figures if each.met is False]
    tally(Count("audit: entries verified in bounded memory", count, failures=len(missed)))
    assert missed == []
