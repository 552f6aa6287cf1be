"""The lab as a place: it starts, is left without a trace, and says what is wrong with it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple
from pathlib import Path

import pytest

from lab.control_plane import Lab
from lab.errors import DidNotStart, LabError, NotAllowed
from lab.parts import Options, Ports

BARE = Options(bare=True)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def eventually(met: Callable[[], object], within: float = 20) -> None:
    deadline = time.monotonic() + within
    while not met():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def members(group: int) -> list[int]:
    """Living processes of a process group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, pgrp = stat.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(pgrp) == group and state != "Z":
            found.append(int(stat.parent.name))
    return found


def listening(ports: Ports) -> list[int]:
    return [port for port in astuple(ports) if not is_free(port)]


def test_is_ready_in_time_and_leaves_nothing(lab_built: None, tmp_path: Path) -> None:
    began = time.monotonic()
    with Lab.start(folder=tmp_path / "lab") as lab:
        took = time.monotonic() - began
        nodes = lab.kubectl("get", "nodes", "--no-headers").splitlines()
        assert [line.split()[:2] for line in nodes] == [
            ["node-0", "Ready"],
            ["node-1", "Ready"],
            ["node-2", "Ready"],
        ]
        assert took < 15
        assert len(members(lab.process_group)) == 7  # six parts and their supervisor
        assert listening(lab.ports)

    assert members(lab.process_group) == []
    assert listening(lab.ports) == []
    assert not (tmp_path / "lab").exists()
    lab.stop()  # twice is no error


def test_two_labs_stand_side_by_side(lab_built: None) -> None:
    with Lab.start(BARE) as one, Lab.start(BARE) as other:
        one.kubectl("create", "namespace", "only-here")

        assert "only-here" in one.kubectl("get", "namespaces")
        assert "only-here" not in other.kubectl("get", "namespaces")
        assert set(astuple(one.ports)).isdisjoint(astuple(other.ports))


