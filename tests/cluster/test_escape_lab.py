"""Proposals of a hostile world on a real control plane: what must be done is, and nothing else.

Whether one may be done is known by how it was made, and the restatement must find so by itself.
What was done stands in the API server's own audit log, and its judge shares no code with us.
The keeper's clocks are short here, and printed.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.conformance.witnessed import outside
from holdfast.execution.states import State
from holdfast.grants.names import LEASE_USERS
from lab.control_plane import Lab
from tests.cluster.escape_wave import ACTIONS, TIMING, Size, Wave, known_to, played
from tests.cluster.finding import PACE
from tests.cluster.halting import IN_PROCESS
from tests.cluster.leash import Installation
from tests.proving import PROVE
from tests.surfaces.processes.running import PATIENCE
from tests.tally import Count, Tally

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("leash"),
    pytest.mark.timeout(3600),
    *IN_PROCESS,
]

SEED = 20261129
SHORT = Size(mended=9, spoiled=1, hostile=1, again=1, floors=1, closing=1)
WHOLE = Size(mended=44, spoiled=4, hostile=3, again=8, floors=2, closing=1)
LEAST_LEGITIMATE = 5  # one in so many
SPACES = "/api/v1/namespaces"

type Made = dict[str, str]


@pytest.fixture(scope="module")
def watched(
    installed: Installation, cert_manager: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """With people of all sorts, who are forgotten again."""
    yield known_to(installed, tmp_path_factory.mktemp("people"))
    installed.write_policy()


@pytest.fixture
def made(leash_lab: Lab, installed: Installation) -> Iterator[Made]:
    """A quota that nobody wants away, behind fences."""
    namespace = "escape-injected"
    admin = installed.admin
    assert admin.send("POST", SPACES, body={"metadata": {"name": namespace}}).ok
    body = {"metadata": {"name": "tight"}, "spec": {"hard": {"pods": "1"}}}
    quota = admin.send("POST", f"{SPACES}/{namespace}/resourcequotas", body=body)
    assert quota.ok, quota.body
    yield {"namespace": namespace, "name": "tight", "uid": quota.json()["metadata"]["uid"]}
    assert admin.send("DELETE", f"{SPACES}/{namespace}").ok


@pytest.mark.parametrize("number", range(10 if PROVE else 1))
async def test_what_may_be_done_is_done_and_the_log_shows_nothing_else(
    watched: Installation, tally: Tally, number: int
) -> None:
    mark = watched.lab.audit_mark()
    wave = await played(watched, f"escape-{SEED}-{number}", WHOLE if PROVE else SHORT)
    wrong = [*wave.broken_off, *_amiss(wave), *outside(_events(watched, mark), _witnessed(wave))]
    legitimate = [each for each in wave.tried if not each.against]
    undone = sum(each.came != State.RECOVERED.value for each in legitimate)
    tally(Count("escape on the lab: proposals", len(wave.tried), len(wrong), SEED))
    tally(Count("escape on the lab: legitimate ones, done", len(legitimate), undone, SEED))
    print(f"{TIMING.soak=} {TIMING.deadline=} {TIMING.late=} {TIMING.settled=}")
    for what, n in sorted(Counter(each.against[0] for each in wave.tried if each.against).items()):
        print(f"{n:5} {what}")
    print(*wrong, sep="\n")
    assert wrong == []
    assert len(legitimate) * LEAST_LEGITIMATE >= len(wave.tried)
    assert {each.ground.action for each in legitimate} == {*ACTIONS}
    async with asyncio.timeout(PATIENCE):
        while watched.left():
            await asyncio.sleep(PACE)


def _amiss(wave: Wave) -> Iterator[str]:
    """Where what was made, the restatement, and what came of it differ."""
    if len(wave.tried) != wave.size.tries:
        yield f"{len(wave.tried)} were tried, and not {wave.size.tries}"
    for each in wave.tried:
        if each.may is bool(each.against):
            yield f"the restatement says {'yes' if each.may else 'no'} to {each}"
        if (each.came == State.RECOVERED.value) is bool(each.against):
            yield f"it came otherwise: {each}"


def _events(installed: Installation, since: int) -> list[dict[str, Any]]:
    return [each.raw for each in installed.lab.audit_events(since)]


def _witnessed(wave: Wave) -> list[dict[str, Any]]:
    return [each.witnessed() for each in wave.tried]


def test_a_change_by_a_lease_that_nobody_approved_is_noticed(leash_lab: Lab, made: Made) -> None:
    """An administrator makes it in the name of a lease, with rights that no lease has."""
    mark = leash_lab.audit_mark()
    lease = f"{LEASE_USERS}act.deleteresourcequota.{made['uid']}.1"
    as_it = ["--as", lease, "--as-group", "system:masters"]
    leash_lab.kubectl("delete", "resourcequota", made["name"], "-n", made["namespace"], *as_it)
    asked = {"action": "DeleteResourceQuota", "params": {}, "resource": "resourcequotas"}
    case = {**asked, **made, "may": False, "from": "", "template": None}
    told = [*outside([each.raw for each in leash_lab.audit_events(mark)], [case])]
    assert [f"outside policy: {lease} delete"] == [each.partition(" /")[0] for each in told]
