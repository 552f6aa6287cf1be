"""A scan of a lab with many pods beside kubectl; `make prove` does it with twenty thousand."""

import sys
from pathlib import Path

import pytest

from bench import big_lab
from bench.figures import Entry
from bench.scan_lab import fill
from bench.table import table
from bench.workbench import Workbench
from lab.control_plane import Lab
from lab.parts import Options
from tests.tally import Count, Tally


def measured(folder: Path, *, prove: bool) -> Entry:
    """At full size as the benchmark does it; else two namespaces, with the package as it is."""
    if prove:
        return big_lab.run(Workbench(folder=folder))
    with Lab.start(Options(quiet=True, audit=False), folder=folder / "lab") as lab:
        fill(lab, namespaces=2)
        holdfast = Path(sys.executable).with_name("holdfast")
        return big_lab.compared(lab, holdfast, folder, namespaces=2, rounds=1)


@pytest.mark.slow
@pytest.mark.xdist_group("big lab")
@pytest.mark.timeout(2 * big_lab.PATIENCE)
@pytest.mark.usefixtures("lab_built")
def test_a_scan_beside_kubectl_and_the_floor(tmp_path: Path, tally: Tally, *, prove: bool) -> None:
    entry = measured(tmp_path, prove=prove)
    judged = [figure for figure in entry.figures if figure.met is not None]
    # With two hundred pods, starting outweighs reading: then nothing but the measuring is tested.
    missed = [figure.what for figure in judged if prove and not figure.met]
    tally(Count("scan beside kubectl: pods on the lab", n=entry.n, failures=len(missed)))
    assert [] == missed, table([entry])
    assert 3 == len(judged)
    assert min(value for figure in entry.figures for value in figure.values) > 0