_PARENT = """
import sys, time
from pathlib import Path
from lab.control_plane import Lab
from lab.parts import Options
lab = Lab.start(Options(bare={bare}), folder=Path({folder!r}))
print(lab.process_group, *(getattr(lab.ports, each) for each in lab.ports.__slots__), flush=True)
time.sleep(600)
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[Callable[[bool], tuple[subprocess.Popen[str], list[int]]]]:
    """Starts a lab in a process of its own; its process group and ports."""
    started: list[subprocess.Popen[str]] = []

    def start(bare: bool) -> tuple[subprocess.Popen[str], list[int]]:
        script = _PARENT.format(bare=bare, folder=str(tmp_path / "lab"))
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        started.append(process)
        assert process.stdout is not None
        return process, [int(word) for word in process.stdout.readline().split()]

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


Start = Callable[[bool], tuple[subprocess.Popen[str], list[int]]]


def test_ends_with_a_parent_that_is_killed(lab_built: None, parent: Start, tmp_path: Path) -> None:
    process, (group, *ports) = parent(False)
    assert len(members(group)) == 7
    process.kill()

    eventually(lambda: not members(group))
    eventually(lambda: all(is_free(port) for port in ports))
    eventually(lambda: not (tmp_path / "lab").exists())


def test_ends_even_when_its_supervisor_is_killed(lab_built: None, parent: Start) -> None:
    _, (group, *_ports) = parent(True)
    os.kill(group, signal.SIGKILL)

    eventually(lambda: not members(group))


def test_says_which_part_fell_over_and_what_it_said(lab_built: None) -> None:
    options = Options(bare=True, apiserver_args=("--no-such-flag",))

    with pytest.raises(DidNotStart, match=r"kube-apiserver ended with 1.*(?s:.*)--no-such-flag"):
        Lab.start(options)


def test_the_logs_outlive_a_lab_of_which_a_part_has_fallen_over(
    lab_built: None, tmp_path: Path
) -> None:
    with Lab.start(BARE, folder=tmp_path / "lab") as lab:
        os.kill(lab.pids["kube-apiserver"], signal.SIGKILL)
        with pytest.raises(DidNotStart, match="kube-apiserver ended with -9") as fell:
            lab.wait_until_a_part_ends()

    kept = Path(str(fell.value).rpartition(" ")[2])
    assert not (tmp_path / "lab").exists()
    assert (kept / "kube-apiserver.log").stat().st_size > 0
    shutil.rmtree(kept)


def test_knows_its_identities_and_no_others(lab: Lab) -> None:
    with pytest.raises(NotAllowed, match="Forbidden"):
        lab.kubectl("get", "pods", as_="nobody")
    with pytest.raises(LabError, match="No identity 'stranger'"):
        lab.kubeconfig("stranger")
    assert "holdfast:approvers" in lab.kubectl("auth", "whoami", as_="approver")


def test_a_right_that_is_bound_is_a_right(lab: Lab, lab_namespace: str) -> None:
    with pytest.raises(NotAllowed):
        lab.kubectl("get", "pods", "-n", lab_namespace, as_="reader")
    lab.kubectl(
        "create", "rolebinding", "r", "--clusterrole=view", "--user=reader", "-n", lab_namespace
    )

    lab.wait(lambda: _may_list(lab, lab_namespace), within=10, what="the right to list pods")


def _may_list(lab: Lab, namespace: str) -> bool:
    try:
        lab.kubectl("get", "pods", "-n", namespace, as_="reader")
    except NotAllowed:
        return False
    return True


def test_takes_a_client_certificate_and_refuses_an_expired_one(lab: Lab) -> None:
    def whoami(certificate: Path, key: Path) -> str:
        flags = (f"--client-certificate={certificate}", f"--client-key={key}")
        # kubectl prefers the kubeconfig's token, so that there must be none.
        config = f"--kubeconfig={os.devnull}"
        server = (f"--server={lab.url}", f"--certificate-authority={lab.ca_file}")
        return lab.kubectl("auth", "whoami", config, *server, *flags)

    good, expired = lab.admin_certificate, lab.expired_certificate

    assert "admin-by-certificate" in whoami(good.certificate, good.key)
    with pytest.raises(NotAllowed, match=r"expired|Unauthorized|provide credentials"):
        whoami(expired.certificate, expired.key)


def test_writes_down_who_asked_for_what(lab: Lab, lab_namespace: str) -> None:
    mark = lab.audit_mark()
    lab.kubectl("create", "secret", "generic", "s", "--from-literal=a=b", "-n", lab_namespace)
    lab.kubectl("get", "pods", "-n", lab_namespace, "-l", "app=web")

    events = [each for each in lab.audit_events(mark) if each.namespace == lab_namespace]
    secret = next(each for each in events if each.resource == "secrets")
    pods = next(each for each in events if each.resource == "pods" and each.user == "admin")

    assert (secret.user, secret.verb, secret.code) == ("admin", "create", 201)
    assert secret.raw["requestObject"]["data"] == {"a": "Yg=="}
    assert "labelSelector=app%3Dweb" in pods.uri
    assert "responseObject" not in pods.raw


def test_the_server_comes_back_on_its_port(lab_built: None) -> None:
    with Lab.start(BARE) as lab:
        lab.kubectl("create", "namespace", "stays")
        lab.stop_apiserver()
        assert is_free(lab.ports.api)
        lab.start_apiserver()
        assert "stays" in lab.kubectl("get", "namespaces")
        lab.restart_apiserver(signal.SIGKILL)
        assert "stays" in lab.kubectl("get", "namespaces")


def test_history_is_gone_after_compaction(lab_built: None) -> None:
    with Lab.start(Options(bare=True, watch_cache=False)) as lab:
        client = lab.client()
        first = client.get("/api/v1/namespaces").json()["metadata"]["resourceVersion"]
        for index in range(3):
            lab.kubectl("create", "namespace", f"n-{index}")
        lab.compact()
        query = {"resourceVersion": first}
        line = next(iter(client.watch("/api/v1/namespaces", query=query, seconds=5)))
        client.close()

        assert b'"code":410' in line.replace(b" ", b"")


def test_pods_live_on_through_a_restart_of_the_server(lab_built: None) -> None:
    with Lab.start(Options(pace=0.1)) as lab:
        lab.restart_apiserver()
        lab.kubectl("create", "deployment", "web", "--image=registry.example/app:1")
        lab.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
