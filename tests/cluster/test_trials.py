"""Trials on a lab: their one cause is found, and nothing else is said; `make prove` plays all."""

import asyncio
from collections.abc import Iterator

import pytest

from holdfast.testing.trials.library import library
from holdfast.testing.trials.score import figures
from lab.control_plane import Lab
from lab.crds import install
from lab.parts import Options
from lab.trials.run import Played, line, run
from tests.tally import Count, Tally

SEED = 20261128
# One or two of each sort that need nothing special: played in `make test`.
A_FEW = {
    "class_missing",
    "decoy_cordoned",
    "decoy_rolling_update_in_progress",
    "decoy_waits_for_first_consumer",
    "image_not_found",
    "key_missing_in_configmap",
    "quota_chain",
    "webhook_without_endpoints",
}


@pytest.fixture(scope="module")
def stage(lab_built: None) -> Iterator[Lab]:
    """A lab of its own: what other tests break there would be a false alarm here."""
    with Lab.start(Options(pace=0.1, audit=False)) as lab:
        yield lab


@pytest.mark.slow
@pytest.mark.xdist_group("trials")
@pytest.mark.timeout(3600)
def test_each_fault_has_its_cause_on_top_and_nothing_else_is_said(
    stage: Lab, prove: bool, tally: Tally
) -> None:
    trials = [filed for filed in library() if prove or filed.name in A_FEW]
    if needs := {family for filed in trials for family in filed.trial.needs}:
        install(stage, sorted(needs))
    played: Played = asyncio.run(run(stage, trials, seed=SEED, say=print))
    found = figures(played.outcomes, strangers=len(played.strangers))
    tally(Count("trials: causes on top", found.faults, found.faults - found.right, SEED))
    tally(Count("trials: decoys and neighbours in silence", found.decoys, found.alarms, SEED))
    assert not played.strangers
    assert found.good, "\n".join(line(outcome) for outcome in played.outcomes)
