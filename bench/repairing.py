"""Repairs on a lab in a process of its own: `python -m bench.repairing FOLDER ROUNDS`.

Prints JSON: for each repair the seconds that its preview and its act took, and each part of them;
and how long a freeze took after it.
"""

import asyncio
import contextlib
import json
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from holdfast.approvals.recorded import THAWED
from holdfast.approvals.statements import Decision
from holdfast.approvals.thaws import NAMESPACE, Thaw
from holdfast.execution.states import State
from holdfast.model.handed import FREEZE, THAW, Freeze, Handed
from lab.audit import AuditEvent
from lab.control_plane import Lab
from lab.parts import Options
from tests.approvals.keygen import sign
from tests.cluster.leash import Installation
from tests.cluster.mendable import Mendable, mendable
from tests.cluster.repairs import broken

LEASES = "/api/v1/namespaces/holdfast-leases/serviceaccounts"
PREVIEW = ("asked", "looked", "lent", "fenced", "tried", "kept")
ACT = ("heard", "judged", "lent", "fenced", "again", "rehearsed", "done")


async def repaired(installed: Installation, each: Mendable, number: int) -> dict[str, float]:
    """One, approved as soon as its card is there, and what each part of it took."""
    stage = await broken(installed, each, f"bench-{number}")
    wanted = await installed.wanted(stage.namespace, each.action, each.code)
    mark, asked = installed.lab.audit_mark(), time.time()
    told = await installed.propose(wanted)
    shown = time.time()
    word = installed.word(told, Decision.APPROVE, "ana")
    yes = time.time()
    await installed.answered(word)
    heard = time.time()
    told = await installed.until(told.case.id, State.RECOVERED)
    events = [*installed.lab.audit_events(mark)]
    taken_up = next(at for at, kind in _entries(installed, told.case.id) if kind == "asked")
    previewed = [asked, taken_up, *_lent(events, "preview"), _tried(events, "preview"), shown]
    acted = [yes, heard, *_lent(events, "act"), *_done(events)]
    return {
        "preview": shown - asked,
        "act": acted[-1] - yes,
        **_parts("preview", PREVIEW, previewed),
        **_parts("act", ACT, acted),
    }


async def frozen(installed: Installation) -> dict[str, float]:
    """Everything is switched off, and on again: until the keeper has done it, and has sealed it."""
    asked = time.time()
    outcome = await installed.answer(installed.put(FREEZE, Freeze(reason="a measurement")))
    on = time.time()
    await installed.because(outcome)
    sealed = time.time()
    thawed = await installed.answer(installed.put(THAW, _thaw(installed)))
    if not thawed.startswith(THAWED):
        raise RuntimeError(await installed.because(thawed))
    return {"freeze": on - asked, "freeze sealed": sealed - asked}


def _thaw(installed: Installation) -> Handed:
    text = Thaw(
        v=1,
        cluster=installed.store.cluster,
        switch=FREEZE,
        reason="it is over",
        until=datetime.now(UTC) + timedelta(minutes=10),
        nonce=secrets.token_hex(16),
    ).text()
    signature = sign(installed.keys["ana"], text, NAMESPACE)
    return Handed(statement=text.decode(), signature=signature)


def _parts(what: str, names: Sequence[str], moments: Sequence[float]) -> Mapping[str, float]:
    took = (after - before for before, after in pairwise(moments))
    return {f"{what} {name}": each for name, each in zip(names, took, strict=True)}


def _entries(installed: Installation, id_: str) -> Iterator[tuple[float, str]]:
    """When each entry about it was sealed."""
    for each in installed.entries(id_):
        yield datetime.fromisoformat(each.time).timestamp(), each.kind


def _lent(events: Sequence[AuditEvent], purpose: str) -> Sequence[float]:
    """When a lease was begun, was made, and was seen to be fenced."""
    made = [e for e in events if e.verb == "create" and _named(e).startswith(f"{purpose}.")]
    refused = [e for e in _by(events, purpose) if "dryRun" in e.uri and e.code == 403]
    return [_began(made[0]), max(map(_ended, made)), _ended(refused[-1])]


def _tried(events: Sequence[AuditEvent], purpose: str) -> float:
    """When the last dry run of a lease was answered."""
    return _ended([e for e in _by(events, purpose) if "dryRun" in e.uri and e.code == 200][-1])


def _done(events: Sequence[AuditEvent]) -> Sequence[float]:
    """When the last dry run before the act began, when the act began, and when it was done."""
    asked = [e for e in _by(events, "act") if e.verb == "patch"]
    done = next(e for e in asked if "dryRun" not in e.uri)
    tried = [e for e in asked if "dryRun" in e.uri and e.code == 200]
    return [_began(tried[-1]), _began(done), _ended(done)]


def _named(event: AuditEvent) -> str:
    """The account that a request makes, or asks a token of."""
    if not event.uri.startswith(LEASES):
        return ""
    body = event.raw.get("requestObject", {})
    return event.name or str(body.get("metadata", {}).get("name", ""))


def _by(events: Sequence[AuditEvent], purpose: str) -> Sequence[AuditEvent]:
    return [e for e in events if f":{purpose}." in e.user]


def _began(event: AuditEvent) -> float:
    return datetime.fromisoformat(event.at).timestamp()


def _ended(event: AuditEvent) -> float:
    return datetime.fromisoformat(event.raw["stageTimestamp"]).timestamp()


async def _all(installed: Installation, rounds: int) -> list[dict[str, float]]:
    each = next(each for each in mendable() if each.name == "sick_deployment")
    return [
        {**await repaired(installed, each, number), **await frozen(installed)}
        for number in range(rounds)
    ]


def main(folder: Path, rounds: int) -> list[dict[str, float]]:
    """So many, one after the other."""
    with (
        contextlib.redirect_stdout(sys.stderr),
        Lab.start(Options(pace=0.1)) as lab,
        Installation.on(lab, folder) as installed,
        installed.keeper(folder / "log"),
    ):
        return asyncio.run(_all(installed, rounds))


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
