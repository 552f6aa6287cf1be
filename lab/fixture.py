"""For tests: one lab for all who ask for it, and a namespace of its own for each test.

Whoever asks for `lab` is marked `lab`, and with pytest-xdist all of them run in one worker
(`--dist loadgroup`), so that there is one lab; it ends with the last of them. A test that needs
another kind of lab starts its own with `Lab.start`; asking for `lab_built` first gives it the same
answer where none can be had.
`definitions` are those of the operators, for `lab.crds.install`: in a lab of the test's own, for
other tests rely on a cluster that serves none.
"""

import os
import secrets
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest

from lab import crds
from lab.build import find_binaries
from lab.control_plane import Lab
from lab.errors import LabError, NotBuilt
from lab.parts import Options
from lab.sharing import Share

# The played kubelets are ten times as fast as real ones: the first back-off is over in a second.
PACE = 0.1
_NAMESPACES = "/api/v1/namespaces"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "lab: needs the real control plane (make lab)")
    config.addinivalue_line("markers", "xdist_group(name): tests that share a worker")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups, or each worker has its own lab
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"lab_built", "definitions"} & {*getattr(item, "fixturenames", ())}:
            item.add_marker(pytest.mark.lab)
            # A test with a lab of its own names a group of its own, and may run beside the others.
            if item.get_closest_marker("xdist_group") is None:
                item.add_marker(pytest.mark.xdist_group("lab"))


@pytest.fixture(scope="session")
def lab_built() -> None:
    """Skips with one line where the lab is not built; fails instead when CI=true."""
    try:
        find_binaries()
    except NotBuilt as missing:
        _cannot_be_had(missing)


@pytest.fixture(scope="session")
def definitions() -> list[dict[str, Any]]:
    """The CustomResourceDefinitions of every family; skips or fails as `lab_built` does."""
    try:
        return crds.definitions()
    except NotBuilt as missing:
        _cannot_be_had(missing)


def _cannot_be_had(missing: NotBuilt) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(str(missing), pytrace=False)
    pytest.skip(str(missing))


@pytest.fixture(scope="session")
def lab(lab_built: None, share: Share) -> Lab:  # noqa: ARG001
    """The session's lab: three nodes, audit log on, kubelets ten times as fast."""
    return share(Lab.start(Options(pace=PACE)))


@pytest.fixture
def lab_namespace(lab: Lab) -> Iterator[str]:
    """A namespace that nobody else uses; its end is begun, not awaited."""
    name = f"t-{secrets.token_hex(4)}"
    client = lab.client()
    made = client.send("POST", _NAMESPACES, body={"metadata": {"name": name}})
    if not made.ok:
        raise LabError(f"A namespace could not be made: {made.body.decode()}")
    yield name
    client.send("DELETE", f"{_NAMESPACES}/{name}")
    client.close()
