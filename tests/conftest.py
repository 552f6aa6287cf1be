"""What every test may ask for."""

import os
from collections.abc import Iterator

import hypothesis
import pytest

pytest_plugins = ["lab.fixture", "tests.contracts.summary", "tests.tally", "tests.stores"]

hypothesis.settings.register_profile("test", deadline=None)
hypothesis.settings.register_profile("prove", deadline=None, max_examples=5000)
hypothesis.settings.load_profile("prove" if os.environ.get("HOLDFAST_PROVE") == "1" else "test")


@pytest.fixture(autouse=True, scope="session")
def _state_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What scans keep for the next one is not kept where the person who runs the tests does."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
