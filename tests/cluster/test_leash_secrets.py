"""Suite M through whole processes: two hundred secrets in all that carries some, and every byte
that the command line, `serve` and a keeper wrote on the way from a scan to what was taken back.
"""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path

import pytest

from holdfast.execution.states import State
from holdfast.model.hiding import text_shown
from lab.control_plane import Lab
from lab.trials.objects import Objects
from lab.trials.stage import Stage
from tests.canaries import Mint
from tests.cluster.leaking import (
    NAMESPACE,
    Shell,
    furnish,
    kept_by,
    tell_of,
    written_by,
)
from tests.cluster.leash import Installation
from tests.cluster.mendable import Mendable, mendable
from tests.cluster.plays import sicken
from tests.cluster.webhooks import QUOTING, Webhooks
from tests.surfaces.processes.running import running
from tests.tally import Count, Tally

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("leash"), pytest.mark.timeout(900)]

HELPS_NOBODY = {State.APPLIED, State.NOT_RECOVERED}
BESIDE = {"sick_pod_of_a_statefulset"}  # whose last words are kept
ALL = {*BESIDE, "run_for_no_node", "quota_of_one_pod", "sick_deployment", "budget_of_a_deployment"}
FORMS = ("text", "json", "yaml", "markdown")


@pytest.fixture
def ours(leash_lab: Lab, tmp_path: Path) -> Iterator[Installation]:
    """One whose every file is looked through."""
    with Installation.on(leash_lab, tmp_path) as made:
        yield made


async def test_no_secret_leaves_by_any_door_of_whole_processes(
    ours: Installation, webhooks: Webhooks, tmp_path: Path, prove: bool, tally: Tally
) -> None:
    mint, shell, mark = Mint(), Shell(ours), ours.lab.audit_mark()
    logs = tmp_path / "state" / "logs"
    logs.mkdir()
    with ExitStack() as stack:
        stack.enter_context(running(logs / "serve", "serve", **ours.settings))
        stack.enter_context(ours.keeper(logs / "keeper", deadline="15"))
        furnish(ours, mint)
        chosen = [each for each in mendable() if each.name in (ALL if prove else BESIDE)]
        told = await asyncio.gather(
            asyncio.to_thread(_story, ours, shell, webhooks),
            *(_beside(ours, each, mint) for each in chosen),
        )
        _looked_at(shell, told[0], ours.state, FORMS if prove else FORMS[:2])
    database = ours.state / "holdfast.db"
    leaks = {
        f"{place}: {sorted(found)[:3]}"
        for place, text in written_by(shell, ours.state, database)
        if (found := mint.told_in(text))
    }
    asked = [*_asked_for_secrets(ours.lab, mark)]
    tally(Count("secrets: canaries through whole processes", len(mint.all), len(leaks)))
    tally(Count("secrets: requests for Secrets, answered as metadata", len(asked)))
    assert leaks == set()
    assert len(mint.all) >= 200
    assert len(mint.made) >= 10
    assert all(mint.told_in(text) for text in kept_by(database).values())  # and there alone
    assert "(hidden, sha256 " in "".join(shell.said.values())
    assert asked
    assert {*asked} <= {"PartialObjectMetadataList", "PartialObjectMetadata"}


def _story(ours: Installation, shell: Shell, webhooks: Webhooks) -> str:
    """Refused in a webhook's words first; then done, of no help, and taken back. Its id."""
    wanted = asyncio.run(ours.wanted(NAMESPACE, "RolloutUndo"))
    webhooks.begin(NAMESPACE, QUOTING)
    refused = shell.propose(wanted.trouble, "RolloutUndo", code=3)
    shell("proposals", refused)
    webhooks.begin(NAMESPACE, "nothing")
    id_ = shell.propose(wanted.trouble, "RolloutUndo")
    for who in ("ana", "ben"):
        shell("approve", id_, "--yes", "--key", str(ours.keys[who]))
        if _state(ours, id_) is not State.PROPOSED:
            break
    with ThreadPoolExecutor(1) as pool:
        watched = pool.submit(shell, "watch", id_, code=1)
        while not watched.done():
            if _state(ours, id_) in HELPS_NOBODY:  # also pods that come only after the deadline
                sicken(ours, NAMESPACE)
            wait([watched], timeout=0.5)
        watched.result()
    assert _state(ours, id_) is State.UNDONE
    key = str(ours.keys["ana"])
    shell("undo", id_, "--reason", "once more", "--yes", "--key", key, code=3)
    return id_


def _state(ours: Installation, id_: str) -> State:
    told = ours.told(id_)
    assert told is not None
    return told.state


async def _beside(ours: Installation, each: Mendable, mint: Mint) -> str:
    """Another kind, all the way, on objects that are full of secrets as well."""
    stage = Stage(each.filed, f"secrets-{each.name.replace('_', '-')}", Objects(ours.admin))
    await stage.furnish()
    await stage.spoil()
    await asyncio.to_thread(tell_of, ours, stage.namespace, mint)
    told = await ours.propose(await ours.wanted(stage.namespace, each.action, each.code))
    assert told.state is State.PROPOSED, told.refusals
    await ours.approve(told)
    await ours.until(told.case.id, State.RECOVERED)
    return told.case.id


def _looked_at(shell: Shell, id_: str, folder: Path, forms: Sequence[str]) -> None:
    """Through every door that shows something, in each of these forms."""
    wide = ("--flat", "--young", "--posture", "--fail-on", "never")
    looks: list[tuple[str, ...]] = [("scan", "-n", NAMESPACE, *wide, "-o", form) for form in forms]
    looks += [("snapshot", str(folder / "snapshot"), "-n", NAMESPACE)]
    others = [
        *(("proposals", id_, "-o", form) for form in forms),
        *(("proposals", "-o", form) for form in forms[:3]),
        ("watch", id_),
        ("audit", "show"),
        ("audit", "export", str(folder / "audit.jsonl")),
    ]
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(shell, *each, cluster=True) for each in looks]
        done += [pool.submit(shell, *each, code=each[0] == "watch") for each in others]
    for each in done:
        each.result()


def _asked_for_secrets(lab: Lab, mark: int) -> Iterator[str]:
    """What of a Secret was answered to us, by anybody's right, as the API server's log has it."""
    for each in lab.audit_events(mark):
        answer = each.raw.get("responseObject")  # nothing was answered where there is none
        if each.resource == "secrets" and each.agent.startswith("holdfast/") and answer:
            yield str(answer["kind"])


def test_ordinary_log_lines_are_told_as_they_are(leash_lab: Lab, tally: Tally) -> None:
    """Those of a control plane and its kubelets: what hides secrets must leave them readable."""
    logs = sorted((leash_lab.folder / "logs").glob("*.log"))
    lines = {line for each in logs for line in each.read_text(errors="replace").splitlines()[:5000]}
    masked = [line for line in lines if text_shown(line) != line]
    tally(Count("secrets: ordinary log lines, some of them masked", len(lines)))
    assert len(lines) >= 300
    assert len(masked) * 100 < len(lines), masked[:20]
