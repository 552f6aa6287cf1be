"""What every test may ask for."""

import gc
import os
from collections.abc import Iterator

import hypothesis
import pytest

pytest_plugins = [
    "tests.proving",
    "lab.sharing",
    "lab.fixture",
    "tests.contracts.summary",
    "tests.tally",
    "tests.stores",
    "tests.engines",
    "tests.folders",
]

LONGEST_NAME = 100  # characters of a value that stands in the name of a test

hypothesis.settings.register_profile("test", deadline=None)
hypothesis.settings.register_profile("prove", deadline=None, max_examples=5000)
hypothesis.settings.load_profile("prove" if os.environ.get("HOLDFAST_PROVE") == "1" else "test")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests come first: quick ones fill up what the workers have left in the end."""
    items.sort(key=lambda each: not {"slow", "lab"} & {mark.name for mark in each.iter_markers()})


def pytest_collection_finish() -> None:
    """What was read lives to the end: whoever collects later need not look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _state_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What scans keep for the next one is not kept where the person who runs the tests does."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def cut_short() -> Iterator[None]:
    """For tests that end tasks in the middle of a request, as a process that dies does: a socket
    that was being closed then is left to the collector, which comes here and in no other test.
    """
    yield
    gc.collect()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A name for what is too long to be one: names travel to the workers and back, with results."""
    if isinstance(val, str | bytes) and len(val) > LONGEST_NAME:
        return f"{argname} of {len(val)}"
    return None
