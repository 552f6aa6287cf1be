"""What every test may ask for."""

import os

import hypothesis

pytest_plugins = ["lab.fixture", "tests.contracts.summary", "tests.tally", "tests.stores"]

hypothesis.settings.register_profile("test", deadline=None)
hypothesis.settings.register_profile("prove", deadline=None, max_examples=5000)
hypothesis.settings.load_profile("prove" if os.environ.get("HOLDFAST_PROVE") == "1" else "test")
