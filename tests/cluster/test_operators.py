"""Custom resources through the real API server, with their operators' own definitions."""

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.control_plane import Lab
from tests.cluster.families import FILES, Made, expected, read

pytestmark = pytest.mark.xdist_group("operators")


@pytest.fixture
def made(operators: Lab) -> Iterator[tuple[Lab, str, Made]]:
    """A namespace of its own, which ends with the lab, and something that fills it."""
    name, client = f"t-{secrets.token_hex(4)}", operators.client()
    operators.kubectl("create", "namespace", name)
    made = Made(client, name)
    yield operators, name, made
    made.unmake()
    client.close()


def found(lab: Lab, namespace: str) -> set[tuple[str, str]]:
    """What a scan of the namespace finds, also what is still within its grace."""
    command = [sys.executable, "-m", "holdfast", "scan", "--kubeconfig", str(lab.kubeconfig())]
    options = ["-n", namespace, "-o", "json", "--young", "--fail-on", "never"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    return {
        (each["code"], f"{each['about']['kind']} {each['about']['name']}")
        for each in (*said["findings"], *said["young"])
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_broken_is_found_and_what_is_healthy_is_not(
    made: tuple[Lab, str, Made], path: Path
) -> None:
    lab, namespace, objects = made
    family = read(path)

    objects.make(family["healthy"])
    assert found(lab, namespace) == set()
    objects.make(family["broken"])
    wanted = set(expected(family))
    for _ in range(5):  # a second passes before a backup is due whose schedule was just made
        said = found(lab, namespace)
        if said == wanted:
            break

    assert said == wanted
