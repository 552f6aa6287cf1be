"""`python -m lab` for people, and the fixture where no lab can be had."""

import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from lab.build import find_binaries

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TEST = "def test_it(lab): pass\n"


def python(
    *args: str | Path, checkout: str | Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(checkout)} | environment,
    )


def test_check_says_in_its_last_line_how_long_it_took(lab_built: None) -> None:
    done = python("-m", "lab", "check")

    assert done.returncode == 0
    assert re.fullmatch(
        r"lab-check: ready in [\d.]+ s, a pod running after [\d.]+ s, stopped in [\d.]+ s",
        done.stdout.splitlines()[-1],
    )


def test_a_detached_lab_is_used_and_stopped(lab_built: None, tmp_path: Path) -> None:
    assets = tmp_path / "assets"
    assets.mkdir()
    for name, path in find_binaries().items():
        (assets / name).symlink_to(path)
    # A cache of its own, so that a lab that somebody keeps open on this machine is left alone.
    own = {"HOLDFAST_LAB_CACHE": str(tmp_path), "KUBEBUILDER_ASSETS": str(assets)}
    other = tmp_path / "other"
    shutil.copytree(ROOT / "lab", other / "lab")
    up = python("-m", "lab", "up", "--detach", "--nodes=1", **own)
    try:
        elsewhere = python("-m", "lab", "down", checkout=other, **own)
        again = python("-m", "lab", "up", "--detach", **own)
        kubeconfig = re.findall(r"export KUBECONFIG=(\S+)", up.stdout)[0]
        nodes = subprocess.run(
            [assets / "kubectl", "--kubeconfig", kubeconfig, "get", "nodes", "--no-headers"],
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        down = python("-m", "lab", "down", **own)

    assert "No detached lab of this checkout" in elsewhere.stderr
    assert nodes.stdout.split()[:2] == ["node-0", "Ready"]
    assert (again.returncode, "is running already" in again.stderr) == (2, True)
    assert down.stdout == "lab: stopped\n"
    assert not Path(kubeconfig).exists()


def test_a_detached_lab_that_ended_by_itself_leaves_its_last_words(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "lab", checkout / "lab")
    note = tmp_path / f"detached-{sha256(bytes(checkout)).hexdigest()[:12]}.json"
    note.write_text('{"pid": 0}')
    note.with_suffix(".log").write_text(
        "lab: ready\nlab: Ctrl-C here stops it and removes everything\nlab: etcd ended with 1\n"
    )

    first = python("-m", "lab", "down", checkout=checkout, HOLDFAST_LAB_CACHE=str(tmp_path))
    again = python("-m", "lab", "down", checkout=checkout, HOLDFAST_LAB_CACHE=str(tmp_path))

    assert first.stderr == "lab: The detached lab has ended by itself. etcd ended with 1\n"
    assert again.stderr == "lab: No detached lab of this checkout is running.\n"


@pytest.mark.slow
@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 error")])
def test_without_a_lab_a_test_is_skipped_and_fails_in_ci(
    ci: str, outcome: str, tmp_path: Path
) -> None:
    (tmp_path / "test_it.py").write_text(TEST)
    flags = ("-q", "-rs", "-p", "lab.fixture", "-p", "no:cacheprovider", "--rootdir", tmp_path)
    environment = {"HOLDFAST_LAB_CACHE": str(tmp_path), "CI": ci, "KUBEBUILDER_ASSETS": ""}
    done = python("-m", "pytest", "-c", os.devnull, *flags, tmp_path / "test_it.py", **environment)

    assert outcome in done.stdout
    assert "are not built yet: python -m lab build" in done.stdout


def test_what_is_not_built_is_said_in_one_line(tmp_path: Path) -> None:
    done = python("-m", "lab", "check", HOLDFAST_LAB_CACHE=str(tmp_path), KUBEBUILDER_ASSETS="")

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "python -m lab build" in done.stderr
