"""`serve --with-keeper`: both processes on one machine, and neither without the other for long.

- The keeper is a process of its own. It holds one end of a pipe: when `serve` is gone, however it
  died, the keeper hears it and ends in order.
- A keeper that dies is started again, sooner or later by how often it died. One that refuses to
  start has said why, and `serve` ends.
"""

import asyncio
from collections.abc import Sequence

from holdfast.errors import NotReady
from holdfast.ports import Log
from holdfast.workflow.pauses import pause

FIRST, LONGEST = 1.0, 30.0  # seconds until a keeper that died is started again
STEADY = 60.0  # seconds after which its death is a new one
GRACE = 30.0  # seconds that it has to end in order
REFUSED = 2  # the exit code of whoever does not start as things are


async def keep_one(command: Sequence[str], ended: asyncio.Event, log: Log) -> None:
    """Have a keeper run until it ended."""
    loop, wait = asyncio.get_running_loop(), FIRST / 2
    while not ended.is_set():
        began = loop.time()
        # A session of its own, so that what people type at a terminal reaches `serve` alone.
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, start_new_session=True
        )
        log.tell("keeper started", pid=process.pid)
        code = await _watched(process, ended)
        if ended.is_set():
            log.tell("keeper ended", code=code)
            return
        if code == REFUSED:
            raise NotReady(
                "The keeper refuses to start, and has said why.",
                remedy="Mend that, or see everything that is wrong with: holdfast doctor",
            )
        wait = FIRST if loop.time() - began > STEADY else min(wait * 2, LONGEST)
        log.complain("keeper died", code=code, again_in_seconds=int(wait))
        await pause(ended, wait)


async def _watched(process: asyncio.subprocess.Process, ended: asyncio.Event) -> int:
    """Its exit code, once it has one; told to end when we are."""
    died, told = asyncio.create_task(process.wait()), asyncio.create_task(ended.wait())
    await asyncio.wait((died, told), return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not died.done() and process.stdin is not None:
        process.stdin.close()
        await asyncio.wait((died,), timeout=GRACE)
        if not died.done():
            process.kill()
    return await died
