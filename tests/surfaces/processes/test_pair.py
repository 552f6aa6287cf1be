"""A keeper beside `serve`: started again when it dies, ended with it, and heard when it refuses."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from holdfast.errors import NotReady
from holdfast.surfaces.processes.pair import keep_one
from tests.workflow.notes_of_a_log import Heard

pytestmark = pytest.mark.slow


def a_process(body: str) -> Sequence[str]:
    return [sys.executable, "-c", body]


async def started(log: Heard, times: int) -> None:
    async with asyncio.timeout(60):
        while log.events.count("keeper started") < times:
            await asyncio.sleep(0.01)


async def test_one_that_dies_is_started_again() -> None:
    log, ended = Heard(), asyncio.Event()
    keeping = asyncio.create_task(keep_one(a_process("raise SystemExit(7)"), ended, log))

    await started(log, 2)
    ended.set()
    await keeping

    died = [about for event, about in log.told if event == "keeper died"]
    assert (7, 1) == (died[0]["code"], died[0]["again_in_seconds"])


async def test_one_that_refuses_to_start_ends_us_too() -> None:
    with pytest.raises(NotReady, match="refuses to start"):
        await keep_one(a_process("raise SystemExit(2)"), asyncio.Event(), Heard())


async def test_one_that_runs_hears_that_we_end_and_ends_in_order(tmp_path: Path) -> None:
    mark = tmp_path / "ended"
    log, ended = Heard(), asyncio.Event()
    body = f"import sys, pathlib; sys.stdin.read(); pathlib.Path({str(mark)!r}).touch()"
    keeping = asyncio.create_task(keep_one(a_process(body), ended, log))
    await started(log, 1)

    ended.set()
    await keeping

    assert mark.exists()
    assert ("keeper ended", {"code": 0}) == log.told[-1]
