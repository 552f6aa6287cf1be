"""`holdfast conformance --kubeconfig` on a real control plane, with all fences and without one."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from holdfast import wiring
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.kubernetes.kubeconfig import connect_to
from holdfast.conformance.approved import FORGED, MOST
from holdfast.conformance.changed import CHANGES
from holdfast.conformance.fenced import fenced as fenced_suites
from holdfast.grants.names import KINDS
from holdfast.grants.policies import GROUP
from holdfast.model.documents import Document
from holdfast.model.leases import Left, Loan
from holdfast.model.leash import Leash
from holdfast.model.people import People
from holdfast.ports.leases import NotLent
from holdfast.ports.probing import Bench, Door, Installation
from holdfast.wiring.probing import bench
from lab import crds
from lab.client import Client
from lab.control_plane import Lab
from lab.parts import Options
from tests.proving import PROVE
from tests.tally import Count, Tally

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("conformance"), pytest.mark.timeout(1800)]

SEED = 20261128
BREAK = "--i-may-break-this-cluster"
SECRETS = "/api/v1/namespaces/holdfast-leases/secrets"
INTERRUPTED = [("approval", "preview.deleteresourcequota."), ("least-privilege", "act.")]
BINDINGS = f"/apis/{GROUP}/v1/validatingadmissionpolicybindings"


@pytest.fixture(scope="module")
def fenced(lab_built: None) -> Iterator[Lab]:
    with Lab.start(Options(pace=0.1)) as lab:
        crds.install(lab, ["cert-manager"])
        assert wiring.main(["rbac", "install", "--apply", *_admin(lab)]) == 0
        yield lab


@pytest.fixture
def admin(fenced: Lab) -> Iterator[Client]:
    client = fenced.client()
    yield client
    client.close()


def _admin(lab: Lab) -> list[str]:
    return ["--kubeconfig", str(lab.kubeconfig())]


def _left(admin: Client) -> list[str]:
    """Namespaces and nodes of the suite's, and leases."""
    leases = "/api/v1/namespaces/holdfast-leases/serviceaccounts"
    paths = ("/api/v1/namespaces", "/api/v1/nodes", leases)
    names = [each["metadata"]["name"] for path in paths for each in admin.get(path).json()["items"]]
    return [
        each
        for each in names
        if each.startswith(("holdfast-conf", "nodes-", "act.", "preview.", "undo."))
    ]


def test_every_suite_holds_and_leaves_nothing(
    fenced: Lab, admin: Client, capsys: pytest.CaptureFixture[str], tally: Tally, prove: bool
) -> None:
    count = "1000000" if prove else "10"
    words = ["conformance", *_admin(fenced), BREAK, "--seed", str(SEED), "--count", count]
    code = wiring.main(words)
    said = capsys.readouterr().out
    lines = re.findall(r"^(\S+: .+?) +n +([\d,]+)   failures (\d+)$", said, re.MULTILINE)
    for name, n, failures in lines:
        tally(Count(f"conformance: {name}", int(n.replace(",", "")), int(failures), SEED))
    assert code == 0, said
    n = {name: int(each.replace(",", "")) for name, each, _ in lines}
    assert n["least-privilege: its own act goes through"] >= len(KINDS)
    assert n["least-privilege: other objects"] >= 2 * len(KINDS)
    assert n["least-privilege: other fields"] >= 6 * len(KINDS)
    assert n["time-of-use: targets made again"] >= len(KINDS)
    to_all = n["escape: by our fence, administrators too"]
    assert n["escape: a keeper's other requests"] >= 20
    assert n["escape: a keeper's other requests"] + to_all >= 50
    assert "escape: by RBAC alone" not in n
    verbs = sum(each for name, each in n.items() if ": other verbs" in name)
    alone = n.get("least-privilege: by RBAC alone", 0)
    assert verbs + alone >= n["least-privilege: leases lent"] * (1000 if prove else 9)
    assert alone * 10 <= verbs
    assert n["approval: a flipped bit"] == (MOST if prove else 10)
    assert n["approval: what was done is not done once more"] == 2
    assert {f"approval: {name}" for name in FORGED} <= {*n}
    assert {f"time-of-use: approved, then {name}" for name in CHANGES} <= {*n}
    assert _left(admin) == []


