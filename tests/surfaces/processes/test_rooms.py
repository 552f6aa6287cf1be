"""What the keeper loads, lazily or not: no door, no model, no reasoning, no fakes.

It acts, so it has a client of the cluster; of the diagnosis it has the pairing of causes and
repairs, by which it judges what was proposed.
"""

import json
import subprocess
import sys

import pytest

from tests.surfaces.processes.running import PATIENCE, environment
from tests.surfaces.processes.test_processes import state

__all__ = ["state"]

LIVED = """
import json, sys
from holdfast import wiring
code = wiring.main(["keeper", "--until-input-ends"])
print(json.dumps([code, sorted(sys.modules)]))
"""
NEVER = (
    "holdfast.surfaces.processes.listener",
    "holdfast.surfaces.processes.health",
    "holdfast.surfaces.processes.pair",
    "holdfast.adapters.llm",
    "holdfast.adapters.sources",
    "holdfast.diagnosis.",
    "holdfast.conformance",
    "holdfast.testing",
)
BUT = ("holdfast.diagnosis.repairs",)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_keeper_that_lived_and_ended_has_loaded_no_door_and_no_model(
    state: object,
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LIVED],
        env=environment({"state_dir": str(state)}),
        input=b"",
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )

    code, loaded = json.loads(ended.stdout.splitlines()[-1])
    assert code == 0, ended.stderr.decode()
    assert "holdfast.workflow.keeping" in loaded
    assert [] == [each for each in loaded if each.startswith(NEVER) and each not in BUT]
