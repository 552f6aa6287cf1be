"""The wheel alone is enough: installed into an empty environment, outside of the checkout."""

import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from bench.installed import Installed, install
from tests.house import tree

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel and its locked dependencies."""
    return install(tmp_path_factory.mktemp("wheel"))


def said_by(installed: Installed, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run something from the environment, with its own folder as home and nothing else around."""
    return subprocess.run(
        [str(each) for each in arguments],
        cwd=installed.folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(installed.folder), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_demo_runs_without_the_checkout(installed: Installed) -> None:
    done = said_by(installed, installed.holdfast, "demo", "--scan")
    assert (0, "") == (done.returncode, done.stderr)
    assert "HF-" in done.stdout
    assert "What to type next:" in done.stdout


def test_it_is_the_wheel_that_runs(installed: Installed) -> None:
    program = "import holdfast; print(holdfast.__file__)"
    done = said_by(installed, installed.python, "-c", program)
    assert done.stdout.strip().startswith(str(installed.packages))
    assert not installed.folder.is_relative_to(tree.ROOT)


def test_kubectl_finds_it_as_a_plugin(installed: Installed) -> None:
    plugin = installed.holdfast.with_name("kubectl-holdfast")
    expected = said_by(installed, installed.holdfast, "--help")
    assert expected.stdout == said_by(installed, plugin, "--help").stdout != ""


def test_the_locked_dependencies_are_all_that_it_needs(installed: Installed) -> None:
    program = "import importlib.metadata as m; print(*sorted(d.name for d in m.distributions()))"
    names = said_by(installed, installed.python, "-c", program).stdout.split()
    assert "holdfast" in names
    assert not {"pip", "pytest", "hypothesis", "mypy", "sphinx"} & {*names}


def test_the_wheel_holds_the_package_and_nothing_beside_it(installed: Installed) -> None:
    with ZipFile(installed.wheel) as wheel:
        tops = {name.split("/")[0] for name in wheel.namelist()}
    version = installed.wheel.name.split("-")[1]
    assert {"holdfast", f"holdfast-{version}.dist-info"} == tops