def test_a_fence_that_is_missing_is_said_before_anything_is_tried(
    fenced: Lab, admin: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    assert admin.send("DELETE", f"{BINDINGS}/holdfast-lease").ok
    try:
        assert wiring.main(["conformance", *_admin(fenced), BREAK]) == 2
        assert "The fences do not stand" in capsys.readouterr().err
        assert _left(admin) == []
    finally:
        assert wiring.main(["rbac", "install", "--apply", *_admin(fenced)]) == 0


def test_right_after_the_fences_were_put_up_it_waits_until_they_are_heeded(
    fenced: Lab, admin: Client
) -> None:
    for name in ("lease", "preview", "bindings", "minter", "fences"):
        assert admin.send("DELETE", f"{BINDINGS}/holdfast-{name}").ok
    secret = {"metadata": {"name": "early"}}

    def unfenced() -> bool:
        return admin.send("POST", SECRETS, body=secret, query={"dryRun": "All"}).ok

    fenced.wait(unfenced, what="the fences to be gone")
    assert wiring.main(["rbac", "install", "--apply", *_admin(fenced)]) == 0

    words = ["conformance", *_admin(fenced), BREAK, "--suite", "escape", "--count", "5"]
    assert wiring.main(words) == 0
    assert _left(admin) == []


@pytest.mark.parametrize(("suite", "lease"), INTERRUPTED if PROVE else INTERRUPTED[:1])
def test_whoever_interrupts_it_finds_nothing_left(
    fenced: Lab, admin: Client, tmp_path: Path, suite: str, lease: str
) -> None:
    words = [sys.executable, "-m", "holdfast", "conformance", *_admin(fenced), BREAK]
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([*words, "--suite", suite], env=environ) as running:

        def lent() -> bool:
            return any(each.startswith(lease) for each in _left(admin))

        fenced.wait(lent, within=300, what="a lease")
        running.send_signal(signal.SIGINT)
        assert running.wait(120) != 0
    assert _left(admin) == []
    assert [*tmp_path.iterdir()] == []


class Lax:
    """A bench whose keeper takes everybody in the people file for on call."""

    def __init__(self, real: Bench) -> None:
        self._real = real
        self.admin = real.admin
        self.keeper = real.keeper

    async def lend(self, loan: Loan, fresh: Document | None) -> Door | NotLent:
        return await self._real.lend(loan, fresh)

    async def take_back(self, left: Left) -> str:
        return await self._real.take_back(left)

    @asynccontextmanager
    async def installed(self, leash: Leash, people: People) -> AsyncIterator[Installation]:
        async with self._real.installed(leash, _all_on_call(people)) as made:
            yield LaxInstallation(made)


class LaxInstallation:
    """The same, when the rules change."""

    def __init__(self, real: Installation) -> None:
        self._real = real
        self.store = real.store

    def ruled_by(self, leash: Leash, people: People) -> None:
        self._real.ruled_by(leash, _all_on_call(people))


def _all_on_call(people: People) -> People:
    every = [msgspec.structs.replace(each, groups=("oncall",)) for each in people.people]
    return msgspec.structs.replace(people, people=tuple(every))


if PROVE:

    async def test_a_keeper_that_counts_a_word_too_many_is_found_out(
        fenced: Lab, admin: Client, tally: Tally
    ) -> None:
        connection = connect_to(environ={}, kubeconfig=fenced.kubeconfig(), home=fenced.folder)
        async with bench(connection, SystemClock()) as real:
            suite = fenced_suites(Lax(real), SEED, 1, ["approval"], lambda _: None)
            async with aclosing(suite) as lines:
                told = {line.suite: line.failures async for line in lines}
        assert told["approval: nothing of that is done later"] == 1
        assert told["approval: what two people approved is done"] == 0
        assert _left(admin) == []


def test_nothing_is_tried_on_a_cluster_that_one_may_not_break(
    fenced: Lab, admin: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wiring.main(["conformance", *_admin(fenced)]) == 2
    assert BREAK in capsys.readouterr().err
    assert _left(admin) == []
