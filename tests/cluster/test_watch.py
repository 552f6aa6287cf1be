"""A watch of a real API server: what breaks is told, and the server may come and go."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bench.watch_lab import watching
from lab.control_plane import Lab
from lab.parts import Options

HOLDFAST = Path(sys.executable).with_name("holdfast")
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "orphan", "namespace": "default"},
    "spec": {
        "storageClassName": "none-of-that-name",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    },
}


@pytest.fixture(scope="module")
def lonely_lab(lab_built: None) -> Iterator[Lab]:
    """An API server that nobody else needs, so that it may be killed."""
    with Lab.start(Options(bare=True, audit=False)) as lab:
        yield lab


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.xdist_group("lab")
def test_a_fault_is_told_and_so_is_its_end_although_the_server_was_killed_in_between(
    lonely_lab: Lab, tmp_path: Path
) -> None:
    lab = lonely_lab
    with watching(HOLDFAST, lab.kubeconfig(), tmp_path) as ear:
        begun, _ = ear.until("begin")
        lab.kubectl("create", "-f", "-", stdin=yaml.safe_dump(CLAIM))
        new, _ = ear.until("new", "orphan")

        lab.stop_apiserver(signal.SIGKILL)
        lost, _ = ear.until("lost")
        lab.start_apiserver()
        ear.until("heard")

        lab.kubectl("delete", "pvc", "orphan", "-n", "default", "--wait=false")
        lab.kubectl(
            "patch", "pvc", "orphan", "-n", "default", "-p", '{"metadata":{"finalizers":[]}}'
        )
        gone, _ = ear.until("gone", "orphan")

    assert begun["cluster"]["uid"] == gone["cluster"]["uid"]
    assert new["subject"]["code"] == "HF-STO-002"
    assert new["subject"]["id"] == gone["subject"]["id"]
    assert (lost["kinds"], bool(lost["why"]), bool(lost["since"])) == ([], True, True)


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.xdist_group("lab")
def test_a_server_that_hangs_is_one_line_and_so_is_its_return(
    lonely_lab: Lab, tmp_path: Path
) -> None:
    api_server = lonely_lab.pids["kube-apiserver"]
    with watching(HOLDFAST, lonely_lab.kubeconfig(), tmp_path) as ear:
        ear.until("begin")
        os.kill(api_server, signal.SIGSTOP)
        try:
            lost, _ = ear.until("lost")
        finally:
            os.kill(api_server, signal.SIGCONT)
        heard, _ = ear.until("heard")

    assert (lost["kinds"], heard["kinds"]) == ([], [])
    assert lost["why"] == "no answer within 5 s"
