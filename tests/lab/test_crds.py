"""Operators' own definitions: fetched by name and sum, installed whole, served when it returns."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import crds
from lab.control_plane import Lab
from lab.errors import LabError, NotBuilt
from lab.parts import Options

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bare(lab_built: None) -> Iterator[Lab]:
    """A server of its own, since nothing takes the definitions away again."""
    with Lab.start(Options(bare=True)) as lab:
        yield lab


def test_every_family_is_served_as_soon_as_it_is_installed(
    bare: Lab, definitions: list[dict[str, Any]]
) -> None:
    crds.install(bare)

    said = bare.kubectl("api-resources", "--no-headers", "-o", "name").split()
    wanted = {each["metadata"]["name"] for each in definitions}
    assert len(wanted) > 50
    assert wanted - set(said) == set()


def test_a_family_that_nobody_knows_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(LabError, match=r"No family 'istio'; there are argo-cd, cert-manager, "):
        crds.definitions(["istio"])


def test_definitions_that_cannot_be_fetched_are_said_with_what_go_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = tmp_path / "go"
    go.write_text(
        "#!/bin/sh\ncase $1 in env) echo go1.26.8; exit;; esac\n"
        'echo \'{"Path": "a", "Error": "no such host"}\'; exit 1\n'
    )
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    with pytest.raises(NotBuilt, match="The definitions could not be had: no such host"):
        crds.definitions(["keda"])


def test_they_are_printed_for_kubectl(definitions: list[dict[str, Any]]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lab", "crds", "keda"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )

    keda = [each for each in definitions if each["spec"]["group"].endswith("keda.sh")]
    assert list(yaml.safe_load_all(done.stdout)) == keda
